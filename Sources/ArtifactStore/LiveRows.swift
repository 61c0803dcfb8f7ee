package import Git

/// The rows of a version's shards that hold its live records of one kind, each record once.
package struct LiveRows: Sendable {
  /// The shards in the order of their digests.
  package let shards: [ObjectID]
  /// The rows of shards that hold dead records, or such as an earlier shard holds too.
  package let hidden: [ObjectID: Set<Int>]
  /// The number of live records.
  package let count: Int

  package init(_ kind: RecordKind, in version: some DatasetContent) throws(StoreError) {
    let store = version.store
    try store.index.catchUp(tree: version.tree, kinds: [kind, .tombstones])
    let dead = try version.tombstones()
    var table = RecordIDTable()
    var shards: [ObjectID] = []
    var hidden: [ObjectID: Set<Int>] = [:]
    var count = 0
    var seen = Set<ObjectID>()
    for shard in try version.shards(kind) {
      guard let ids = try store.index.recordIDs(ofShard: shard.object, kind) else {
        throw StoreError(.notFound, "shard '\(shard.path.text)' is not in the index")
      }
      guard seen.insert(shard.object).inserted else {
        throw StoreError(
          .corrupt, "'\(shard.path.text)' holds the content of another shard",
          hint: "run 'stemma verify' to see what is affected")
      }
      shards.append(shard.object)
      for (row, id) in ids.enumerated() {
        if table.insert(id).isNew, dead[id] == nil {
          count += 1
        } else {
          hidden[shard.object, default: []].insert(row)
        }
      }
    }
    self.shards = shards
    self.hidden = hidden
    self.count = count
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
