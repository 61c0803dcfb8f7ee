import CZlib

/// An object framed for a pack, its bytes stored rather than compressed.
struct PackEntry {
  /// The largest block of stored bytes in a deflate stream.
  static let blockSizeInBytes = 65535

  /// The entry as it stands in the pack.
  let bytes: [UInt8]
  /// The CRC-32 of the entry, as the index wants it.
  let checksum: UInt32

  /// Frames an object; what Stemma stores is compressed already, so that deflate would be a loss.
  init(_ kind: ObjectKind, _ content: RawSpan) {
    let size = content.byteCount
    let blockCount = Self.blockCount(size)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + blockCount * 5 + 16)
    Self.appendHeader(kind, size, to: &bytes)
    // The zlib header: deflate, a 32 KiB window, no dictionary, the fastest level.
    bytes.append(0x78)
    bytes.append(0x01)
    content.withUnsafeBytes { content in
      for block in 0..<blockCount {
        let start = block * Self.blockSizeInBytes
        let end = min(start + Self.blockSizeInBytes, size)
        let length = UInt16(end - start)
        bytes.append(block == blockCount - 1 ? 1 : 0)
        bytes.append(contentsOf: [UInt8(length & 0xff), UInt8(length >> 8)])
        bytes.append(contentsOf: [UInt8(~length & 0xff), UInt8(~length >> 8)])
        bytes.append(contentsOf: content[start..<end])
      }
      let sum = Self.checksum(content, from: 1, with: adler32)
      bytes.append(contentsOf: sum.bigEndianBytes)
    }
    checksum = bytes.withUnsafeBytes { Self.checksum($0, from: 0, with: crc32) }
    self.bytes = bytes
  }

  /// The blocks that hold some bytes; none is empty but the only one.
  static func blockCount(_ size: Int) -> Int {
    max(1, (size + blockSizeInBytes - 1) / blockSizeInBytes)
  }

  /// The kind and size: four bits of size, then seven in each further byte, lowest first.
  private static func appendHeader(_ kind: ObjectKind, _ size: Int, to bytes: inout [UInt8]) {
    var byte = kind.packType << 4 | UInt8(size & 15)
    var rest = size >> 4
    while rest > 0 {
      bytes.append(byte | 0x80)
      byte = UInt8(rest & 0x7f)
      rest >>= 7
    }
    bytes.append(byte)
  }

  /// Runs a checksum of zlib, which counts in 32 bits, over any number of bytes.
  private static func checksum(
    _ bytes: UnsafeRawBufferPointer, from start: UInt,
    with function: (UInt, UnsafePointer<Bytef>?, uInt) -> UInt
  ) -> UInt32 {
    var sum = start
    var offset = 0
    while offset < bytes.count {
      let end = min(offset + (1 << 30), bytes.count)
      let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
      sum = function(sum, part.bindMemory(to: Bytef.self).baseAddress, uInt(part.count))
      offset = end
    }
    return UInt32(truncatingIfNeeded: sum)
  }
}

extension FixedWidthInteger {
  /// The number's bytes, the highest first.
  var bigEndianBytes: [UInt8] {
    withUnsafeBytes(of: bigEndian) { [UInt8]($0) }
  }
}
