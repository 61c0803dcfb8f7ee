import ArtifactStore
import CanonicalJSON
import Foundation
import Git

/// Which stages of a version were made with answers that were dropped since.
enum DroppedAnswers {
  private static func file(_ store: Store) -> URL { store.folder.appending(path: "drops.json") }

  /// The stages whose live records name dropped calls; none where a complete run has looked since.
  ///
  /// - Complexity: Constant while nothing is dropped, and when the version was looked at before;
  ///   else linear in its records.
  static func stages(of version: Version) throws(StoreError) -> Set<StageName> {
    let drops = try CallDrops(version.store)
    guard !drops.isEmpty, !isSettled(version, drops) else { return [] }
    try version.store.index.catchUp(tree: version.tree)
    var stages = Set<StageName>()
    for kind in CallNames.kinds {
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        guard let call = CallMember.id(in: record.line[...]), drops.contains(call) else { return }
        stages.insert(try stage(of: record))
      }
    }
    if stages.isEmpty { settle(version, drops) }
    return stages
  }

  /// Notes that a complete run made a version of what is not dropped.
  ///
  /// Records that no run derives any more, such as those of a tree that a person wrote since, may
  /// still name dropped calls: they stay as they are.
  static func settle(_ version: Version) throws(StoreError) {
    let drops = try CallDrops(version.store)
    if !drops.isEmpty { settle(version, drops) }
  }

  private static func settle(_ version: Version, _ drops: CallDrops) {
    // Without the note the next command looks again, to the same result.
    try? Data(note(version, drops).canonicalBytes).write(to: file(version.store), options: .atomic)
  }

  private static func isSettled(_ version: Version, _ drops: CallDrops) -> Bool {
    guard let bytes = try? Data(contentsOf: file(version.store)) else { return false }
    return (try? JSON(parsing: Array(bytes))) == note(version, drops)
  }

  private static func note(_ version: Version, _ drops: CallDrops) -> JSON {
    ["drops": .string(drops.digest?.hex ?? ""), "tree": .string(version.tree.hex)]
  }

  /// The stage that a record is of.
  static func stage(of record: Record) throws(StoreError) -> StageName {
    switch record.kind {
    case .metaPrompts: return .metaPrompts
    case .proposals, .edits, .plans:
      let value = try record.value()
      if value["task"]?.string == PromptTask.planStrategies.rawValue { return .strategies }
      return value["factor"]?.string?.isEmpty == false ? .taxonomies : .factors
    default: return .samples
    }
  }
}
