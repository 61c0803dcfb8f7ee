package import ArtifactStore
import CanonicalJSON

/// How many samples of each taxonomy branch, a child of a factor's root, two versions do not share.
///
/// A sample counts for the branch of each of its nodes.
package struct BranchChanges: Sendable {
  package struct Branch: Sendable, Hashable {
    /// Factor and child, such as `Operation > Addition`.
    package let name: String
    package let added: Int
    package let removed: Int
  }

  /// By name.
  package let branches: [Branch]

  /// Follows samples to their mixes.
  ///
  /// - Parameters:
  ///   - samples: Those that only one version has.
  ///   - old: The version that had the removed ones.
  ///   - new: The version that has the added ones.
  /// - Throws: ``StoreError`` when a record cannot be read.
  package init(
    _ samples: RecordChanges, from old: Version, to new: Version
  ) throws(StoreError) {
    let added = try Self.counts(samples.added, in: new)
    let removed = try Self.counts(samples.removed, in: old)
    branches = Set(added.keys).union(removed.keys).sorted().map {
      Branch(name: $0, added: added[$0] ?? 0, removed: removed[$0] ?? 0)
    }
  }

  private static func counts(
    _ ids: [RecordID], in version: Version
  ) throws(StoreError) -> [String: Int] {
    guard !ids.isEmpty,
      let sources = try? Sources.decode(readFile: { path in try version.file(path) })
    else { return [:] }
    let prompts = try members("meta-prompt", of: try version.records(.samples, ids))
    let mixes = try members("mix", of: try version.records(.metaPrompts, Array(Set(prompts))))
    // Several samples may come from one meta-prompt, and several of these from one mix.
    let uses = try usesOfMixes(prompts, version)
    var counts: [String: Int] = [:]
    for record in try version.records(.mixes, Array(Set(mixes))) {
      var names = Set<String>()
      for text in try record.value()["nodes"]?.array?.compactMap(\.string) ?? [] {
        let path = NodeID(text).flatMap { sources.taxonomy(holding: $0)?.path(to: $0) } ?? []
        if !path.isEmpty { names.insert(path.prefix(2).map(\.name).joined(separator: " > ")) }
      }
      for name in names { counts[name, default: 0] += uses[record.id] ?? 0 }
    }
    return counts
  }

  private static func usesOfMixes(
    _ prompts: [RecordID], _ version: Version
  ) throws(StoreError) -> [RecordID: Int] {
    var mixOfPrompt: [RecordID: RecordID] = [:]
    for record in try version.records(.metaPrompts, Array(Set(prompts))) {
      mixOfPrompt[record.id] = try record.value()["mix"]?.string.flatMap(RecordID.init(hex:))
    }
    return prompts.reduce(into: [:]) { uses, prompt in
      if let mix = mixOfPrompt[prompt] { uses[mix, default: 0] += 1 }
    }
  }

  private static func members(
    _ name: String, of records: [Record]
  ) throws(StoreError) -> [RecordID] {
    var ids: [RecordID] = []
    for record in records {
      if let id = try record.value()[name]?.string.flatMap(RecordID.init(hex:)) { ids.append(id) }
    }
    return ids
  }
}
