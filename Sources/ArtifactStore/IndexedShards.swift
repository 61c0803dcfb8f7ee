import Git

/// A shard as an index knows it.
struct IndexedShard: Sendable {
  let object: ObjectID
  let kind: RecordKind
  /// The ordinals of its records in its segment, in row order.
  let records: Range<Int>
}

/// The shards of an index segment, each read from the file when it is looked at.
struct IndexedShards: RandomAccessCollection, Sendable {
  static let entrySizeInBytes = 28

  let count: Int
  private let recordCount: Int
  private let file: MappedFile
  /// In the mapped file.
  private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Takes the section of a file, or returns nil when it does not tell of so many records.
  init?(_ bytes: UnsafeRawBufferPointer, in file: MappedFile, recordCount: Int) {
    self.bytes = bytes
    self.file = file
    self.recordCount = recordCount
    count = bytes.count / Self.entrySizeInBytes
    var last = 0
    for number in 0..<count {
      let start = start(number)
      guard start >= last, number > 0 || start == 0, kind(number) != nil else { return nil }
      last = start
    }
    guard last <= recordCount, count > 0 || recordCount == 0 else { return nil }
  }

  var startIndex: Int { 0 }
  var endIndex: Int { count }

  subscript(number: Int) -> IndexedShard {
    precondition(indices.contains(number))
    let entry = UnsafeRawBufferPointer(rebasing: bytes[(number * Self.entrySizeInBytes)...])
    let end = number + 1 < count ? start(number + 1) : recordCount
    return IndexedShard(
      object: ObjectID(loading: entry), kind: kind(number) ?? .calls, records: start(number)..<end)
  }

  /// The number of the shard that holds a record.
  func number(of ordinal: Int) -> Int {
    var low = 0
    var high = count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if start(middle) <= ordinal { low = middle } else { high = middle - 1 }
    }
    return low
  }

  private func start(_ number: Int) -> Int {
    Int(bytes.loadLittle(at: number * Self.entrySizeInBytes + 20, UInt32.self))
  }

  private func kind(_ number: Int) -> RecordKind? {
    RecordKind(code: bytes[number * Self.entrySizeInBytes + 24])
  }

  /// The bytes of an entry.
  static func entry(_ object: ObjectID, _ kind: RecordKind, start: Int) -> [UInt8] {
    var bytes = object.bytes
    withUnsafeBytes(of: UInt32(start).littleEndian) { bytes += $0 }
    return bytes + [kind.code, 0, 0, 0]
  }
}
