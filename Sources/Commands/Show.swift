import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Pipeline

struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "show",
    abstract: "Show one version of a dataset",
    discussion: """
      EXAMPLES
        stemma show
        stemma show HEAD~2 --json
        stemma show --first-seen 3f9a1c2e      the version that first had a record
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "A version, by any name that git understands.")
  var revision = "HEAD"

  @Option(
    help: ArgumentHelp(
      "Show instead which version first had a record, of those that lead to this one.",
      valueName: "id"))
  var firstSeen: String?

  func run() async throws {
    let version = try dataset.store().version(revision)
    if let firstSeen { return try printFirst(firstSeen, version) }
    var counts: [(String, Int)] = []
    for kind in RecordKind.versioned {
      let count = try version.liveCount(kind)
      if count > 0 { counts.append((kind.rawValue, count)) }
    }
    let digest = try version.datasetDigest()
    if form.isJSON {
      Output.json(
        "version",
        [
          ("version", .string(version.commit.id.hex)), ("title", .string(version.title)),
          ("time", JSON(Int(version.commit.author.time))),
          ("dataset-digest", .string(digest.hex)),
          ("records", .object(JSONObject(counts.map { ($0.0, JSON($0.1)) }))),
          (
            "memos",
            .array(
              version.memos.entries.map {
                ["name": .string($0.name), "value": .string($0.value)]
              })
          ),
        ])
      return
    }
    Output.line("version         \(version.commit.id)")
    Output.line(
      "made            \(Dates.text(version.commit.author)) by \(version.commit.author.name)")
    Output.line("title           \(version.title)")
    Output.line("dataset-digest  \(digest)")
    for (kind, count) in counts {
      Output.line("\(kind.padding(toLength: 16, withPad: " ", startingAt: 0))\(count)")
    }
    for (name, label) in [
      ("Samples", "samples kept"), ("Calls", "calls asked"), ("Cached", "calls cached"),
      ("Tokens", "tokens in/out"), ("Partial", "partial"), ("Run-Id", "run"),
    ] {
      guard let value = version.memos[name] else { continue }
      Output.line("\(label.padding(toLength: 16, withPad: " ", startingAt: 0))\(value)")
    }
    for memo in version.memos.all(StageMemo.trailer).compactMap(StageMemo.init) {
      Output.line("stage           \(memo.name) \(memo.key.hex.prefix(12))")
    }
  }

  /// Prints which version first had a record.
  private func printFirst(_ id: String, _ version: Version) throws {
    let record = try RecordLookup(version).record(id)
    guard record.kind != .calls else {
      throw CommandError(
        "calls are in no version, and '\(id)' is one",
        hint: "'stemma impact \(ShellWord.quoted(id))' shows the records that name it")
    }
    guard let first = try FirstSeen(version).version(of: record.kind, record.id) else {
      throw CommandError(
        "no version that leads to '\(revision)' has '\(id)'",
        hint: "another branch may have it: name its version", status: .noDataset)
    }
    let commit = first.commit
    let run = first.memos["Run-Id"]
    if form.isJSON {
      var members: [(String, JSON)] = [
        ("id", .string(record.id.hex)), ("kind", .string(record.kind.rawValue)),
        ("version", .string(commit.id.hex)), ("title", .string(first.title)),
        ("time", JSON(Int(commit.author.time))), ("author", .string(commit.author.name)),
      ]
      if let run { members.append(("run", .string(run))) }
      return Output.json("first-seen", members)
    }
    Output.line("\(record.kind.rawValue) \(record.id)")
    Output.line("version         \(commit.id)")
    Output.line("made            \(Dates.text(commit.author)) by \(commit.author.name)")
    Output.line("title           \(first.title)")
    if let run { Output.line("run             \(run)") }
  }
}
