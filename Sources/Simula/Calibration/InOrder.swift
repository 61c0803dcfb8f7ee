/// Work on many items at once, with the results in the order of the items.
enum InOrder {
  /// Works on so many items at a time; the first error stops the rest.
  static func map<Item: Sendable, Result: Sendable>(
    _ items: [Item], workers: Int, _ body: @escaping @Sendable (Item) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var results = [Result?](repeating: nil, count: items.count)
      var started = 0
      func start() {
        guard started < items.count else { return }
        let (index, item) = (started, items[started])
        group.addTask {
          try Task.checkCancellation()
          return (index, try await body(item))
        }
        started += 1
      }
      for _ in 0..<max(1, workers) { start() }
      while let (index, result) = try await group.next() {
        results[index] = result
        start()
      }
      return results.compactMap(\.self)
    }
  }
}
