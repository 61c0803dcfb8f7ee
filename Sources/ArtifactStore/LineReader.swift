import Foundation

extension RawSpan {
  /// The place of the first line feed from an offset on, or nil when there is none.
  func firstLineFeed(from start: Int) -> Int? {
    withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, start < bytes.count,
        let found = memchr(base + start, 0x0A, bytes.count - start)
      else { return nil }
      return base.distance(to: UnsafeRawPointer(found))
    }
  }
}

/// Reads lines from a file or a pipe, so much at a time as stays in a processor's cache.
package struct LineReader: ~Copyable {
  private static let stepInBytes = 256 << 10

  private let descriptor: Int32
  private let name: String
  private var buffer: [UInt8]
  private var count = 0
  /// The number of bytes read so far.
  package private(set) var sizeInBytes = 0

  /// Reads from an open file, which stays open.
  package init(_ descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    buffer = [UInt8](repeating: 0, count: 2 * Self.stepInBytes)
  }

  /// Lends the next whole lines, each with its line feed, also the last one of the file.
  ///
  /// - Returns: Whether there were any.
  /// - Throws: ``StoreError`` when reading fails or a line is too long to keep.
  package mutating func next(
    _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) -> Bool {
    var isAtEnd = false
    while true {
      let end = lastLineEnd()
      if end > 0 {
        try body(buffer.span.bytes.extracting(0..<end))
        drop(end)
        return true
      }
      if isAtEnd {
        guard count > 0 else { return false }
        buffer[count] = 0x0A
        count += 1
        continue
      }
      guard count <= Shard.maximumLineSizeInBytes else {
        throw StoreError(
          .refused,
          "\(name): the line at byte \(sizeInBytes - count) is longer than "
            + "\(Shard.maximumLineSizeInBytes) bytes",
          hint: "each line is one record; is this a file of JSON lines?")
      }
      isAtEnd = try !fill()
      try refuseCompressed()
    }
  }

  private func refuseCompressed() throws(StoreError) {
    guard sizeInBytes == count, count >= 4 else { return }
    let compressors: [(name: String, magic: [UInt8])] = [
      ("zstd", [0x28, 0xB5, 0x2F, 0xFD]), ("gzip", [0x1F, 0x8B]), ("xz", [0xFD, 0x37, 0x7A, 0x58]),
    ]
    for (program, magic) in compressors where buffer.starts(with: magic) {
      throw StoreError(
        .refused, "\(name) is compressed by \(program), and holds no lines",
        hint: "read it through a pipe: '\(program) -dc FILE | stemma import -'")
    }
  }

  private func lastLineEnd() -> Int {
    var end = count
    while end > 0, buffer[end - 1] != 0x0A { end -= 1 }
    return end
  }

  private mutating func drop(_ end: Int) {
    buffer.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      memmove(base, base + end, count - end)
    }
    count -= end
  }

  /// Reads more; false at the end of the file.
  private mutating func fill() throws(StoreError) -> Bool {
    // One byte stays free for the line feed that may be missing at the end.
    if buffer.count - count <= Self.stepInBytes {
      buffer += [UInt8](repeating: 0, count: buffer.count)
    }
    while true {
      let read = buffer.withUnsafeMutableBytes { bytes in
        Foundation.read(descriptor, bytes.baseAddress.map { $0 + count }, Self.stepInBytes)
      }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else {
        throw StoreError(.io, "cannot read \(name): \(String(cString: strerror(errno)))")
      }
      count += read
      sizeInBytes += read
      return read > 0
    }
  }
}
