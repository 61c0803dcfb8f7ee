import CanonicalJSON
package import Git

/// What a dataset holds in one state: a tree, read through the indexes.
package protocol DatasetContent: Sendable {
  var store: Store { get }
  var tree: ObjectID { get }
}

/// A content that no commit holds yet.
struct TreeContent: DatasetContent {
  let store: Store
  let tree: ObjectID
}

/// One immutable state of a dataset: a commit.
package struct Version: DatasetContent {
  package let store: Store
  package let commit: Commit

  package var tree: ObjectID { commit.tree }

  /// The memos of the run that made this version; empty unless they are of this very tree.
  package var memos: Trailers {
    let trailers = Trailers(message: commit.message)
    return trailers["Dataset-Tree"] == tree.hex ? trailers : Trailers()
  }
}

extension DatasetContent {

  /// A plain file's bytes, or nil when there is none of that path.
  package func file(_ path: String) throws(StoreError) -> [UInt8]? {
    try convert { () throws(GitError) in
      guard let entry = try store.repository.find(path: path, inTree: tree), entry.mode != .folder
      else {
        return nil
      }
      return try store.repository.read(
        entry.id, as: .blob, maximumSizeInBytes: Shard.maximumSizeInBytes)
    }
  }

  /// The object of a folder, or nil when there is none of that name.
  package func folder(_ name: String) throws(StoreError) -> ObjectID? {
    try convert { () throws(GitError) in
      try store.repository.find(path: name, inTree: tree)?.id
    }
  }

  /// The shards of one kind, by path.
  package func shards(
    _ kind: RecordKind
  ) throws(StoreError) -> [(path: ArtifactPath, object: ObjectID)] {
    try convert { () throws(GitError) in
      try store.repository.files(inTree: tree, under: kind.rawValue).compactMap {
        guard let path = ArtifactPath($0.path), path.kind == kind else { return nil }
        return (path, $0.entry.id)
      }
    }
  }

  /// The tombstones in force: for each dead record the ids of those not revived.
  package func tombstones() throws(StoreError) -> [RecordID: [RecordID]] {
    var removals: [(tombstone: RecordID, record: RecordID)] = []
    var revived = Set<RecordID>()
    for shard in try shards(.tombstones) {
      for tombstone in try Tombstone.all(inShard: shard.object, store.reader) {
        switch tombstone.content {
        case .removal(let record, _): removals.append((tombstone.id, record))
        case .revival(let removal): revived.insert(removal)
        }
      }
    }
    return removals.reduce(into: [:]) { dead, removal in
      // Two shards may hold the same one, where both sides of a merge have joined theirs.
      if !revived.contains(removal.tombstone),
        dead[removal.record]?.contains(removal.tombstone) != true
      {
        dead[removal.record, default: []].append(removal.tombstone)
      }
    }
  }

  /// The records of one kind that the shards of this version hold, live or dead.
  package func held(_ kind: RecordKind) throws(StoreError) -> RecordSet {
    try store.index.records(kind, in: try distinctShards(kind))
  }

  /// The live records of one kind, and dead ones that count as such.
  package func live(
    _ kind: RecordKind, with kept: Set<RecordID> = []
  ) throws(StoreError) -> RecordSet {
    try store.index.catchUp(tree: tree, kinds: [kind, .tombstones])
    var set = try held(kind)
    set.remove(try tombstones().keys.lazy.filter { !kept.contains($0) })
    return set
  }

  private func distinctShards(_ kind: RecordKind) throws(StoreError) -> [ObjectID] {
    var seen = Set<ObjectID>()
    return try shards(kind).map { (path, object) throws(StoreError) in
      guard seen.insert(object).inserted else {
        throw StoreError(
          .corrupt, "'\(path.text)' holds the content of another shard",
          hint: "run 'stemma verify' to see what is affected")
      }
      return object
    }
  }

  /// The hashes of the keys of records, by their ordinals.
  func keyHashes(of set: RecordSet, _ key: RecordKey) throws(StoreError) -> [UInt64] {
    var hashes = [UInt64](repeating: 0, count: set.capacity)
    for shard in set.shards {
      let known = try keyHashes(shard.object, .imports, key)
      for (ordinal, hash) in zip(shard.ordinals, known) { hashes[ordinal] = hash }
    }
    return hashes
  }

  /// The hashes of the keys of imported records, in no order.
  func keyHashes(of ids: [RecordID], _ key: RecordKey) throws(StoreError) -> [UInt64] {
    var known: [ObjectID: [UInt64]] = [:]
    var hashes: [UInt64] = []
    let shards = Set(try shards(.imports).map(\.object))
    for id in ids {
      guard
        let place = try store.index.find(.imports, id).first(where: {
          shards.contains($0.location.object)
        })?.location
      else { continue }
      if known[place.object] == nil {
        known[place.object] = try keyHashes(place.object, .imports, key)
      }
      // Lines from before the key was set may have none.
      if let hash = known[place.object]?[place.row], hash != 0 { hashes.append(hash) }
    }
    return hashes
  }

  private func keyHashes(
    _ shard: ObjectID, _ kind: RecordKind, _ key: RecordKey
  ) throws(StoreError) -> [UInt64] {
    if let known = try store.index.keyHashes(ofShard: shard, kind, key) { return known }
    // They were imported without this key.
    let content = try store.reader.artifact(shard)
    return try Shard.lineRanges(content).map { range in
      key.hash(of: content.span.extracting(range).bytes) ?? 0
    }
  }

  /// The digest of the ids of one kind, as runs remember it.
  package func digest(of kind: RecordKind) throws(StoreError) -> Digest {
    DatasetDigest.make(kind, sorted: SortedIDs(try live(kind)))
  }

  /// The size of the record set of one kind.
  package func liveCount(_ kind: RecordKind) throws(StoreError) -> Int { try live(kind).count }

  package func record(
    _ kind: RecordKind, _ location: RecordLocation
  ) throws(StoreError) -> Record {
    try Record(kind, line: try store.reader.line(at: location))
  }

  /// The live records of one kind, shard by shard in production order; at most a given number.
  package func records(
    _ kind: RecordKind, limit: Int = .max
  ) throws(StoreError) -> [Record] {
    let rows = try LiveRows(kind, in: self)
    var records: [Record] = []
    for shard in rows.shards where records.count < limit {
      let content = try store.reader.shard(shard)
      for (row, range) in content.lines.enumerated()
      where records.count < limit && rows.hidden[shard]?.contains(row) != true {
        records.append(try Record(kind, line: Array(content.bytes[range])))
      }
    }
    return records
  }

  package func datasetDigest() throws(StoreError) -> Digest {
    var ids: [RecordKind: SortedIDs] = [:]
    for kind in DatasetDigest.kinds { ids[kind] = SortedIDs(try live(kind)) }
    return DatasetDigest.make(sorted: ids)
  }
}
