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
