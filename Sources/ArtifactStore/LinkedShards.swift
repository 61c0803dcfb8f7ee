import Git

/// The shards of a segment of links, each read from the file when it is looked at.
///
/// An entry has 64 bytes: the object, the kind and three zeros, the digest, and where its rows and their
/// drafts begin, 4 bytes each, with the end of all in an entry more.
struct LinkedShards: RandomAccessCollection, Sendable {
  static let entrySizeInBytes = 64

  /// A shard as the index of links knows it.
  struct Shard: Sendable {
    let object: ObjectID
    let kind: RecordKind
    let digest: Digest
    let ordinals: Range<Int>
    /// Where the drafts of its rows begin.
    let drafts: Int
  }

  let count: Int
  /// How many rows and how many drafts they have.
  let rowCount, draftCount: Int
  /// Keeps the bytes mapped.
  private let file: ColumnFile
  private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Takes a column, or returns nil when it is damaged or no list of shards.
  init?(_ file: ColumnFile, column: Int) {
    let size = file.size(ofColumn: column)
    guard size > 0, size % Self.entrySizeInBytes == 0,
      let bytes = file.bytes(0..<size, ofColumn: column)
    else { return nil }
    self.file = file
    self.bytes = bytes
    count = size / Self.entrySizeInBytes - 1
    rowCount = Self.start(count, in: bytes)
    draftCount = Self.firstDraft(count, in: bytes)
    var (row, draft) = (0, 0)
    for number in 0..<count {
      let (start, end) = (Self.start(number, in: bytes), Self.start(number + 1, in: bytes))
      guard start == row, end >= start, draft == Self.firstDraft(number, in: bytes),
        let kind = Self.kind(number, in: bytes)
      else { return nil }
      row = end
      if kind.judges { draft += end - start }
    }
    guard row == rowCount, draft == draftCount else { return nil }
  }

  var startIndex: Int { 0 }
  var endIndex: Int { count }

  subscript(number: Int) -> Shard {
    precondition(indices.contains(number))
    let entry = UnsafeRawBufferPointer(rebasing: bytes[(number * Self.entrySizeInBytes)...])
    return Shard(
      object: ObjectID(loading: entry), kind: Self.kind(number, in: bytes) ?? .calls,
      digest: Digest(loading: UnsafeRawBufferPointer(rebasing: entry[24..<56])),
      ordinals: Self.start(number, in: bytes)..<Self.start(number + 1, in: bytes),
      drafts: Self.firstDraft(number, in: bytes))
  }

  /// The number of the shard that holds a row.
  func number(of ordinal: Int) -> Int {
    var low = 0
    var high = count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if Self.start(middle, in: bytes) <= ordinal { low = middle } else { high = middle - 1 }
    }
    return low
  }

  private static func start(_ number: Int, in bytes: UnsafeRawBufferPointer) -> Int {
    Int(bytes.loadLittle(at: number * entrySizeInBytes + 56, UInt32.self))
  }

  private static func firstDraft(_ number: Int, in bytes: UnsafeRawBufferPointer) -> Int {
    Int(bytes.loadLittle(at: number * entrySizeInBytes + 60, UInt32.self))
  }

  private static func kind(_ number: Int, in bytes: UnsafeRawBufferPointer) -> RecordKind? {
    RecordKind(code: bytes[number * entrySizeInBytes + 20])
  }

  // MARK: - Writing

  /// Writes the entries of some shards as a column; the first begins at row 0.
  static func write(
    _ shards: some Sequence<(object: ObjectID, kind: RecordKind, digest: Digest, rowCount: Int)>,
    to file: inout ColumnFileWriter
  ) throws(StoreError) {
    var (row, draft) = (0, 0)
    for shard in shards {
      var bytes = shard.object.bytes + [shard.kind.code, 0, 0, 0]
      shard.digest.withBytes { bytes += $0 }
      try file.append(bytes)
      try file.append([UInt32(row), UInt32(draft)])
      row += shard.rowCount
      if shard.kind.judges { draft += shard.rowCount }
    }
    try file.append([UInt8](repeating: 0, count: 56))
    try file.append([UInt32(row), UInt32(draft)])
    try file.endColumn()
  }
}

extension RecordKind {
  /// Whether records of this kind are about a draft.
  var judges: Bool { self == .rejections || self == .verdicts }
}
