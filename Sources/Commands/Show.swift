import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Git
import Pipeline

struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one version of a dataset",
    discussion: """
      EXAMPLES
        stemma show
        stemma show HEAD~2 --json
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "A version, by any name that git understands.")
  var revision = "HEAD"

  func run() async throws {
    let version = try dataset.store().version(revision)
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
}
