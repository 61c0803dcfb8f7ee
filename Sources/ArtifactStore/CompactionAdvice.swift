import Git

/// Whether compaction pays, found out without reading records.
package struct CompactionAdvice: Sendable {
  /// Fewer shards than this are not worth a version of their own.
  private static let fewShards = 64

  package let shardCount: Int
  /// Records that are removed but still take up space.
  package let deadCount: Int
  private let rowCount: Int
  private let smallCount: Int

  /// Looks at a version that says how many records it has; nil for another.
  ///
  /// - Complexity: Linear in the shards.
  package init?(_ version: Version) throws(StoreError) {
    guard let totals = version.notedTotals else { return nil }
    try version.store.index.catchUp(tree: version.tree)
    var counts = (shards: 0, rows: 0, small: 0)
    for kind in RecordKind.versioned {
      let shards = try version.shards(kind)
      var rows: [Int] = []
      for shard in shards {
        rows.append(try version.store.index.recordCount(ofShard: shard.object, kind) ?? 0)
      }
      counts.shards += rows.count
      counts.rows += rows.reduce(0, +)
      guard let (largest, count) = rows.enumerated().max(by: { $0.element < $1.element }) else {
        continue
      }
      // The one with most records shows whether any is full.
      let size = try version.store.reader.contentSize(shards[largest].object)
      counts.small +=
        size < CompactionPlan.smallSizeInBytes(of: kind)
        ? rows.count : rows.count { $0 * CompactionPlan.smallDivisor < count }
    }
    (shardCount, rowCount, smallCount) = counts
    deadCount = max(0, rowCount - totals.values.reduce(0, +))
  }

  package var isWorthwhile: Bool {
    deadCount * CompactionPlan.deadDivisor > rowCount
      || smallCount > Self.fewShards && smallCount * 2 > shardCount
  }
}
