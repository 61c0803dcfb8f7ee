import Foundation

/// Reads numbered lines from a file or a pipe, plain or in zstd frames; memory is bounded by the longest
/// line that is kept.
package struct NumberedLines: ~Copyable {
  /// One line, or that it was too long to be kept.
  package enum Line: Sendable {
    case whole([UInt8])
    case tooLong
  }

  private static let stepInBytes = 256 << 10
  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  private let descriptor: Int32
  private let name: String
  private var raw = [UInt8](repeating: 0, count: stepInBytes)
  private var rawRange = 0..<0
  private var codec: ZstdDecompressor?
  private var buffer = [UInt8](repeating: 0, count: stepInBytes)
  private var range = 0..<0
  private var isAtStart = true
  /// The number of the last line, from 1.
  package private(set) var number = 0
  /// The number of bytes read so far, as they are in the file.
  package private(set) var sizeInBytes = 0

  /// Reads from an open file, which stays open.
  package init(_ descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// The next line without its line feed, or nil at the end.
  ///
  /// - Throws: ``StoreError`` when reading fails, or with code `corrupt` for damaged compression.
  package mutating func next() throws(StoreError) -> Line? {
    var line: [UInt8] = []
    var isTooLong = false
    var hasBegun = false
    while true {
      if range.isEmpty, try !fill() {
        guard hasBegun else { return nil }
        break
      }
      hasBegun = true
      let end = buffer.span.bytes.extracting(range).firstLineFeed(from: 0)
      let part = range.lowerBound..<(end.map { range.lowerBound + $0 } ?? range.upperBound)
      if !isTooLong { line.append(contentsOf: buffer[part]) }
      if line.count > Shard.maximumLineSizeInBytes {
        isTooLong = true
        line = []
      }
      range = min(part.upperBound + (end == nil ? 0 : 1), range.upperBound)..<range.upperBound
      if end != nil { break }
    }
    number += 1
    return isTooLong ? .tooLong : .whole(line)
  }

  /// Makes more of the content available; false at its end.
  private mutating func fill() throws(StoreError) -> Bool {
    while true {
      if rawRange.isEmpty, try !readRaw() {
        guard codec?.isInside != true else {
          throw StoreError(
            .corrupt, "\(name) ends in the middle of a zstd frame",
            hint: "copy the file again: a part of it is missing")
        }
        return false
      }
      guard codec != nil else {
        swap(&raw, &buffer)
        (range, rawRange) = (rawRange, 0..<0)
        return true
      }
      let made = try decompress()
      range = 0..<made
      if made > 0 { return true }
    }
  }

  private mutating func decompress() throws(StoreError) -> Int {
    let rest = rawRange
    var result: Result<(taken: Int, made: Int), StoreError> = .success((0, 0))
    buffer.withUnsafeMutableBytes { room in
      raw.withUnsafeBytes { bytes in
        do throws(StoreError) {
          result = .success(
            try codec?.step(UnsafeRawBufferPointer(rebasing: bytes[rest]), into: room) ?? (0, 0))
        } catch {
          result = .failure(
            StoreError(.corrupt, "\(name) is damaged: \(error.message)", hint: error.hint))
        }
      }
    }
    let (taken, made) = try result.get()
    rawRange = (rest.lowerBound + taken)..<rest.upperBound
    return made
  }

  /// Reads from the file; false at its end.
  private mutating func readRaw() throws(StoreError) -> Bool {
    var count = try read(at: 0)
    // A pipe may give less than the four bytes that tell.
    while isAtStart, count > 0, count < Self.magic.count {
      let more = try read(at: count)
      count += more
      if more == 0 { break }
    }
    if isAtStart, raw[..<count].starts(with: Self.magic) { codec = ZstdDecompressor() }
    isAtStart = false
    rawRange = 0..<count
    sizeInBytes += count
    return count > 0
  }

  private mutating func read(at start: Int) throws(StoreError) -> Int {
    while true {
      let count = raw.withUnsafeMutableBytes { bytes in
        Foundation.read(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw StoreError(.io, "cannot read \(name): \(String(cString: strerror(errno)))")
      }
      return count
    }
  }
}
