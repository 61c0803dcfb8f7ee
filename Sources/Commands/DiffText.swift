import ArtifactStore
import CanonicalJSON
import Dataset

/// The difference of two versions for people.
struct DiffText {
  let diff: VersionDiff
  let isShort: Bool

  /// How many lines of one list are shown.
  private static let shownLines = 12
  private static let shownSlots = 12

  func print() throws {
    if !isShort {
      for file in diff.files { Output.line("changed  \(file)") }
      try printRecipe()
      printSources()
    }
    for kind in diff.kinds {
      Output.line(
        Self.column(kind.kind.rawValue, 14)
          + "\(kind.added.count - kind.changed.count) added, "
          + "\(kind.removed.count - kind.changed.count) removed, "
          + (kind.changed.isEmpty ? "" : "\(kind.changed.count) changed, ")
          + "\(try diff.commonCount(kind)) the same")
    }
    if !isShort { try printSamples() }
    if !isShort, diff.files.isEmpty, diff.kinds.isEmpty {
      Output.line("The two versions hold the same.")
    }
  }

  static func column(_ text: String, _ width: Int) -> String {
    text.count < width ? text + String(repeating: " ", count: width - text.count) : text + " "
  }

  private func printSome(_ lines: [String]) {
    for line in lines.prefix(Self.shownLines) { Output.line(line) }
    let rest = lines.count - Self.shownLines
    if rest > 0 { Output.line("  and \(rest) more: --json lists them") }
  }

  // MARK: Recipe and sources

  private func printRecipe() throws {
    func words(_ value: JSON?) -> String {
      value.map { Output.excerpt($0.string ?? $0.text, 48) } ?? "(not there)"
    }
    let keys = try diff.recipe().keys
    printSome(keys.map { "recipe   \($0.path): \(words($0.old)) -> \(words($0.new))" })
  }

  private func printSources() {
    let sources = diff.sources()
    var factors: [NodeID] = []
    var lines: [NodeID: [String]] = [:]
    for node in sources.nodes where !node.isInBranch {
      if lines[node.factor] == nil { factors.append(node.factor) }
      lines[node.factor, default: []] += Self.lines(node)
    }
    for factor in factors { printSome(lines[factor] ?? []) }
    printSome(sources.strategies.flatMap(Self.lines))
  }

  private static func lines(_ node: SourcesDiff.Node) -> [String] {
    let kind = node.isFactor ? "factor" : "node"
    let old = (node.oldPath ?? []).joined(separator: " > ")
    let new = (node.newPath ?? []).joined(separator: " > ")
    let below = node.below > 0 ? ", with \(node.below) below" : ""
    return node.changes.compactMap { change in
      let words: String? =
        switch change {
        case .added: "\(new)\(below)"
        case .removed: "\(old)\(below)"
        case .renamed: node.changes.contains(.moved) ? nil : "\(old) -> \(new)"
        case .moved: "\(old) -> \(new)"
        case .reweighted: "\(new): \(number(node.oldWeight)) -> \(number(node.newWeight))"
        case .pinned, .unpinned: new
        }
      return words.map { line(kind, change.rawValue, $0) }
    }
  }

  private static func lines(_ change: SourcesDiff.StrategyChange) -> [String] {
    let name = change.new?.name ?? change.old?.name ?? ""
    return change.changes.map { kind in
      switch kind {
      case .added, .removed: line("strategy", kind.rawValue, name)
      case .renamed: line("strategy", kind.rawValue, "\(change.old?.name ?? "") -> \(name)")
      case .reweighted:
        line(
          "strategy", kind.rawValue,
          "\(name): \(number(change.old?.weight)) -> \(number(change.new?.weight))")
      case .roots: line("strategy", "sub-trees", name)
      case .pairs: line("strategy", "pairs", name)
      case .knobs: line("strategy", "knobs", name)
      }
    }
  }

  private static func line(_ kind: String, _ change: String, _ words: String) -> String {
    column(kind, 9) + column(change, 12) + words
  }

  private static func number(_ value: Double?) -> String {
    value.map { JSON.number($0).text } ?? "-"
  }

  // MARK: Samples

  private func printSamples() throws {
    let slots = [
      ("replaced", diff.changedSlots), ("new", diff.addedSlots), ("gone", diff.removedSlots),
    ]
    for (name, numbers) in slots where !numbers.isEmpty {
      Output.line(
        "samples \(name) in \(Plural.text(numbers.count, "slot")): \(Self.some(numbers))")
      if name == "replaced" { try printCauses() }
    }
    for branch in diff.branches {
      Output.line("branch  \(branch.name): \(branch.added) added, \(branch.removed) removed")
    }
    let flips = diff.flips
    guard !flips.isEmpty else { return }
    Output.line(
      "flips   \(flips.rejected) from kept to rejected, \(flips.accepted) from rejected to kept, "
        + "\(flips.outcomes) other outcomes of a critic")
    for flip in flips.all.prefix(5) {
      let role = flip.role.map { "\($0): " } ?? ""
      Output.line(
        "  \(Output.shortID(flip.draft))  \(role)\(flip.old ?? "kept") -> \(flip.new ?? "kept")")
    }
  }

