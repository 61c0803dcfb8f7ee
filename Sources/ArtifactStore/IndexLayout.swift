import Foundation

/// Where the sections of an index segment lie.
struct IndexLayout: Sendable {
  static let magic = Array("STEMMAX5".utf8)
  static let headerSizeInBytes = MappedFile.pageSizeInBytes
  /// More cannot be numbered with 4 bytes.
  private static let maximumCount = Int(UInt32.max)
  private static let maximumFieldLength = 1024

  let recordCount: Int
  let shardCount: Int
  let treeCount: Int
  let hasKeys: Bool
  /// Whether no two ids begin with the same 8 bytes.
  let isDistinct: Bool
  /// The field whose hashes are there; nil when there are none.
  let keyField: String?

  /// A column of digests in row order, and what finds them.
  struct Digests: Sendable {
    let column, starts, entries: Range<Int>
    let directory: DigestDirectory
  }

  let ids, keys: Digests
  let keyHashes, shards, trees, checksums: Range<Int>

  init(
    recordCount: Int, shardCount: Int, treeCount: Int, hasKeys: Bool, isDistinct: Bool,
    keyField: String? = nil
  ) {
    self.recordCount = recordCount
    self.shardCount = shardCount
    self.treeCount = treeCount
    self.hasKeys = hasKeys
    self.isDistinct = isDistinct
    self.keyField = keyField
    let page = MappedFile.pageSizeInBytes
    var end = Self.headerSizeInBytes
    func section(_ count: Int, _ size: Int) -> Range<Int> {
      let start = (end + page - 1) / page * page
      end = start + count * size
      return start..<end
    }
    func digests(_ count: Int) -> Digests {
      let directory = DigestDirectory(count: count)
      return Digests(
        column: section(count, Digest.length),
        starts: section(directory.startCount, DigestDirectory.startSizeInBytes),
        entries: section(count, DigestDirectory.entrySizeInBytes), directory: directory)
    }
    ids = digests(recordCount)
    keys = digests(hasKeys ? recordCount : 0)
    keyHashes = section(keyField == nil ? 0 : recordCount, 8)
    shards = section(shardCount, IndexedShards.entrySizeInBytes)
    trees = section(treeCount, 20)
    checksums = section((end + page - 1) / page, 4)
  }

  var fileSizeInBytes: Int { checksums.upperBound + 4 }

  /// Reads the header of a file, or returns nil when the rest of the file does not fit it.
  init?(_ file: MappedFile) {
    guard file.count > Self.headerSizeInBytes else { return nil }
    let header = file.bytes(0..<Self.headerSizeInBytes)
    let counts = [8, 16, 24].map { header.loadLittle(at: $0, UInt64.self) }
    let fieldLength = Int(header.loadLittle(at: 40, UInt32.self))
    guard header.starts(with: Self.magic), counts.allSatisfy({ $0 <= UInt64(Self.maximumCount) }),
      fieldLength <= Self.maximumFieldLength
    else { return nil }
    let flags = header.loadLittle(at: 32, UInt64.self)
    let field = String(decoding: header[44..<(44 + fieldLength)], as: UTF8.self)
    self.init(
      recordCount: Int(counts[0]), shardCount: Int(counts[1]), treeCount: Int(counts[2]),
      hasKeys: flags & 1 != 0, isDistinct: flags & 4 != 0, keyField: flags & 2 != 0 ? field : nil)
    guard file.count == fileSizeInBytes else { return nil }
  }

  /// The bytes of the header, one page.
  var header: [UInt8] {
    var header = Self.magic
    func add(_ number: some FixedWidthInteger) {
      withUnsafeBytes(of: number.littleEndian) { header += $0 }
    }
    let field = Array((keyField ?? "").utf8.prefix(Self.maximumFieldLength))
    add(UInt64(recordCount))
    add(UInt64(shardCount))
    add(UInt64(treeCount))
    add(UInt64((hasKeys ? 1 : 0) + (keyField == nil ? 0 : 2) + (isDistinct ? 4 : 0)))
    add(UInt32(field.count))
    header += field
    return header + [UInt8](repeating: 0, count: Self.headerSizeInBytes - header.count)
  }
}
