import Git

/// Part of the index is not what was written.
struct IndexDamage: Error {}

/// A shard as an index knows it.
struct IndexedShard: Sendable {
  let object: ObjectID
  let kind: RecordKind
  /// The ordinals of its records in its segment, in row order.
  let records: Range<Int>
}

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
/// 32 bytes each, shard by shard in row order; their ordinals sorted by id, 4 bytes each; for calls
/// the keys in row order, their first 8 bytes sorted, and their ordinals sorted by key; for imports
/// the hash of each record's key field, 8 bytes each; the shards; the objects of the trees that are
/// covered, sorted; the CRC-32 of every page before, and that of these checksums.
final class IndexSegment: Sendable {
  let layout: IndexLayout
  let shards: [IndexedShard]
  private let file: MappedFile

  /// Opens a segment, or returns nil when it is missing, cut off or damaged at its ends.
  init?(_ path: String) {
    guard let file = MappedFile(path), let layout = IndexLayout(file) else { return nil }
    self.file = file
    self.layout = layout
    let table = file.bytes(layout.checksums)
    let end = layout.checksums.upperBound
    guard Checksum.crc32(table) == file.bytes(end..<(end + 4)).loadLittle(at: 0, UInt32.self),
      let bytes = try? IndexSegment.checked(layout.shards, file, layout),
      (try? IndexSegment.checked(0..<IndexLayout.headerSizeInBytes, file, layout)) != nil
    else { return nil }
    var shards: [IndexedShard] = []
    var next = 0
    for index in 0..<layout.shardCount {
      let place = index * IndexLayout.shardSizeInBytes
      let count = Int(bytes.loadLittle(at: place + 24, UInt32.self))
      guard let kind = RecordKind(code: bytes[place + 20]), next + count <= layout.recordCount
      else { return nil }
      let object = ObjectID(loading: UnsafeRawBufferPointer(rebasing: bytes[place..<(place + 20)]))
      shards.append(IndexedShard(object: object, kind: kind, records: next..<(next + count)))
      next += count
    }
    guard next == layout.recordCount else { return nil }
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
  var isWhole: Bool { (try? bytes(0..<layout.checksums.lowerBound)) != nil }

  /// Gives memory back after much was read once.
  func release() { file.release() }

  private func bytes(_ range: Range<Int>) throws(IndexDamage) -> UnsafeRawBufferPointer {
    try Self.checked(range, file, layout)
  }

  /// The ids and their order, all of whose pages were checked; they live as long as the segment.
  struct Columns: Sendable {
    private nonisolated(unsafe) let ids: UnsafeRawBufferPointer
    private nonisolated(unsafe) let order: UnsafeRawBufferPointer

    fileprivate init(ids: UnsafeRawBufferPointer, order: UnsafeRawBufferPointer) {
      self.ids = ids
      self.order = order
    }

    var count: Int { order.count / 4 }

    func ordinal(_ position: Int) -> Int { Int(order.loadLittle(at: position * 4, UInt32.self)) }

    /// The first 8 bytes of an id.
    func word(_ ordinal: Int) -> UInt64 {
      UInt64(bigEndian: ids.loadUnaligned(fromByteOffset: ordinal * Digest.length, as: UInt64.self))
    }

    func id(_ ordinal: Int) -> RecordID {
      let start = ordinal * Digest.length
      let bytes = UnsafeRawBufferPointer(rebasing: ids[start..<(start + Digest.length)])
      return RecordID(digest: Digest(loading: bytes))
    }

    /// Visits the ordinals of the ids that begin with some 8 bytes.
    func visit(word wanted: UInt64, _ body: (_ ordinal: Int) -> Void) {
      var position = DigestOrder.lowerBound(of: wanted, in: count) { word(ordinal($0)) }
      while position < count, word(ordinal(position)) == wanted {
        body(ordinal(position))
        position += 1
      }
    }

    /// The ordinal of an id that meets a condition, or nil when there is none.
    func ordinal(of id: RecordID, where isWanted: (_ ordinal: Int) -> Bool) -> Int? {
      let wanted = id.digest.leadingWord
      var position = DigestOrder.lowerBound(of: wanted, in: count) { word(ordinal($0)) }
      while position < count {
        let ordinal = ordinal(position)
        guard word(ordinal) == wanted else { return nil }
        if isWanted(ordinal), self.id(ordinal) == id { return ordinal }
        position += 1
      }
      return nil
    }
  }

  func columns() throws(IndexDamage) -> Columns {
    let columns = Columns(ids: try bytes(layout.ids), order: try bytes(layout.order))
    for position in 0..<columns.count where columns.ordinal(position) >= layout.recordCount {
      throw IndexDamage()
    }
    return columns
  }

  /// The bytes of the ids of some records, 32 each.
  func idBytes(_ records: Range<Int>) throws(IndexDamage) -> UnsafeRawBufferPointer {
    try bytes(layout.ids.entries(records, size: Digest.length))
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
      keys = try bytes(layout.keys.entries(shard.records, size: Digest.length)).digests
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
    var low = 0
    var high = shards.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if shards[middle].records.lowerBound <= ordinal { low = middle } else { high = middle - 1 }
    }
    return (shards[low], ordinal - shards[low].records.lowerBound)
  }
}