  private func printCauses() throws {
    for group in try diff.replacements().causes {
      Output.line(
        "  " + Self.column("\(group.slots.count)", 7)
          + Self.column("another \(group.cause.step.rawValue)", 18) + Self.words(group.cause))
      let requests = group.requests.flatMap(Self.words)
      let slots = "slots \(Self.some(group.slots, 6))"
      Output.line(
        String(repeating: " ", count: 27)
          + ([slots] + [requests].compactMap(\.self))
          .joined(separator: "; "))
    }
  }

  private static func some(_ slots: [Slot], _ count: Int = shownSlots) -> String {
    slots.prefix(count).map(\.description).joined(separator: ", ")
      + (slots.count > count ? ", …" : "")
  }

  private static func words(_ cause: ReplacementCause) -> String {
    let subject = "'\(cause.subject)'"
    let inputs = cause.inputs.joined(separator: ", ")
    switch cause.reason {
    case .nodeRemoved: return "\(subject) was removed"
    case .nodeAdded: return "\(subject) was added"
    case .nodeMoved: return "\(subject) was moved"
    case .weights:
      return cause.subject == "strategies"
        ? "the weights of strategies" : "the weights below \(subject)"
    case .strategyRemoved: return "strategy \(subject) was removed"
    case .strategyAdded: return "strategy \(subject) was added"
    case .roots: return "the sub-trees of strategy \(subject)"
    case .pairs: return "the pairs of strategy \(subject)"
    case .complexity:
      return (cause.subject == "complex" ? "now made more complex" : "no longer made more complex")
        + (inputs.isEmpty ? "" : ": \(inputs)")
    case .inputs: return inputs
    case .answeredAnew: return "the same question, answered anew"
    case .decision:
      return (Self.decisions[cause.subject] ?? "another decision on a draft")
        + (inputs.isEmpty ? "" : ": \(inputs)")
    }
  }

  /// Reasons of rejections in words, for a draft that was rejected in one of the versions.
  private static let decisions = [
    "refined": "a draft was refined, or is no longer", "requirements": "the requirement critic",
    "incorrect": "the double critic: incorrect", "inconsistent": "the double critic: inconsistent",
    "unjudged": "critics gave no verdict", "unreadable": "a draft could not be read",
    "duplicate": "the question is another sample's in one version",
    "held-out": "a held-out set has the question in one version",
  ]

  private static func words(_ requests: RequestDifferences) -> String? {
    guard requests.compared > 0 else {
      return requests.missing > 0 ? "the requests are not here" : nil
    }
    let members = requests.members.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) (\($0.value))" }
    let parts =
      (members.isEmpty ? [] : ["differ in " + members.joined(separator: ", ")])
      + (requests.same > 0 ? ["\(requests.same) are equal"] : [])
    return "of \(Plural.text(requests.compared, "pair")) of requests "
      + parts.joined(separator: ", ")
  }
}

/// How coverage and acceptance of two versions differ, for people.
struct ShiftsText {
  private static let shownBranches = 8

  let shifts: Shifts

  func print() {
    let rows =
      shifts.coverage.map { level in
        (
          "coverage", "\(level.name), level \(level.level)",
          "\(Self.words(level.old)) -> \(Self.words(level.new))"
        )
      }
      + ([shifts.attempts] + shifts.roles + shifts.branches.prefix(Self.shownBranches)).map {
        entry in
        ("accepted", entry.name, "\(Self.words(entry.old)) -> \(Self.words(entry.new))")
      }
    if shifts.coverage.isEmpty { Output.line("coverage   the same on all levels") }
    let width = (rows.map(\.1.count).max() ?? 0) + 2
    for (kind, name, words) in rows {
      Output.line(DiffText.column(kind, 11) + DiffText.column(name, width) + words)
    }
    let more = shifts.branches.count - Self.shownBranches
    if more > 0 { Output.line("           and \(more) more branches: --json lists them") }
  }

  private static func words(_ level: LevelCoverage?) -> String {
    level.map { "\($0.sampledCount) of \($0.nodeCount)" } ?? "-"
  }

  private static func words(_ share: Shifts.Share) -> String {
    guard let value = share.value else { return "-" }
    let percent = JSON.number((value * 1000).rounded() / 10).text
    return "\(percent)% of \(share.total)"
  }
}
