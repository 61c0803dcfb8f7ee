import Git

/// Part of the index is not what was written.
struct IndexDamage: Error {}

/// What names a shard: equal lines of two kinds are one object, yet other records.
struct ShardKey: Hashable, Sendable {
  let object: ObjectID
  let kind: RecordKind

  init(_ object: ObjectID, _ kind: RecordKind) {
    self.object = object
    self.kind = kind
  }
}

/// One immutable file of the index: the records of some shards, found by id or call key.
///
/// All numbers are little-endian. Sections begin at whole pages, in this order: the header; the ids,
/// 32 bytes each, shard by shard in row order; their directory and its entries, sorted by the first 8
/// bytes (``DigestDirectory``); the keys of calls in the same three sections; for imports the hash of
/// each record's key field, 8 bytes each; the shards; the objects of the trees that are covered, sorted;
/// the CRC-32 of every page before, and that of these checksums.
final class IndexSegment: Sendable {
  let layout: IndexLayout
  let shards: IndexedShards
  private let file: MappedFile

  /// Opens a segment, or returns nil when it is missing, cut off or damaged at its ends.
  init?(_ path: String) {
    guard let file = MappedFile(path), let layout = IndexLayout(file) else { return nil }
    self.file = file
    self.layout = layout
    // Checksums that are damaged fit no page: there is no need to look at all of them.
    guard let bytes = try? IndexSegment.checked(layout.shards, file, layout),
      (try? IndexSegment.checked(0..<IndexLayout.headerSizeInBytes, file, layout)) != nil,
      let shards = IndexedShards(bytes, in: file, recordCount: layout.recordCount)
    else { return nil }
    self.shards = shards
  }

  private static func checked(
    _ range: Range<Int>, _ file: MappedFile, _ layout: IndexLayout
  ) throws(IndexDamage) -> UnsafeRawBufferPointer {
    let table = file.bytes(layout.checksums)
    guard file.isWhole(range, checksum: { table.loadLittle(at: $0 * 4, UInt32.self) }) else {
      throw IndexDamage()
    }
    return file.bytes(range)
  }

  /// Whether every page holds what was written.
  var isWhole: Bool {
    let end = layout.checksums.upperBound
    return Checksum.crc32(file.bytes(layout.checksums))
      == file.bytes(end..<(end + 4)).loadLittle(at: 0, UInt32.self)
      && (try? bytes(0..<layout.checksums.lowerBound)) != nil
  }

  /// Gives memory back after much was read once.
  func release() { file.release() }

  private func bytes(_ range: Range<Int>) throws(IndexDamage) -> UnsafeRawBufferPointer {
    try Self.checked(range, file, layout)
  }

  /// The ids and what finds them, all of whose pages were checked; they live as long as the segment.
  struct Columns: Sendable {
    private nonisolated(unsafe) let ids, starts, entries: UnsafeRawBufferPointer
    private let directory: DigestDirectory

    fileprivate init(
      ids: UnsafeRawBufferPointer, starts: UnsafeRawBufferPointer,
      entries: UnsafeRawBufferPointer, directory: DigestDirectory
    ) {
      self.ids = ids
      self.starts = starts
      self.entries = entries
      self.directory = directory
    }

    var count: Int { directory.count }

    /// The ordinal of a record by its place in the order of the first 8 bytes of ids.
    func ordinal(_ position: Int) -> Int {
      Int(entries.loadLittle(at: position * 8 + 4, UInt32.self))
    }

    /// The first 8 bytes of an id.
    func word(_ ordinal: Int) -> UInt64 {
      UInt64(bigEndian: ids.loadUnaligned(fromByteOffset: ordinal * Digest.length, as: UInt64.self))
    }

    func id(_ ordinal: Int) -> RecordID {
      let start = ordinal * Digest.length
      let bytes = UnsafeRawBufferPointer(rebasing: ids[start..<(start + Digest.length)])
      return RecordID(digest: Digest(loading: bytes))
    }

    private func positions(of word: UInt64) -> Range<Int> {
      directory.positions(
        of: word...word, start: { Int(starts.loadLittle(at: $0 * 4, UInt32.self)) },
        { entries.loadLittle(at: $0 * 8, UInt32.self) })
    }

    /// Visits the ordinals of the ids that begin with some 8 bytes.
    func visit(word wanted: UInt64, _ body: (_ ordinal: Int) -> Void) {
      for position in positions(of: wanted) {
        let ordinal = ordinal(position)
        if word(ordinal) == wanted { body(ordinal) }
      }
    }

    /// The ordinal of an id that meets a condition, or nil when there is none.
    func ordinal(of id: RecordID, where isWanted: (_ ordinal: Int) -> Bool) -> Int? {
      for position in positions(of: id.digest.leadingWord) {
        let ordinal = ordinal(position)
        if isWanted(ordinal), self.id(ordinal) == id { return ordinal }
      }
      return nil
    }
  }

  func columns() throws(IndexDamage) -> Columns {
    let columns = Columns(
      ids: try bytes(layout.ids.column), starts: try bytes(layout.ids.starts),
      entries: try bytes(layout.ids.entries), directory: layout.ids.directory)
    for position in 0..<columns.count where columns.ordinal(position) >= layout.recordCount {
      throw IndexDamage()
    }
    return columns
  }

  /// The bytes of the ids of some records, 32 each.
  func idBytes(_ records: Range<Int>) throws(IndexDamage) -> UnsafeRawBufferPointer {
    try bytes(layout.ids.column.entries(records, size: Digest.length))
  }

  func id(_ ordinal: Int) throws(IndexDamage) -> RecordID {
    RecordID(digest: Digest(loading: try idBytes(ordinal..<(ordinal + 1))))
  }

