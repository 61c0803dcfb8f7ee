import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Pipeline
import Simula

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "status",
    abstract: "Show what changed since the last version and what is stale",
    discussion: """
      EXAMPLES
        stemma status
        stemma status --json
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  func run() async throws {
    let store = try dataset.store()
    guard let root = store.repository.workingDirectory else {
      throw CommandError("a bare repository has no working tree to compare")
    }
    let head = try store.head()
    try WorkingTree(store).refuseUnfinishedWork()
    let snapshot = try Snapshot(workingDirectory: root)
    let plan = try RunPlan(snapshot, base: head)
    var changed = try snapshot.files.filter { try head?.file($0.path) != $0.bytes }.map(\.path)
    if try !snapshot.files.contains(where: { $0.path == Recalls.path })
      && head?.file(Recalls.path) != nil
    {
      changed.append(Recalls.path)
    }
    if form.isJSON {
      printJSON(head, plan, changed)
    } else {
      try printText(head, plan, changed)
    }
  }

  private func printText(_ head: Version?, _ plan: RunPlan, _ changed: [String]) throws {
    if let head {
      Output.line("Version \(Output.shortID(head.commit.id.hex)): \(head.title)")
    } else {
      Output.line("No version yet.")
    }
    for path in changed { Output.line("changed  \(path)") }
    for state in plan.stages {
      let name = state.stage.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0)
      Output.line("\(name)\(Status.text(state.freshness))")
    }
    if let partial = plan.partial { Output.line("partial: \(partial)") }
    if let head, let advice = try CompactionAdvice(head), advice.isWorthwhile {
      Output.line(
        "\(Plural.text(advice.shardCount, "shard")), \(Plural.text(advice.deadCount, "dead record")): "
          + "'stemma compact' would make reading faster.")
    }
    let isExhausted =
      plan.partial?.contains("exhausted") == true
      && plan.stages.allSatisfy { $0.freshness == .fresh }
    Output.line(
      plan.isFresh
        ? "Nothing to do."
        : isExhausted
          ? "No attempt is left: raise 'slots' in recipe.yaml, then run again."
          : "'stemma run' brings the rest up to date.")
  }

  private func printJSON(_ head: Version?, _ plan: RunPlan, _ changed: [String]) {
    Output.json(
      "status",
      [
        ("version", head.map { .string($0.commit.id.hex) } ?? .null),
        ("changed", .array(changed.map { .string($0) })), ("fresh", .bool(plan.isFresh)),
        (
          "stages",
          .array(
            plan.stages.map {
              [
                "stage": .string($0.stage.rawValue),
                "state": .string(Status.word($0.freshness)),
              ]
            })
        ),
        ("partial", plan.partial.map { .string($0) } ?? .null),
      ])
  }

  static func text(_ freshness: Freshness) -> String {
    switch freshness {
    case .fresh: "fresh"
    case .missing: "missing"
    case .unnoted: "stale: merged, or changed by git, since a run noted it"
    case .redefined: "stale: its knobs, prompt templates or teachers changed"
    case .newInputs: "stale: what it reads changed"
    case .dropped: "stale: an answer that it was made with was dropped"
    case .recalled: "stale: recalls.yaml took back what it was made with, or gives it back"
    }
  }

  static func word(_ freshness: Freshness) -> String {
    switch freshness {
    case .fresh: "fresh"
    case .missing: "missing"
    case .unnoted: "unnoted"
    case .redefined: "redefined"
    case .newInputs: "new-inputs"
    case .dropped: "dropped"
    case .recalled: "recalled"
    }
  }
}
