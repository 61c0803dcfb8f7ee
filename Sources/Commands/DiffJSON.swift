import ArtifactStore
import CanonicalJSON
import Dataset

/// The difference of two versions for programs.
struct DiffJSON {
  let diff: VersionDiff
  let isShort: Bool

  func print() throws {
    for kind in diff.kinds { try print(kind) }
    if isShort { return }
    for key in try diff.recipe().keys {
      Output.json(
        "recipe",
        [("key", .string(key.path)), ("old", key.old ?? .null), ("new", key.new ?? .null)])
    }
    let sources = diff.sources()
    for node in sources.nodes { print(node) }
    for change in sources.strategies { print(change) }
    for group in try diff.replacements().causes { print(group) }
    for flip in diff.flips.all { print(flip) }
    printSummary()
  }

  private func print(_ kind: RecordChanges) throws {
    func ids(_ ids: [RecordID]) -> JSON {
      isShort ? JSON(ids.count) : .array(ids.map { .string($0.hex) })
    }
    Output.json(
      "kind",
      [
        ("kind", .string(kind.kind.rawValue)), ("same", JSON(try diff.commonCount(kind))),
        ("added", ids(kind.added)), ("removed", ids(kind.removed)),
        (
          "changed",
          isShort
            ? JSON(kind.changed.count)
            : .array(
              kind.changed.map { ["old": .string($0.old.hex), "new": .string($0.new.hex)] })
        ),
      ])
  }

  private func print(_ node: SourcesDiff.Node) {
    func path(_ names: [String]?) -> JSON { names.map { .array($0.map(JSON.string)) } ?? .null }
    Output.json(
      "node",
      [
        ("id", .string(node.id.text)), ("factor", .string(node.factor.text)),
        ("is-factor", .bool(node.isFactor)),
        ("changes", .array(node.changes.map { .string($0.rawValue) })),
        ("old-path", path(node.oldPath)), ("new-path", path(node.newPath)),
        ("old-weight", node.oldWeight.map(JSON.number) ?? .null),
        ("new-weight", node.newWeight.map(JSON.number) ?? .null),
      ])
  }

  private func print(_ change: SourcesDiff.StrategyChange) {
    func state(_ strategy: Strategy?) -> JSON {
      guard let strategy else { return .null }
      return [
        "name": .string(strategy.name), "weight": .number(strategy.weight),
        "roots": .array(strategy.roots.map { .string($0.text) }),
        "never": .array(
          strategy.never.map { .array([.string($0.first.text), .string($0.second.text)]) }),
      ]
    }
    Output.json(
      "strategy",
      [
        ("id", .string(change.id.text)),
        ("changes", .array(change.changes.map { .string($0.rawValue) })),
        ("old", state(change.old)), ("new", state(change.new)),
      ])
  }

  private func print(_ group: ReplacedSlots) {
    let requests = group.requests.map { requests -> JSON in
      [
        "compared": JSON(requests.compared), "same": JSON(requests.same),
        "missing": JSON(requests.missing),
        "differ": .object(
          JSONObject(requests.members.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })),
      ]
    }
    Output.json(
      "replaced",
      [
        ("step", .string(group.cause.step.rawValue)),
        ("reason", .string(group.cause.reason.rawValue)),
        ("subject", .string(group.cause.subject)),
        ("inputs", .array(group.cause.inputs.map(JSON.string))),
        ("slots", .array(group.slots.map(\.json))), ("requests", requests ?? .null),
      ])
  }

  private func print(_ flip: VerdictFlips.Flip) {
    func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
    Output.json(
      "flip",
      [
        ("change", .string(flip.change.rawValue)), ("draft", .string(flip.draft)),
        ("role", text(flip.role)), ("old", text(flip.old)), ("new", text(flip.new)),
      ])
  }

  private func printSummary() {
    func numbers(_ slots: [Slot]) -> JSON { .array(slots.map(\.json)) }
    Output.json(
      "summary",
      [
        ("files", .array(diff.files.map { .string($0) })),
        ("replaced-slots", numbers(diff.changedSlots)), ("new-slots", numbers(diff.addedSlots)),
        ("gone-slots", numbers(diff.removedSlots)),
        (
          "branches",
          .array(
            diff.branches.map {
              [
                "name": .string($0.name), "added": JSON($0.added), "removed": JSON($0.removed),
              ]
            })
        ),
        (
          "flips",
          [
            "rejected": JSON(diff.flips.rejected), "accepted": JSON(diff.flips.accepted),
            "outcomes": JSON(diff.flips.outcomes),
          ]
        ),
      ])
  }

  // MARK: Shifts

  static func print(_ shifts: Shifts) {
    for level in shifts.coverage {
      Output.json(
        "coverage",
        [
          ("factor", .string(level.factor.text)), ("name", .string(level.name)),
          ("level", JSON(level.level)), ("old", coverage(level.old)), ("new", coverage(level.new)),
        ])
    }
    let groups: [(String, [Shifts.Acceptance])] = [
      ("attempts", [shifts.attempts]), ("role", shifts.roles), ("branch", shifts.branches),
    ]
    for (of, entries) in groups {
      for entry in entries {
        Output.json(
          "acceptance",
          [
            ("of", .string(of)), ("name", .string(entry.name)), ("old", share(entry.old)),
            ("new", share(entry.new)),
          ])
      }
    }
  }

  private static func coverage(_ level: LevelCoverage?) -> JSON {
    guard let level else { return .null }
    return [
      "nodes": JSON(level.nodeCount), "drawn": JSON(level.drawnCount),
      "sampled": JSON(level.sampledCount),
      "coverage": .number(Double(level.sampledCount) / Double(max(1, level.nodeCount))),
    ]
  }

  private static func share(_ share: Shifts.Share) -> JSON {
    [
      "accepted": JSON(share.accepted), "total": JSON(share.total),
      "share": share.value.map(JSON.number) ?? .null,
    ]
  }
}
