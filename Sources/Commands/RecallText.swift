import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula

/// What a recall takes away, for people and for programs.
struct RecallText {
  private static let shownLines = 12

  private let effect: RecallEffect
  /// The version that was made, if any.
  var version: Version?

  init(_ effect: RecallEffect) { self.effect = effect }

  private var counts: [(kind: RecordKind, count: Int)] {
    RecordKind.versioned.map { ($0, effect.count($0)) }.filter { $0.1 > 0 }
  }

  func print() {
    for target in effect.known {
      Output.line("recalled before: \(Self.title(target.subject)), \(target.excerpt)")
    }
    for target in effect.targets {
      Output.line("recalls \(Self.title(target.subject)): \(target.excerpt)")
    }
    Output.line(
      counts.isEmpty
        ? "No record of the present version descends from it."
        : "Takes away "
          + counts.map { "\($0.count) of \($0.kind.rawValue)" }.joined(separator: ", ") + ".")
    printNodes()
  }

  private func printNodes() {
    guard !effect.nodes.isEmpty else { return }
    Output.line("These nodes come from it alone, and stay until the next run grows others:")
    for found in effect.nodes.prefix(Self.shownLines) {
      Output.line("  \(found.node.id)  \(found.path)")
    }
    if effect.nodes.count > Self.shownLines {
      Output.line("  and \(effect.nodes.count - Self.shownLines) more")
    }
    Output.line("Nodes that you edited stay; 'stemma recall NODE' takes one back with its samples.")
  }

  func printOutcome() {
    guard let version else { return Output.line("Nothing was changed.") }
    Output.line("Version: \(version.commit.id)")
    Output.line(next)
  }

  /// What to do next.
  private var next: String {
    let changes = effect.targets.contains { target in
      switch target.subject {
      case .model, .template: true
      default: false
      }
    }
    return changes
      ? "Change the recipe or the template that names it, then 'stemma run' fills the slots again."
      : "'stemma run' fills the slots again, and uses none of it."
  }

  func printJSON() {
    func json(_ target: RecallTarget) -> JSON {
      [
        "kind": .string(target.subject.kind), "id": .string(target.subject.name),
        "was": .string(target.excerpt),
      ]
    }
    Output.json(
      "recall",
      [
        ("recalls", .array(effect.targets.map(json))), ("known", .array(effect.known.map(json))),
        (
          "records",
          .object(JSONObject(counts.map { ($0.kind.rawValue, JSON($0.count)) }))
        ),
        (
          "nodes",
          .array(
            effect.nodes.map { ["id": .string($0.node.id.text), "path": .string($0.path)] })
        ), ("applied", .bool(version != nil)),
        ("version", version.map { .string($0.commit.id.hex) } ?? .null),
      ])
  }

  static func printList(_ recalls: Recalls, isJSON: Bool) {
    for entry in recalls.entries {
      guard isJSON else {
        Output.line(
          "\(title(entry.subject))  \(entry.excerpt ?? "")"
            + (entry.reason.map { "  (\($0))" } ?? ""))
        continue
      }
      Output.json(
        "recalled",
        [
          ("kind", .string(entry.subject.kind)), ("id", .string(entry.subject.name)),
          ("was", entry.excerpt.map { .string($0) } ?? .null),
          ("reason", entry.reason.map { .string($0) } ?? .null), ("line", JSON(entry.line)),
        ])
    }
    if recalls.isEmpty, !isJSON { Output.line("Nothing is recalled.") }
  }

  private static func title(_ subject: Recalls.Subject) -> String {
    switch subject {
    case .call, .mix, .node: "\(subject.kind) \(Output.shortID(subject.name))"
    default: "\(subject.kind) '\(subject.name)'"
    }
  }
}
