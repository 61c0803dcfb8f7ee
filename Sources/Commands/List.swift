import ArgumentParser
import ArtifactStore
import CanonicalJSON

struct List: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "list",
    abstract: "List the records of one kind",
    discussion: """
      KINDS
        \(RecordKind.versioned.map(\.rawValue).joined(separator: ", ")), calls

      EXAMPLES
        stemma list samples
        stemma list samples --json | jq .value.value
        stemma list rejections -n 20
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "What to list.")
  var kind: String

  @Option(name: [.customShort("n"), .long], help: "The most records to list.")
  var limit: Int?

  @Option(name: .long, help: ArgumentHelp("The version to look in.", valueName: "rev"))
  var at = "HEAD"

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("'--limit \(limit)' is negative") }
    guard let kind = RecordKind(rawValue: kind), kind != .tombstones else {
      throw ValidationError(
        "'\(kind)' is no kind of record: "
          + (RecordKind.versioned + [.calls]).map(\.rawValue).joined(separator: ", "))
    }
  }

  func run() async throws {
    guard let kind = RecordKind(rawValue: kind) else { return }
    let version = try dataset.store().version(at)
    let records =
      kind == .calls
      ? try version.store.calls() : try version.records(kind, limit: limit ?? .max)
    for record in records.prefix(limit ?? .max) {
      let value = try record.value()
      if form.isJSON {
        Output.json(
          "record",
          [("id", .string(record.id.hex)), ("kind", .string(kind.rawValue)), ("value", value)])
      } else {
        Output.line("\(Output.shortID(record.id.hex))  \(RecordSummary.text(kind, value))")
      }
    }
  }
}

/// One line that tells a record from others.
enum RecordSummary {
  static func text(_ kind: RecordKind, _ value: JSON) -> String {
    func member(_ name: String) -> String {
      value[name].map { $0.string ?? $0.text } ?? ""
    }
    let parts: [String] =
      switch kind {
      case .proposals: [member("task"), Output.excerpt(member("names"), 100)]
      case .edits:
        [
          member("action"), member("candidate"), member("target"), member("outcome"),
          Output.excerpt(member("reason"), 80),
        ]
      case .plans: [member("task"), Output.excerpt(member("text"), 100)]
      case .mixes: ["slot \(member("slot"))", Output.excerpt(member("nodes"), 100)]
      case .metaPrompts: [Output.excerpt(member("text"), 110)]
      case .samples: ["slot \(member("slot"))", Output.excerpt(member("value"), 110)]
      case .rejections:
        ["slot \(member("slot"))", member("reason"), Output.excerpt(member("detail"), 90)]
      case .verdicts:
        [member("role"), member("outcome"), Output.excerpt(member("explanation"), 80)]
      case .calls:
        [
          value["request"]?["task"]?.string ?? "", value["request"]?["draw"]?.string ?? "",
          Output.excerpt(value["answer"]?["text"]?.string ?? "", 80),
        ]
      case .imports: [Output.excerpt(value.string ?? value.text, 110)]
      case .tombstones: [member("reason"), member("record")]
      }
    return parts.filter { !$0.isEmpty }.joined(separator: "  ")
  }
}
