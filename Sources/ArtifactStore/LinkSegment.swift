import CanonicalJSON
import Git

/// A shard with what its records name.
struct LinkedShard: Sendable {
  let object: ObjectID
  let kind: RecordKind
  let digest: Digest
  let rowCount: Int
  /// The words of keys, and the row of each.
  var keys: [UInt64] = []
  var rows: [UInt32] = []
  /// Of records about drafts the first 8 bytes of the draft's id, 0 for none, by row.
  var drafts: [UInt64] = []
}

extension LinkedShard {
  /// Reads the content of a shard.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for content that is no lines.
  init(_ place: ShardReader.Place, content: [UInt8]) throws(StoreError) {
    guard let kind = place.path.kind else {
      throw StoreError(.corrupt, "'\(place.path.text)' is no shard")
    }
    let lines = try Shard.lineRanges(content)
    self.init(
      object: place.object, kind: kind, digest: place.path.digest, rowCount: lines.count)
    rows.reserveCapacity(lines.count)
    content.withUnsafeBytes { bytes in
      for (row, line) in lines.enumerated() {
        let line = UnsafeRawBufferPointer(rebasing: bytes[line])
        let draft = LineLinks.append(to: &keys, kind, line)
        if kind.judges { drafts.append(draft ?? 0) }
        while rows.count < keys.count { rows.append(UInt32(row)) }
      }
    }
  }
}

/// One immutable file of the links index: by what its records name, the rows of some shards.
///
/// A ``ColumnFile`` of four columns: entries of 12 bytes, a key and the ordinal of a row, in the order of
/// the keys; the shards (``LinkedShards``); the trees that are covered, sorted; and for each rejection and
/// verdict the first 8 bytes of the id of the draft that it is about. A row's ordinal counts all rows of
/// the shards before.
final class LinkSegment: Sendable {
  static let entrySize = 12
  private static let form = 2

  let shards: LinkedShards
  let entryCount: Int
  let treeCount: Int
  private let file: ColumnFile

  /// Opens a segment, or returns nil when it is missing, cut off or damaged at its ends.
  init?(_ path: String) {
    guard let file = ColumnFile(path), file.columnCount == 4, file.header["form"]?.int == Self.form,
      file.size(ofColumn: 0) % Self.entrySize == 0,
      file.size(ofColumn: 2) % ObjectID.byteCount == 0,
      let shards = LinkedShards(file, column: 1), file.size(ofColumn: 3) == 8 * shards.draftCount
    else { return nil }
    self.file = file
    self.shards = shards
    entryCount = file.size(ofColumn: 0) / Self.entrySize
    treeCount = file.size(ofColumn: 2) / ObjectID.byteCount
  }

  var rowCount: Int { shards.rowCount }

  /// Whether every page holds what was written.
  var isWhole: Bool { file.isWhole }

  private func bytes(_ range: Range<Int>, _ column: Int) throws(IndexDamage)
    -> UnsafeRawBufferPointer
  {
    guard let bytes = file.bytes(range, ofColumn: column) else { throw IndexDamage() }
    return bytes
  }

  /// An entry by its place in the order of keys.
  func entry(_ position: Int) throws(IndexDamage) -> (key: UInt64, ordinal: Int) {
    let start = position * Self.entrySize
    let bytes = try bytes(start..<(start + Self.entrySize), 0)
    let ordinal = Int(bytes.loadLittle(at: 8, UInt32.self))
    guard ordinal < rowCount else { throw IndexDamage() }
    return (bytes.loadLittle(at: 0, UInt64.self), ordinal)
  }

  /// Visits the ordinals of the rows that name something.
  ///
  /// - Parameters:
  ///   - key: What they name.
  ///   - last: Where the last look ended, for those who look for one key after another in their order.
  ///   - body: Takes each.
  /// - Throws: ``IndexDamage`` where a page is not what was written.
  func visit(
    _ key: LinkKey, after last: inout Cursor, _ body: (_ ordinal: Int) -> Void
  ) throws(IndexDamage) {
    var position = try DigestOrder.lowerBound(
      of: key.word, in: entryCount, after: (last.position, last.word)
    ) { (position) throws(IndexDamage) in try entry(position).key }
    defer { last = Cursor(position: position, word: key.word) }
    while position < entryCount {
      let found = try entry(position)
      guard found.key == key.word else { return }
      body(found.ordinal)
      position += 1
    }
  }

  func visit(_ key: LinkKey, _ body: (_ ordinal: Int) -> Void) throws(IndexDamage) {
    var cursor = Cursor()
    try visit(key, after: &cursor, body)
  }

