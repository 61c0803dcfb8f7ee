import ArtifactStore
import CanonicalJSON
import Foundation
import Git
import Teachers

/// What a run spent so far, over all times it was resumed: a local file that lasts until the run is
/// complete.
///
/// Calls are counted from the calls themselves, so that none is missed after a crash; of the time at
/// most the last seconds are.
struct SpendingFile: Sendable {
  private let url: URL
  private let calls: CallStore

  init(_ store: Store, calls: CallStore) {
    url = Self.url(in: store)
    self.calls = calls
  }

  /// Reads what was spent before, or begins with nothing.
  ///
  /// - Parameters:
  ///   - makeBudget: Makes the budget from what was spent; it has the prices.
  ///   - isRenewed: Whether what was spent before is forgotten.
  /// - Returns: The budget.
  /// - Throws: ``StoreError`` when calls cannot be read or the file cannot be written.
  func open(
    _ makeBudget: (Budget.Spent) -> Budget, isRenewed: Bool
  ) async throws -> Budget {
    // What a killed run left in the journal is then in the history, and counts as of that time.
    try await calls.seal()
    var budget = makeBudget(Budget.Spent())
    if !isRenewed, let content = try content() {
      budget = makeBudget(content.spent)
      let prices = budget
      try calls.visitCalls(after: content.sealed) { (record) throws(StoreError) in
        let call = try RecordedCall(record, isCached: true)
        let model = try record.value()["request"]?["model"]?.string ?? ""
        prices.count(call.usage, model: model)
      }
    }
    try save(budget.spent)
    return budget
  }

  /// Notes what was spent, all calls of which are sealed.
  func save(_ spent: Budget.Spent) throws(StoreError) {
    try write(spent, sealed: try calls.sealedCommit())
  }

  /// Notes the time alone; calls are counted from what the file names.
  func note(seconds: Double) {
    guard var content = try? content() else { return }
    content.spent.seconds = seconds
    try? write(content.spent, sealed: content.sealed)
  }

  /// Whether no run was completed since it was opened.
  var isThere: Bool { FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) }

  static func isThere(in store: Store) -> Bool {
    FileManager.default.fileExists(atPath: url(in: store).path(percentEncoded: false))
  }

  private static func url(in store: Store) -> URL {
    store.folder.appending(path: "spending.json")
  }

  /// The run is complete: the next one begins with nothing.
  func remove() { try? FileManager.default.removeItem(at: url) }

  /// What the file says; nil where there is none.
  ///
  /// - Throws: ``StoreError`` when it is not understood: to begin with nothing would spend twice.
  private func content() throws(StoreError) -> (spent: Budget.Spent, sealed: ObjectID?)? {
    guard isThere else { return nil }
    guard let bytes = try? Data(contentsOf: url), let json = try? JSON(parsing: Array(bytes)),
      let calls = LocalCount.of(json["calls"]), let input = LocalCount.of(json["input-tokens"]),
      let output = LocalCount.of(json["output-tokens"]),
      let money = json["money"]?.double, money >= 0,
      let seconds = json["seconds"]?.double, seconds >= 0
    else {
      throw StoreError(
        .corrupt,
        "'\(url.path(percentEncoded: false))' is damaged: what the run spent is not known",
        hint: "'stemma run --new-budget' begins with nothing spent")
    }
    var spent = Budget.Spent()
    (spent.calls, spent.inputTokens, spent.outputTokens) = (calls, input, output)
    (spent.money, spent.seconds) = (money, seconds)
    return (spent, json["sealed"]?.string.flatMap(ObjectID.init(hex:)))
  }

  private func write(_ spent: Budget.Spent, sealed: ObjectID?) throws(StoreError) {
    let json: JSON = [
      "calls": JSON(spent.calls), "input-tokens": JSON(spent.inputTokens),
      "money": .number(spent.money), "output-tokens": JSON(spent.outputTokens),
      "sealed": .string(sealed?.hex ?? ""), "seconds": .number(spent.seconds),
    ]
    try DurableFile.replace(url, with: json.canonicalBytes)
  }
}
