import Git

/// Which records of one kind are live in only one of two versions.
///
/// Costs as much as the versions differ, not as much as they hold: unchanged folders and shards are
/// never opened.
package struct RecordChanges: Sendable {
  package let kind: RecordKind
  /// In the order of their ids.
  package private(set) var added: [RecordID] = []
  package private(set) var removed: [RecordID] = []

  package var isEmpty: Bool { added.isEmpty && removed.isEmpty }

  /// Compares two versions for every kind in which they may differ.
  package static func find(
    from old: Version, to new: Version
  ) throws(StoreError) -> [RecordChanges] {
    let store = new.store
    try store.index.catchUp(tree: old.tree)
    try store.index.catchUp(tree: new.tree)
    let changes = try convert { () throws(GitError) in
      try store.repository.changes(from: old.tree, to: new.tree)
    }
    var candidates: [RecordKind: Set<RecordID>] = [:]
    var tombstoneShards: [ObjectID] = []
    for change in changes {
      guard let kind = ArtifactPath(change.path)?.kind, kind != .calls else { continue }
      for object in [change.old?.id, change.new?.id].compactMap(\.self) {
        if kind == .tombstones {
          tombstoneShards.append(object)
        } else {
          let ids = try store.index.recordIDs(ofShard: object, kind) ?? []
          candidates[kind, default: []].formUnion(ids)
        }
      }
    }
    let dead = (old: try old.tombstones(), new: try new.tombstones())
    for id in Set(dead.old.keys).symmetricDifference(dead.new.keys) {
      for match in try store.index.find(idPrefix: id.digest.bytes) {
        candidates[match.kind, default: []].insert(id)
      }
    }
    var result: [RecordChanges] = []
    for kind in RecordKind.versioned {
      guard let ids = candidates[kind] else { continue }
      let shards = (old: try shardSet(old, kind), new: try shardSet(new, kind))
      var found = RecordChanges(kind: kind)
      for id in ids.sorted() {
        let places = try store.index.find(idPrefix: id.digest.bytes).filter { $0.kind == kind }
          .map(\.location.object)
        let wasLive = dead.old[id] == nil && places.contains { shards.old.contains($0) }
        let isLive = dead.new[id] == nil && places.contains { shards.new.contains($0) }
        if isLive, !wasLive { found.added.append(id) }
        if wasLive, !isLive { found.removed.append(id) }
      }
      if !found.isEmpty { result.append(found) }
    }
    return result
  }

  private static func shardSet(
    _ version: Version, _ kind: RecordKind
  ) throws(StoreError) -> Set<ObjectID> {
    Set(try version.shards(kind).map(\.object))
  }
}