  /// Where a look at some key ended.
  struct Cursor {
    fileprivate var position = 0
    fileprivate var word: UInt64 = 0
  }

  /// The first 8 bytes of the id of the draft that a rejection or a verdict is about; 0 for none.
  func draft(of ordinal: Int, in shard: LinkedShards.Shard) throws(IndexDamage) -> UInt64 {
    guard shard.kind.judges else { return 0 }
    let place = 8 * (shard.drafts + ordinal - shard.ordinals.lowerBound)
    return try bytes(place..<(place + 8), 3).loadLittle(at: 0, UInt64.self)
  }

  func covers(_ tree: ObjectID) throws(IndexDamage) -> Bool {
    var low = 0
    var high = treeCount
    while low < high {
      let middle = (low + high) / 2
      let found = try self.tree(middle)
      if found == tree { return true }
      if found < tree { low = middle + 1 } else { high = middle }
    }
    return false
  }

  func tree(_ number: Int) throws(IndexDamage) -> ObjectID {
    let start = number * ObjectID.byteCount
    return ObjectID(loading: try bytes(start..<(start + ObjectID.byteCount), 2))
  }

  // MARK: - Writing

  /// Writes a segment that holds what others do, and new shards; 20 bytes of memory a new link.
  static func write(
    _ new: [LinkedShard], merging old: [LinkSegment], trees: Set<ObjectID>, to path: String
  ) throws {
    var file = try ColumnFileWriter(path)
    try writeEntries(new, merging: old, to: &file)
    try LinkedShards.write(
      old.flatMap(\.shards).map { ($0.object, $0.kind, $0.digest, $0.ordinals.count) }
        + new.map { ($0.object, $0.kind, $0.digest, $0.rowCount) },
      to: &file)
    for tree in trees.sorted() {
      try tree.bytes.withUnsafeBytes { try file.append($0) }
    }
    try file.endColumn()
    for segment in old {
      let size = segment.file.size(ofColumn: 3)
      if size > 0 { try file.append(try segment.bytes(0..<size, 3)) }
    }
    for shard in new { try file.append(shard.drafts) }
    try file.endColumn()
    try file.finish(header: JSONObject([("form", JSON(form))]))
  }

  private static func writeEntries(
    _ new: [LinkedShard], merging old: [LinkSegment], to file: inout ColumnFileWriter
  ) throws {
    let rowCount = old.reduce(0) { $0 + $1.rowCount } + new.reduce(0) { $0 + $1.rowCount }
    guard rowCount <= Int(UInt32.max) else {
      throw StoreError(.refused, "\(rowCount) records are more than an index can number")
    }
    var sources: [Source] = []
    var base = 0
    for segment in old {
      sources.append(Source(segment, base: base))
      base += segment.rowCount
    }
    var keys: [UInt64] = []
    var ordinals: [UInt32] = []
    for shard in new {
      keys += shard.keys
      ordinals += shard.rows.map { UInt32(base) + $0 }
      base += shard.rowCount
    }
    let order = DigestOrder.sorted(keys)
    var place = 0
    var buffer: [UInt8] = []
    func add(_ key: UInt64, _ ordinal: UInt32) throws {
      withUnsafeBytes(of: key.littleEndian) { buffer += $0 }
      withUnsafeBytes(of: ordinal.littleEndian) { buffer += $0 }
      if buffer.count >= 1 << 16 {
        try file.append(buffer)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    for index in sources.indices { try sources[index].advance() }
    while true {
      var least: Int?
      for index in sources.indices {
        guard let head = sources[index].head else { continue }
        if let other = least, let best = sources[other].head, best.key <= head.key { continue }
        least = index
      }
      let newKey = place < order.count ? keys[Int(order[place])] : nil
      if let least, let head = sources[least].head, newKey.map({ head.key <= $0 }) ?? true {
        try add(head.key, UInt32(head.ordinal))
        try sources[least].advance()
      } else if let newKey {
        try add(newKey, ordinals[Int(order[place])])
        place += 1
      } else {
        break
      }
    }
    try file.append(buffer)
    try file.endColumn()
  }

  /// The entries of an older segment, one after another.
  private struct Source {
    let segment: LinkSegment
    let base: Int
    private var position = 0
    private(set) var head: (key: UInt64, ordinal: Int)?

    init(_ segment: LinkSegment, base: Int) {
      self.segment = segment
      self.base = base
    }

    mutating func advance() throws(IndexDamage) {
      head = nil
      guard position < segment.entryCount else { return }
      let entry = try segment.entry(position)
      head = (entry.key, base + entry.ordinal)
      position += 1
    }
  }
}
