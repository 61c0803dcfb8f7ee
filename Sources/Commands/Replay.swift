import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Simula

/// What `stemma verify --replay` does and says.
struct Replay {
  let version: Version
  let form: FormOptions

  func run() async throws {
    let reporter = RunReporter()
    let run = ReplayRun(version, observer: reporter)
    let report = try await Interruption.stopping {
      defer { reporter.end() }
      return try await run.run()
    }
    if form.isJSON { printJSON(report) } else { printText(report) }
    if !report.foreign.isEmpty {
      let names = report.foreign.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw CommandError(
        "version \(short) has \(names) from another version of the program, which this one derives "
          + "otherwise",
        hint: "replay with the version that made it, or bring the dataset up to date: stemma run",
        status: .otherwise)
    }
    guard let divergence = report.divergence else {
      guard !report.isWhole else { return }
      throw CommandError(
        "version \(short) was replayed in part: \(Plural.text(report.unchecked, "record")) not derived",
        hint: "'stemma run' makes a version that its recipe gives as a whole", status: .partlyDone)
    }
    throw CommandError(
      "version \(short) is not what its recipe and the recorded answers give: \(divergence.place): "
        + divergence.message,
      hint: "'stemma verify --full' says whether something is damaged; fetch missing answers with "
        + "'stemma pull'", status: .diverged)
  }

  private var short: String { Output.shortID(version.commit.id.hex) }

  private func printText(_ report: ReplayReport) {
    for kind in report.kinds {
      let name = kind.kind.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0)
      Output.line("\(name)\(kind.derived) of \(kind.live) derived again")
    }
    switch report.growth {
    case .none: if !report.kinds.isEmpty { Output.line("Sources are as people wrote them.") }
    case .rederived: break
    case .compared(let count):
      Output.line(
        "\(Plural.text(count, "record")) of growth beside edits compared with the answers.")
    }
    if !report.stale.isEmpty {
      Output.line(
        "Not replayed, for they are from before a change of recipe or sources, or a recall: "
          + report.stale.map(\.rawValue).joined(separator: ", ") + ".")
    }
    if report.unchecked > 0 {
      Output.line(
        "\(Plural.text(report.unchecked, "record")) of a later stage or slot not replayed.")
    }
    guard report.isWhole else { return }
    let seconds = max(report.duration / .seconds(1), 0.001)
    Output.line(
      "Same: \(Plural.text(report.recordCount, "record")) from "
        + "\(Plural.text(report.callCount, "recorded answer")) in "
        + String(format: "%.1f s.", seconds))
  }

  private func printJSON(_ report: ReplayReport) {
    var members: [(String, JSON)] = [
      ("version", .string(report.version.hex)), ("same", .bool(report.isWhole)),
      (
        "kinds",
        .array(
          report.kinds.map {
            [
              "kind": .string($0.kind.rawValue), "derived": JSON($0.derived),
              "live": JSON($0.live),
            ]
          })
      ),
      ("calls", JSON(report.callCount)), ("not-replayed-records", JSON(report.unchecked)),
      ("stale-stages", .array(report.stale.map { .string($0.rawValue) })),
      ("other-stages", .array(report.foreign.map { .string($0.rawValue) })),
      ("seconds", .number((report.duration / .milliseconds(1)).rounded() / 1000)),
    ]
    let growth: JSON =
      switch report.growth {
      case .none: "none"
      case .rederived: "derived"
      case .compared(let count): ["compared": JSON(count)]
      }
    members.append(("growth", growth))
    if let divergence = report.divergence {
      members.append(
        (
          "divergence",
          ["place": .string(divergence.place), "message": .string(divergence.message)]
        ))
    }
    Output.json("replay", members)
  }
}
