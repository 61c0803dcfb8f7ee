/// Where an artifact lies in a tree.
package struct ArtifactPath: Sendable, Hashable {
  /// The folder: a record kind, or `taxonomies`.
  package let folder: String
  package let digest: Digest
  package let isShard: Bool

  package static let taxonomies = "taxonomies"
  /// The folder of what models last grew, before it was merged into a person's text.
  package static let growth = "growth"

  package init(kind: RecordKind, digest: Digest) {
    folder = kind.rawValue
    self.digest = digest
    isShard = true
  }

  package init(folder: String, object digest: Digest) {
    self.folder = folder
    self.digest = digest
    isShard = false
  }

  /// Reads `<folder>/<2 hex>/<digest>.jsonl.zst` or `.json.zst`; nil for any other path.
  package init?(_ path: String) {
    // By bytes, and quickly: a version has thousands. A slash before a combining mark is a slash.
    let bytes = Array(path.utf8)
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")), slash > 0,
      bytes.count > slash + Self.digestStart + Self.hexLength,
      bytes[slash + Self.digestStart - 1] == UInt8(ascii: "/")
    else { return nil }
    let folder = bytes[..<slash]
    let start = slash + Self.digestStart
    let ending = bytes[(start + Self.hexLength)...]
    let isShard = ending.elementsEqual(".jsonl.zst".utf8)
    guard isShard || ending.elementsEqual(".json.zst".utf8),
      bytes[(slash + 1)..<(start - 1)].elementsEqual(bytes[start..<(start + 2)]),
      !folder.elementsEqual(".".utf8), !folder.elementsEqual("..".utf8),
      let digest = Digest(hex: bytes[start..<(start + Self.hexLength)])
    else { return nil }
    self.folder = String(decoding: folder, as: UTF8.self)
    self.digest = digest
    self.isShard = isShard
  }

  /// After the first slash: two digits and another slash.
  private static let digestStart = 4
  private static let hexLength = 2 * Digest.length

  package var kind: RecordKind? { isShard ? RecordKind(rawValue: folder) : nil }

  package var text: String {
    "\(folder)/\(digest.hex.prefix(2))/\(digest.hex).\(isShard ? "jsonl" : "json").zst"
  }
}

/// The bytes of a shard and its lines.
package enum Shard {
  /// A shard is closed when its lines reach this many bytes.
  ///
  /// To read one line half of its shard is decompressed on average. Those that a trace reads are half as large, which
  /// costs 1% more space. Calls repeat their prompts, so that larger shards take 8% less space, and decompress quickly;
  /// of imported lines all that counts is how small and quick they are as a whole.
  package static func targetSizeInBytes(of kind: RecordKind) -> Int {
    switch kind {
    case .calls, .imports: 1 << 20
    default: 512 << 10
    }
  }

  /// The most that an artifact may decompress to.
  package static let maximumSizeInBytes = 256 << 20
  package static let maximumLineSizeInBytes = 16 << 20
  /// A shard of one-byte lines that is closed in time has half as many.
  private static let maximumLineCount = 1 << 20

  /// The ranges of the lines, without their line feeds.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` when the last line has no line feed or a line is
  ///   too long.
  package static func lineRanges(_ content: [UInt8]) throws(StoreError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    let bytes = content.span.bytes
    while let index = bytes.firstLineFeed(from: start) {
      guard index - start <= maximumLineSizeInBytes else {
        throw StoreError(.corrupt, "a line of \(index - start) bytes is beyond what is read")
      }
      guard index > start, ranges.count < maximumLineCount else {
        throw StoreError(.corrupt, "a shard has empty lines or too many")
      }
      ranges.append(start..<index)
      start = index + 1
    }
    guard start == content.count else {
      throw StoreError(.corrupt, "a shard's last line does not end")
    }
    return ranges
  }

  package static func records(
    _ kind: RecordKind, _ content: [UInt8]
  ) throws(StoreError) -> [Record] {
    var records: [Record] = []
    for range in try lineRanges(content) {
      records.append(try Record(kind, line: Array(content[range])))
    }
    return records
  }
}
