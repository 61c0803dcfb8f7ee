package import ArtifactStore
import CanonicalJSON

/// How coverage and acceptance of two versions differ, counted over all their records.
package struct Shifts: Sendable {
  /// The coverage of one level of one tree, in samples and in draws.
  package struct Coverage: Sendable, Hashable {
    package let factor: NodeID
    package let name: String
    package let level: Int
    /// Nil where the version does not have the level.
    package let old: LevelCoverage?
    package let new: LevelCoverage?
  }

  package struct Share: Sendable, Hashable {
    package internal(set) var accepted = 0
    package internal(set) var total = 0
    package init() {}

    package var value: Double? { total == 0 ? nil : Double(accepted) / Double(total) }
  }

  /// How much of something was accepted in each version.
  package struct Acceptance: Sendable, Hashable {
    package let name: String
    package let old: Share
    package let new: Share

    /// Nil where a version has nothing of it.
    package var change: Double? { old.value.flatMap { old in new.value.map { $0 - old } } }
  }

  /// Levels whose coverage differs; by tree and level.
  package let coverage: [Coverage]
  /// Attempts that became samples.
  package let attempts: Acceptance
  /// Verdicts that let a draft pass, by the critic's role.
  package let roles: [Acceptance]
  /// Attempts by branches, where both versions have some; those that moved most first.
  package let branches: [Acceptance]

  /// Reads all samples, rejections, verdicts and mixes of two versions.
  package init(from old: Version, to new: Version) throws {
    let before = try Tally(old)
    let after = try Tally(new)
    coverage = Self.coverage(before, after)
    attempts = Acceptance(name: "attempts", old: before.attempts, new: after.attempts)
    roles = Set(before.roles.keys).union(after.roles.keys).sorted().map {
      Acceptance(name: $0, old: before.roles[$0] ?? Share(), new: after.roles[$0] ?? Share())
    }
    branches = Set(before.branches.keys).intersection(after.branches.keys).map {
      Acceptance(name: $0, old: before.branches[$0] ?? Share(), new: after.branches[$0] ?? Share())
    }.filter { ($0.change ?? 0) != 0 }.sorted {
      let (left, right) = (abs($0.change ?? 0), abs($1.change ?? 0))
      return left != right ? left > right : $0.name < $1.name
    }
  }

  private static func coverage(_ old: Tally, _ new: Tally) -> [Coverage] {
    var found: [Coverage] = []
    let gone = old.taxonomies.filter { tree in
      !new.taxonomies.contains { $0.root.id == tree.root.id }
    }
    for tree in new.taxonomies + gone {
      let before = old.levels[tree.root.id] ?? []
      let after = new.levels[tree.root.id] ?? []
      for level in 0..<max(before.count, after.count) {
        let pair = (
          before.indices.contains(level) ? before[level] : nil,
          after.indices.contains(level) ? after[level] : nil
        )
        guard pair.0 != pair.1 else { continue }
        found.append(
          Coverage(
            factor: tree.root.id, name: tree.root.name, level: level, old: pair.0, new: pair.1))
      }
    }
    return found
  }
}

/// What one version holds of attempts and verdicts.
private struct Tally {
  var taxonomies: [Taxonomy] = []
  var levels: [NodeID: [LevelCoverage]] = [:]
  var attempts = Shifts.Share()
  var roles: [String: Shifts.Share] = [:]
  var branches: [String: Shifts.Share] = [:]

  init(_ version: Version) throws {
    let recipe = version.readableRecipe
    let instances = recipe?.metaPrompts.instances ?? 1
    let sources = version.readableSources
    taxonomies = sources?.taxonomies ?? []
    if let sources {
      let counts = try NodeCounts(
        sources, in: version, instances: instances, wanted: recipe?.sampleCount)
      for tree in taxonomies {
        levels[tree.root.id] = LevelCoverage.levels(of: tree, counts)
      }
    }
    let names = try Self.branchNames(version, SourcePaths(sources))
    func count(_ slot: Slot, isAccepted: Bool) {
      attempts.add(isAccepted)
      for name in names[slot.group(instances: instances)] ?? [] {
        branches[name, default: Shifts.Share()].add(isAccepted)
      }
    }
    try SlotUse.forEachSlot(.samples, in: version) { slot, _ in count(slot, isAccepted: true) }
    try version.forEachRecord(.rejections) { record throws(StoreError) in
      let value = try record.value()
      // A refined draft is no attempt of its own.
      guard value["reason"]?.string != "refined", let slot = Slot(value["slot"]) else { return }
      count(slot, isAccepted: false)
    }
    try version.forEachRecord(.verdicts) { record throws(StoreError) in
      let value = try record.value()
      guard let role = value["role"]?.string, let outcome = value["outcome"]?.string else { return }
      // The critic of wrong answers lets a draft pass by saying no.
      let passes = role == "ask-incorrect" ? ["no"] : ["accept", "yes", "same"]
      roles[role, default: Shifts.Share()].add(passes.contains(outcome))
    }
  }

  /// The branches of the mix of each slot, or of those that share it.
  private static func branchNames(
    _ version: Version, _ paths: SourcePaths
  ) throws -> [Slot: [String]] {
    var known: [NodeID: String] = [:]
    var found: [Slot: [String]] = [:]
    try version.forEachRecord(.mixes) { record throws(StoreError) in
      let mix = try record.value()
      guard let slot = Slot(mix["slot"]) else { return }
      var names = Set<String>()
      for id in mix["nodes"]?.array ?? [] {
        guard let id = id.string.flatMap({ NodeID($0) }) else { continue }
        let name = known[id] ?? paths.path(to: id).prefix(2).joined(separator: " > ")
        known[id] = name
        if !name.isEmpty { names.insert(name) }
      }
      found[slot] = Array(names)
    }
    return found
  }
}

extension Shifts.Share {
  fileprivate mutating func add(_ isAccepted: Bool) {
    total += 1
    if isAccepted { accepted += 1 }
  }
}
