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
  /// Those of ``removed`` that came back under the same key as one of ``added``, in their order.
  package private(set) var changed: [Pair] = []

  /// A record and what it became.
  package struct Pair: Sendable, Hashable {
    package let old: RecordID
    package let new: RecordID
  }

  package var isEmpty: Bool { added.isEmpty && removed.isEmpty }

  /// Compares two versions for every kind in which they may differ.
  package static func find(
    from old: any DatasetContent, to new: any DatasetContent
  ) throws(StoreError) -> [RecordChanges] {
    let store = new.store
    try store.index.catchUp(tree: old.tree)
    try store.index.catchUp(tree: new.tree)
    let changes = try convert { () throws(GitError) in
      try store.repository.changes(from: old.tree, to: new.tree)
    }
    var candidates: [RecordKind: Set<RecordID>] = [:]
    var successors: [RecordID: [RecordID]] = [:]
    for change in changes {
      guard let kind = ArtifactPath(change.path)?.kind, kind != .calls else { continue }
      for object in [change.old?.id, change.new?.id].compactMap(\.self) {
        if kind == .tombstones {
          for tombstone in try Tombstone.all(inShard: object, store.reader) {
            if case .removal(let record, let by?) = tombstone.content {
              successors[record, default: []].append(by)
            }
          }
        } else {
          guard let ids = try store.index.recordIDs(ofShard: object, kind) else {
            throw StoreError(.notFound, "shard '\(change.path)' is not in the index")
          }
          candidates[kind, default: []].formUnion(ids)
        }
      }
    }
    let dead = (old: try old.tombstones(), new: try new.tombstones())
    for id in Set(dead.old.keys).symmetricDifference(dead.new.keys) {
      for match in try store.index.find(id) {
        candidates[match.kind, default: []].insert(id)
      }
    }
    var result: [RecordChanges] = []
    for kind in RecordKind.versioned {
      guard let ids = candidates[kind] else { continue }
      let shards = (old: try shardSet(old, kind), new: try shardSet(new, kind))
      var found = RecordChanges(kind: kind)
      for id in ids.sorted() {
        let places = try store.index.find(kind, id).map(\.location.object)
        let wasLive = dead.old[id] == nil && places.contains { shards.old.contains($0) }
        let isLive = dead.new[id] == nil && places.contains { shards.new.contains($0) }
        if isLive, !wasLive { found.added.append(id) }
        if wasLive, !isLive { found.removed.append(id) }
      }
      found.pair(successors)
      if !found.isEmpty { result.append(found) }
    }
    return result
  }

  /// Finds what each removed record became, over any number of versions in between.
  ///
  /// - Parameter successors: For a record those that took its place at one time or another.
  private mutating func pair(_ successors: [RecordID: [RecordID]]) {
    guard !successors.isEmpty else { return }
    var neighbours = successors
    // Whichever of the two versions is the older one.
    for (old, new) in successors { for new in new { neighbours[new, default: []].append(old) } }
    let added = Set(added)
    for old in removed {
      var seen: Set<RecordID> = [old]
      var next = [old]
      while let id = next.popLast() {
        if added.contains(id) {
          changed.append(Pair(old: old, new: id))
          break
        }
        for id in neighbours[id] ?? [] where seen.insert(id).inserted { next.append(id) }
      }
    }
  }

  private static func shardSet(
    _ content: any DatasetContent, _ kind: RecordKind
  ) throws(StoreError) -> Set<ObjectID> {
    Set(try content.shards(kind).map(\.object))
  }
}
