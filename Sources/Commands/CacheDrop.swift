import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation

struct CacheDrop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "drop",
    abstract: "Take recorded answers back, so that the next run asks again",
    discussion: """
      A call's key stands for all recorded answers to its request, a call's id for one of them. A \
      dropped answer stays readable, for records name it, and answers no request any more: here, and \
      with the next push and fetch elsewhere. What is asked again and recorded from then on counts, \
      also if it is the same answer.

      EXAMPLES
        stemma cache drop 3f9a1c2e
        stemma cache drop $(stemma list calls --json | jq -r 'select(.value.answer.finish == "refusal") | .id') --yes

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions
  @OptionGroup var options: ApplyOptions

  @Argument(
    help: ArgumentHelp(
      "Keys or ids, or at least \(CallDropping.minimumDigits) digits they begin with.",
      valueName: "key"))
  var keys: [String]

  func run() async throws {
    let store = try dataset.store()
    let lock = options.onlyShows ? nil : try store.lock(purpose: "stemma cache drop")
    defer { withExtendedLifetime(lock) {} }
    if !options.onlyShows { try await Self.sealJournal(of: store) }
    let lines = try CallLines(store)
    let dropping = CallDropping(lines)
    var calls = Set<RecordID>()
    var droppedCount = 0
    for key in keys {
      let target = try dropping.find(key)
      calls.formUnion(target.calls)
      droppedCount += target.droppedCount
    }
    let use = try store.head().map { try recordCounts(naming: calls, in: $0) } ?? []
    show(calls.count, droppedCount, use)
    guard !calls.isEmpty else { return }
    guard try await options.decide("Drop \(Plural.text(calls.count, "answer"))?") else {
      return note("Nothing was dropped.")
    }
    try dropping.drop(calls)
    note("Dropped. The next run asks what it needs of them again.")
  }

  /// Puts what a killed run left into git, so that a drop comes after it.
  static func sealJournal(of store: Store) async throws {
    try store.index.catchUpCalls()
    let calls = try CallStore(store)
    defer { calls.close() }
    try await calls.seal()
  }

  private func recordCounts(
    naming calls: Set<RecordID>, in version: Version
  ) throws -> [(kind: RecordKind, count: Int)] {
    guard !calls.isEmpty else { return [] }
    try version.store.index.catchUp(tree: version.tree)
    var counts: [(kind: RecordKind, count: Int)] = []
    for kind in CallNames.kinds {
      var count = 0
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        if let call = CallMember.id(in: record.line[...]), calls.contains(call) { count += 1 }
      }
      if count > 0 { counts.append((kind, count)) }
    }
    return counts
  }

  private func show(_ count: Int, _ droppedCount: Int, _ use: [(kind: RecordKind, count: Int)]) {
    guard !form.isJSON else {
      return Output.json(
        "cache-drop",
        [
          ("answers", JSON(count)), ("dropped-before", JSON(droppedCount)),
          (
            "records",
            .object(JSONObject(use.map { ($0.kind.rawValue, JSON($0.count)) }))
          ), ("applied", .bool(options.yes)),
        ])
    }
    if droppedCount > 0 { Output.line("\(Plural.text(droppedCount, "answer")) dropped before.") }
    guard count > 0 else { return Output.line("Nothing to drop.") }
    Output.line("\(Plural.text(count, "answer")) to drop.")
    let total = use.reduce(0) { $0 + $1.count }
    let them = count == 1 ? "it" : "them"
    Output.line(
      total == 0
        ? "No record of the present version was made with \(them)."
        : "\(Plural.text(total, "record")) of the present version "
          + "\(total == 1 ? "was" : "were") made with \(them), which the next run makes anew: "
          + use.map { "\($0.count) of \($0.kind.rawValue)" }.joined(separator: ", "))
  }

  private func note(_ text: String) {
    if !form.isJSON { Output.line(text) }
  }
}
