import CanonicalJSON
import Git

/// Gathers records of one kind into shards and hands them over to be compressed.
struct ShardWriter {
  struct Written {
    let path: ArtifactPath
    let shard: RecordIndex.NewShard
  }

  private let kind: RecordKind
  private let press: ShardPress
  private let keyField: String?
  private var lines: [UInt8] = []
  private var keys: [Digest] = []
  private var count = 0
  private var closed: [(number: Int, count: Int, keys: [Digest])] = []

  init(kind: RecordKind, press: ShardPress, keyField: String? = nil) {
    self.kind = kind
    self.keyField = keyField
    self.press = press
  }

  mutating func add(_ record: Record) throws(StoreError) {
    try add(line: record.line.span.bytes)
  }

  /// Adds a call.
  mutating func add(_ call: Record, key: Digest) throws(StoreError) {
    // First: the line may close the shard.
    keys.append(key)
    try add(line: call.line.span.bytes)
  }

  /// Adds a line, without its line feed, of a kind that is not calls.
  mutating func add(line: RawSpan) throws(StoreError) {
    guard line.byteCount <= Shard.maximumLineSizeInBytes else {
      throw StoreError(.refused, "a record of \(line.byteCount) bytes is too long to keep")
    }
    if lines.capacity == 0 { lines = press.makeRoom(kind) }
    line.withUnsafeBytes { lines.append(contentsOf: $0) }
    lines.append(0x0A)
    count += 1
    if lines.count >= Shard.targetSizeInBytes(of: kind) { try close() }
  }

  /// Ends the last shard and waits for all.
  ///
  /// - Parameters:
  ///   - ids: The ids of all records that were added, in that order.
  ///   - keyHashes: For records with a key the hashes, in the same order.
  /// - Returns: The shards in the order of their records.
  /// - Throws: ``StoreError`` when a shard could not be written.
  mutating func finish(
    ids: ArraySlice<RecordID>, keyHashes: ArraySlice<UInt64> = []
  ) throws(StoreError) -> [Written] {
    try close()
    let pressed = try press.finish()
    var start = ids.startIndex
    var keyStart = keyHashes.startIndex
    var all: [Written] = []
    for shard in closed {
      guard let place = pressed[shard.number] else { continue }
      let range = start..<(start + shard.count)
      start = range.upperBound
      var written = RecordIndex.NewShard(
        object: place.object, kind: kind, ids: ids[range], keys: shard.keys)
      if let keyField {
        written.keyHashes = Array(keyHashes[keyStart..<(keyStart + shard.count)])
        written.keyField = keyField
        keyStart += shard.count
      }
      all.append(Written(path: place.path, shard: written))
    }
    return all
  }

  private mutating func close() throws(StoreError) {
    guard count > 0 else { return }
    let content = lines
    lines = []
    closed.append((try press.press(kind, content), count, keys))
    keys = []
    count = 0
  }
}
