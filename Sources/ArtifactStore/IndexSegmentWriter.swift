import Git

/// Writes index segments out of shards that are handed over one at a time.
struct IndexSegmentWriter {
  let shardCount: Int
  let recordCount: Int
  let trees: Set<ObjectID>
  let hasKeys: Bool
  let keyField: String?
  /// Lends a shard by its number; asked several times.
  let shard: (Int) throws(IndexDamage) -> RecordIndex.NewShard

  /// Writes the file; 12 bytes of memory a record.
  func write(to path: String) throws {
    guard recordCount <= Int(UInt32.max) else {
      throw StoreError(.refused, "\(recordCount) records are more than an index can number")
    }
    let ids = try sorted { $0.ids.lazy.map(\.digest) }
    let layout = IndexLayout(
      recordCount: recordCount, shardCount: shardCount, treeCount: trees.count, hasKeys: hasKeys,
      isDistinct: ids.isDistinct, keyField: keyField)
    var file = try PagedFile(path)
    try file.append(layout.header)
    try write(to: &file) { $0.ids.lazy.map(\.digest) }
    try write(to: &file, consume ids)
    if hasKeys {
      try write(to: &file) { $0.keys }
      let keys = try sorted { $0.keys }
      try write(to: &file, keys)
    } else {
      try write(to: &file, Sorted(words: [], order: []))
    }
    if keyField != nil {
      for number in 0..<shardCount {
        for hash in try shard(number).keyHashes { try file.append(little: hash) }
      }
      try file.endPage()
    }
    var start = 0
    for number in 0..<shardCount {
      let shard = try shard(number)
      try file.append(IndexedShards.entry(shard.object, shard.kind, start: start))
      start += shard.ids.count
    }
    try file.endPage()
    for tree in trees.sorted() { try file.append(tree.bytes) }
    try file.keep()
  }

  /// The first 8 bytes of digests by their ordinals, and the ordinals in the order of these.
  private struct Sorted {
    let words: [UInt64]
    let order: [UInt32]

    /// Whether no two begin with the same 8 bytes.
    var isDistinct: Bool {
      zip(order, order.dropFirst()).allSatisfy { words[Int($0)] != words[Int($1)] }
    }
  }

  private func sorted(
    _ digests: (RecordIndex.NewShard) -> some Sequence<Digest>
  ) throws -> Sorted {
    var words: [UInt64] = []
    words.reserveCapacity(recordCount)
    for number in 0..<shardCount {
      for digest in digests(try shard(number)) { words.append(digest.leadingWord) }
    }
    return Sorted(words: words, order: DigestOrder.sorted(words))
  }

  /// Writes one digest a record.
  private func write(
    to file: inout PagedFile, _ digests: (RecordIndex.NewShard) -> some Sequence<Digest>
  ) throws {
    for number in 0..<shardCount {
      for digest in digests(try shard(number)) {
        try digest.withBytes { (bytes) throws(StoreError) in try file.append(bytes) }
      }
    }
    try file.endPage()
  }

  /// Writes the directory of digests, and its entries.
  private func write(to file: inout PagedFile, _ sorted: Sorted) throws {
    let directory = DigestDirectory(count: sorted.order.count)
    var position = 0
    for bucket in 0..<directory.bucketCount {
      try file.append(little: UInt32(position))
      while position < sorted.order.count,
        directory.bucket(sorted.words[Int(sorted.order[position])]) == bucket
      {
        position += 1
      }
    }
    try file.append(little: UInt32(position))
    try file.endPage()
    for ordinal in sorted.order {
      try file.append(little: directory.fingerprint(sorted.words[Int(ordinal)]))
      try file.append(little: ordinal)
    }
    try file.endPage()
  }
}

extension PagedFile {
  fileprivate mutating func append(little number: some FixedWidthInteger) throws(StoreError) {
    let number = number.littleEndian
    try withBytes(of: number) { (bytes) throws(StoreError) in try append(bytes) }
  }
}

/// Lends the bytes of a value to a closure that may throw an error of one type.
func withBytes<Value, Failure: Error>(
  of value: Value, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
) throws(Failure) {
  var failure: Failure?
  withUnsafeBytes(of: value) { bytes in
    do throws(Failure) { try body(bytes) } catch { failure = error }
  }
  if let failure { throw failure }
}