// MARK: - Searching

extension IndexSegment {
  /// Visits the ordinals of the ids that start with some bytes, in the order of ids.
  func visit(
    idPrefix: [UInt8], _ body: (_ ordinal: Int) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    try visit(idPrefix, order: layout.order, digests: layout.ids, body)
  }

  /// Visits the ordinals of the calls with a key, in no order; only the first 8 bytes are looked at
  /// where none has it.
  func visit(
    key: Digest, _ body: (_ ordinal: Int) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    guard layout.hasKeys else { return }
    let wanted = key.leadingWord
    var position = try DigestOrder.lowerBound(of: wanted, in: layout.recordCount, keyWord)
    while position < layout.recordCount, try keyWord(position) == wanted {
      let ordinal = try self.ordinal(position, layout.keyOrder)
      let entry = try bytes(layout.keys.entries(ordinal..<(ordinal + 1), size: Digest.length))
      if Digest(loading: entry) == key {
        guard try body(ordinal) else { return }
      }
      position += 1
    }
  }

  /// Visits the calls whose keys start with some bytes, with their keys.
  func visit(
    keyPrefix prefix: [UInt8],
    _ body: (_ ordinal: Int, _ key: Digest) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    guard layout.hasKeys else { return }
    let first = Digest(bytes: prefix + [UInt8](repeating: 0, count: Digest.length - prefix.count))
    let last = Digest(bytes: prefix + [UInt8](repeating: 255, count: Digest.length - prefix.count))
    var position = try DigestOrder.lowerBound(
      of: first.leadingWord, in: layout.recordCount, keyWord)
    while position < layout.recordCount, try keyWord(position) <= last.leadingWord {
      let ordinal = try self.ordinal(position, layout.keyOrder)
      let key = Digest(
        loading: try bytes(layout.keys.entries(ordinal..<(ordinal + 1), size: Digest.length)))
      if first <= key, key <= last {
        guard try body(ordinal, key) else { return }
      }
      position += 1
    }
  }

  private func keyWord(_ position: Int) throws(IndexDamage) -> UInt64 {
    try bytes(layout.keyWords.entries(position..<(position + 1), size: 8))
      .loadLittle(at: 0, UInt64.self)
  }

  private func visit(
    _ prefix: [UInt8], order: Range<Int>, digests: Range<Int>,
    _ body: (_ ordinal: Int) throws(IndexDamage) -> Bool
  ) throws(IndexDamage) {
    let first = Digest(bytes: prefix + [UInt8](repeating: 0, count: Digest.length - prefix.count))
    var position = try lowerBound(first.leadingWord, order: order, digests: digests)
    while position < layout.recordCount {
      let ordinal = try self.ordinal(position, order)
      let entry = try bytes(digests.entries(ordinal..<(ordinal + 1), size: Digest.length))
      // Entries are in the order of their first 8 bytes only.
      guard entry.starts(with: prefix.prefix(8)) else { return }
      if entry.starts(with: prefix) {
        guard try body(ordinal) else { return }
      }
      position += 1
    }
  }

  private func ordinal(_ position: Int, _ order: Range<Int>) throws(IndexDamage) -> Int {
    let entry = try bytes(order.entries(position..<(position + 1), size: 4))
    let ordinal = Int(entry.loadLittle(at: 0, UInt32.self))
    guard ordinal < layout.recordCount else { throw IndexDamage() }
    return ordinal
  }

  private func lowerBound(
    _ wanted: UInt64, order: Range<Int>, digests: Range<Int>
  ) throws(IndexDamage) -> Int {
    func word(_ position: Int) throws(IndexDamage) -> UInt64 {
      let ordinal = try self.ordinal(position, order)
      let entry = try bytes(digests.entries(ordinal..<(ordinal + 1), size: Digest.length))
      return Digest(loading: entry).leadingWord
    }
    return try DigestOrder.lowerBound(of: wanted, in: layout.recordCount, word)
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
