/// Independent pieces of work, done at once.
enum Concurrently {
  /// What each of so many pieces gives, in their order.
  ///
  /// - Throws: What one of them threw first.
  static func map<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (_ number: Int) async throws -> Value
  ) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (number: Int, value: Value).self) { group in
      for number in 0..<count { group.addTask { (number, try await body(number)) } }
      var results: [(number: Int, value: Value)] = []
      for try await result in group { results.append(result) }
      return results.sorted { $0.number < $1.number }.map(\.value)
    }
  }
}
