package import Git

/// The rows of a version's shards that hold its live records of one kind, each record once.
package struct LiveRows: Sendable {
  /// The shards in the order of their digests.
  package let shards: [ObjectID]
  /// The rows of shards that hold dead records, or such as an earlier shard holds too.
  package let hidden: [ObjectID: Set<Int>]
  /// The number of live records.
  package let count: Int

  /// Finds the live records of a kind in a version.
  ///
  /// - Parameters:
  ///   - kind: The kind.
  ///   - version: The version.
  ///   - kept: Dead records that count as live.
  /// - Throws: ``StoreError`` when the version cannot be read.
  package init(
    _ kind: RecordKind, in version: some DatasetContent, with kept: Set<RecordID> = []
  ) throws(StoreError) {
    let live = try version.live(kind, with: kept)
    shards = live.shards.map(\.object)
    hidden = live.shards.reduce(into: [:]) { hidden, shard in
      let rows = live.hiddenRows(of: shard)
      if !rows.isEmpty { hidden[shard.object] = rows }
    }
    count = live.count
  }
}

extension DatasetContent {
  /// Lends the live records of one kind, shard by shard; memory stays flat.
  package func forEachRecord(
    _ kind: RecordKind, _ body: (Record) throws(StoreError) -> Void
  ) throws(StoreError) {
    let rows = try LiveRows(kind, in: self)
    for shard in rows.shards {
      let content = try store.reader.artifact(shard)
      let hidden = rows.hidden[shard] ?? []
      for (row, range) in try Shard.lineRanges(content).enumerated() where !hidden.contains(row) {
        try body(try Record(kind, line: Array(content[range])))
      }
    }
  }

  /// Lends the live lines of one kind, shard by shard, each with its line feed; memory stays flat.
  package func forEachLines(
    _ kind: RecordKind, _ body: (RawSpan) throws -> Void
  ) throws {
    let rows = try LiveRows(kind, in: self)
    for shard in rows.shards {
      let content = try store.reader.artifact(shard)
      guard let hidden = rows.hidden[shard] else {
        try body(content.span.bytes)
        continue
      }
      for (row, range) in try Shard.lineRanges(content).enumerated() where !hidden.contains(row) {
        try body(content.span.bytes.extracting(range.lowerBound..<(range.upperBound + 1)))
      }
    }
  }
}
