package import ArtifactStore
import Dataset
import Git
import Teachers

/// The budget of a run that is not complete, while something else changes what calls are here.
package enum OpenBudget {
  /// Adds or removes recorded calls, none of which counts as spent by that.
  ///
  /// - Parameters:
  ///   - store: The dataset; the caller holds the writer lock.
  ///   - change: Adds or removes calls.
  /// - Returns: What it returned.
  /// - Throws: What it threw, and ``StoreError`` when what was spent cannot be read or written.
  package static func keep<Value>(_ store: Store, _ change: () throws -> Value) async throws
    -> Value
  {
    guard SpendingFile.isThere(in: store) else { return try change() }
    let prices =
      store.repository.workingDirectory
      .flatMap { try? Snapshot(workingDirectory: $0) }?.recipe.prices ?? [:]
    let spent = try await withCalls(store) { file in
      try await file.open(
        { Budget(BudgetKnobs(), prices: prices, spent: $0) }, isRenewed: false
      ).spent
    }
    let result = Result { try change() }
    try await withCalls(store) { try $0.save(spent) }
    return try result.get()
  }

  private static func withCalls<Value>(
    _ store: Store, _ body: (SpendingFile) async throws -> Value
  ) async throws -> Value {
    let calls = try CallStore(store)
    defer { calls.close() }
    return try await body(SpendingFile(store, calls: calls))
  }
}