  /// A shard with all that the segment knows of it.
  func shard(_ number: Int) throws(IndexDamage) -> RecordIndex.NewShard {
    let shard = shards[number]
    let ids = try idBytes(shard.records)
    var keys: [Digest] = []
    if layout.hasKeys {
      keys = try bytes(layout.keys.column.entries(shard.records, size: Digest.length)).digests
    }
    return RecordIndex.NewShard(
      object: shard.object, kind: shard.kind, ids: ids.digests.map(RecordID.init)[...],
      keys: keys, keyHashes: try keyHashes(shard.records))
  }

  /// The hashes of the keys of some records; empty when the segment has none.
  func keyHashes(_ records: Range<Int>) throws(IndexDamage) -> [UInt64] {
    guard layout.keyField != nil else { return [] }
    let bytes = try bytes(layout.keyHashes.entries(records, size: 8))
    return (0..<records.count).map { bytes.loadLittle(at: $0 * 8, UInt64.self) }
  }

  /// All covered trees.
  func trees() throws(IndexDamage) -> [ObjectID] {
    let bytes = try bytes(layout.trees)
    return (0..<layout.treeCount).map { number in
      let place = number * ObjectID.byteCount
      return ObjectID(
        loading: UnsafeRawBufferPointer(rebasing: bytes[place..<(place + ObjectID.byteCount)]))
    }
  }

  func covers(_ tree: ObjectID) throws(IndexDamage) -> Bool {
    var low = 0
    var high = layout.treeCount
    while low < high {
      let middle = (low + high) / 2
      let entry = layout.trees.entries(middle..<(middle + 1), size: ObjectID.byteCount)
      let found = ObjectID(loading: try bytes(entry))
      if found == tree { return true }
      if found < tree { low = middle + 1 } else { high = middle }
    }
    return false
  }

  /// The shard that holds a record, and its row there.
  func place(_ ordinal: Int) -> (shard: IndexedShard, row: Int) {
    let shard = shards[shards.number(of: ordinal)]
    return (shard, ordinal - shard.records.lowerBound)
  }
}

// MARK: - Searching

extension IndexSegment {
  /// Visits the ordinals of the ids that start with some bytes, in the order of their first 8 bytes.
  func visit(
    idPrefix prefix: [UInt8], _ body: (_ ordinal: Int) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    try visit(layout.ids, prefix) { (ordinal, _) throws(IndexDamage) in try body(ordinal) }
  }

  /// Visits the ordinals of the calls with a key, in no order.
  func visit(
    key: Digest, _ body: (_ ordinal: Int) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    for position in try positions(layout.keys, key.leadingWord...key.leadingWord) {
      let ordinal = try ordinal(position, layout.keys)
      if try digest(ordinal, layout.keys) == key {
        guard try body(ordinal) else { return }
      }
    }
  }

  /// Visits the calls whose keys start with some bytes, with their keys.
  func visit(
    keyPrefix prefix: [UInt8],
    _ body: (_ ordinal: Int, _ key: Digest) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    try visit(layout.keys, prefix, body)
  }

  private func visit(
    _ digests: IndexLayout.Digests, _ prefix: [UInt8],
    _ body: (_ ordinal: Int, _ digest: Digest) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    func padded(_ byte: UInt8) -> Digest {
      Digest(bytes: prefix + [UInt8](repeating: byte, count: Digest.length - prefix.count))
    }
    let (first, last) = (padded(0), padded(255))
    for position in try positions(digests, first.leadingWord...last.leadingWord) {
      let ordinal = try ordinal(position, digests)
      let found = try digest(ordinal, digests)
      if first <= found, found <= last {
        guard try body(ordinal, found) else { return }
      }
    }
  }

  private func positions(
    _ digests: IndexLayout.Digests, _ words: ClosedRange<UInt64>
  ) throws(IndexDamage) -> Range<Int> {
    try digests.directory.positions(
      of: words,
      start: { (bucket) throws(IndexDamage) in
        Int(try number(bucket * DigestDirectory.startSizeInBytes, digests.starts))
      },
      { (position) throws(IndexDamage) in
        try number(position * DigestDirectory.entrySizeInBytes, digests.entries)
      })
  }

  private func ordinal(
    _ position: Int, _ digests: IndexLayout.Digests
  ) throws(IndexDamage) -> Int {
    let ordinal = Int(try number(position * DigestDirectory.entrySizeInBytes + 4, digests.entries))
    guard ordinal < layout.recordCount else { throw IndexDamage() }
    return ordinal
  }

  private func digest(
    _ ordinal: Int, _ digests: IndexLayout.Digests
  ) throws(IndexDamage) -> Digest {
    Digest(
      loading: try bytes(digests.column.entries(ordinal..<(ordinal + 1), size: Digest.length)))
  }

  /// Four bytes of a section.
  private func number(_ offset: Int, _ section: Range<Int>) throws(IndexDamage) -> UInt32 {
    let start = section.lowerBound + offset
    precondition(start + 4 <= section.upperBound)
    return try bytes(start..<(start + 4)).loadLittle(at: 0, UInt32.self)
  }
}

extension Range<Int> {
  /// The bytes of some entries of a section.
  func entries(_ entries: Range<Int>, size: Int) -> Range<Int> {
    let range = (lowerBound + entries.lowerBound * size)..<(lowerBound + entries.upperBound * size)
    precondition(range.upperBound <= upperBound)
    return range
  }
}

extension UnsafeRawBufferPointer {
  /// Digests that lie one after another.
  var digests: [Digest] {
    stride(from: 0, to: count, by: Digest.length).map {
      Digest(loading: UnsafeRawBufferPointer(rebasing: self[$0..<($0 + Digest.length)]))
    }
  }

  func loadLittle<Number: FixedWidthInteger>(at offset: Int, _: Number.Type) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}
