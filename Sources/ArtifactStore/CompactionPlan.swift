import Git

/// Which shards of a version are worth writing anew.
///
/// A shard of which a quarter or more is dead, and shards that are small.
package struct CompactionPlan: Sendable {
  /// A shard with less than this, uncompressed, is joined with others.
  static func smallSizeInBytes(of kind: RecordKind) -> Int {
    Shard.targetSizeInBytes(of: kind) / smallDivisor
  }

  /// A full shard is so many times as large as a small one.
  static let smallDivisor = 4
  /// One record of so many that is dead makes a shard worth writing anew.
  static let deadDivisor = 4

  /// The shards of one kind that are to be replaced.
  struct Group: Sendable {
    let kind: RecordKind
    let shards: [(path: ArtifactPath, object: ObjectID)]
    /// The rows that are dropped.
    let hidden: [ObjectID: Set<Int>]
    let rowCount: Int
  }

  let groups: [Group]
  /// The number of shards of all kinds that the version has.
  package let shardCount: Int

  package var isEmpty: Bool { groups.isEmpty }
  /// The number of shards to be replaced.
  package var replacedCount: Int { groups.reduce(0) { $0 + $1.shards.count } }
  /// The number of records to be dropped: dead ones, and such as are there twice.
  package var droppedCount: Int {
    groups.reduce(0) { $0 + $1.hidden.values.reduce(0) { $0 + $1.count } }
  }

  /// Looks at a version.
  ///
  /// What live records name stays, also where it is dead.
  ///
  /// - Complexity: Linear in the records; reads the beginning of every shard.
  package init(_ version: Version) throws(StoreError) {
    try version.store.index.catchUp(tree: version.tree)
    let needed = try version.neededDead()
    var groups: [Group] = []
    var count = 0
    for kind in RecordKind.versioned + [.tombstones] {
      let shards = try version.shards(kind)
      count += shards.count
      guard !shards.isEmpty else { continue }
      let kept = RecordReference.named.contains(kind) ? needed : []
      let live = kind == .tombstones ? nil : try LiveRows(kind, in: version, with: kept)
      var chosen: [(path: ArtifactPath, object: ObjectID)] = []
      var small: [(path: ArtifactPath, object: ObjectID)] = []
      var rowCount = 0
      for shard in shards {
        let rows = try version.store.index.recordCount(ofShard: shard.object, kind) ?? 0
        let dead = live?.hidden[shard.object]?.count ?? 0
        rowCount += rows
        if dead * Self.deadDivisor >= rows, dead > 0 {
          chosen.append(shard)
        } else if try version.store.reader.contentSize(shard.object)
          < Self.smallSizeInBytes(of: kind)
        {
          small.append(shard)
        }
      }
      // One small shard alone would stay what it is.
      if small.count > 1 || !chosen.isEmpty { chosen += small }
      guard !chosen.isEmpty else { continue }
      let objects = Set(chosen.map(\.object))
      groups.append(
        Group(
          kind: kind, shards: chosen,
          hidden: live?.hidden.filter { objects.contains($0.key) } ?? [:], rowCount: rowCount))
    }
    self.groups = groups
    shardCount = count
  }
}
