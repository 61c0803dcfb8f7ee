import ArtifactStore
import Git

/// The shards of a version and what is dead in it, brought along from commit to commit.
///
/// Where a commit follows the one before, only what differs is read.
struct HeldShards {
  private(set) var shards: [RecordKind: Set<ObjectID>] = [:]
  private var commit: ObjectID?
  private var tombstones: [RecordID: [RecordID]] = [:]
  private var revoked = Set<RecordID>()

  /// Goes on to a version.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for a tombstone that names nothing.
  mutating func move(to version: Version, _ differences: [CommitDifference]) throws(StoreError) {
    let step = differences.first { $0.parent.commit.id == commit && $0.lost[.tombstones] == nil }
    commit = nil
    if let step {
      for (kind, lost) in step.lost { shards[kind]?.subtract(lost) }
      for (kind, added) in step.added { shards[kind, default: []].formUnion(added) }
      try read(step.added[.tombstones] ?? [], version.store)
    } else {
      (tombstones, revoked) = ([:], [])
      for kind in RecordKind.versioned + [.tombstones] {
        shards[kind] = Set(try version.shards(kind).map(\.object))
      }
      try read(shards[.tombstones] ?? [], version.store)
    }
    commit = version.commit.id
  }

  private mutating func read(_ shards: Set<ObjectID>, _ store: Store) throws(StoreError) {
    for shard in shards {
      for tombstone in try Tombstone.all(inShard: shard, store.reader) {
        switch tombstone.content {
        case .removal(let record, _): tombstones[record, default: []].append(tombstone.id)
        case .revival(let removal): revoked.insert(removal)
        }
      }
    }
  }

  /// Whether a tombstone that nothing revokes names a record.
  func isDead(_ record: RecordID) -> Bool {
    tombstones[record]?.contains { !revoked.contains($0) } ?? false
  }

  /// Whether the version has a shard.
  func has(_ object: ObjectID, _ kind: RecordKind) -> Bool {
    shards[kind]?.contains(object) ?? false
  }

  /// Whether the version that this one differs from has a shard.
  func had(_ object: ObjectID, _ kind: RecordKind, before difference: CommitDifference) -> Bool {
    difference.lost[kind]?.contains(object) == true
      || has(object, kind) && difference.added[kind]?.contains(object) != true
  }
}
