import ArtifactStore
import Foundation

/// Keeps the runs of words of many texts in a file that nobody else sees: 8 bytes of memory a text.
///
/// The first texts may stand in a column of another file.
struct ShingleFile: ~Copyable {
  private static let bufferSize = 1 << 16

  /// A column of hashes, with where each text's end.
  struct Column: Sendable {
    let file: ColumnFile
    let number: Int
    let ends: [UInt64]
  }

  private let column: Column?
  private let descriptor: Int32
  /// Where each text's hashes end.
  private var ends: [Int] = []
  private var buffer: [UInt64] = []
  private var writtenCount = 0

  /// Makes an empty file in the folder for temporary files, for the texts after those of a column.
  init(after column: Column? = nil) throws(SimulaError) {
    self.column = column
    var path = Array(
      FileManager.default.temporaryDirectory.appending(path: "stemma-XXXXXX")
        .path(percentEncoded: false).utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw Self.failure() }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(path)
  }

  deinit { close(descriptor) }

  private var columnCount: Int { column?.ends.count ?? 0 }
  var count: Int { columnCount + ends.count }

  /// How many hashes a text has.
  func size(_ number: Int) -> Int {
    if let column, number < columnCount {
      return Int(clamping: column.ends[number] &- (number == 0 ? 0 : column.ends[number - 1]))
    }
    let number = number - columnCount
    return ends[number] - (number == 0 ? 0 : ends[number - 1])
  }

  mutating func append(_ shingles: Shingles) throws(SimulaError) {
    buffer += shingles.hashes
    ends.append((ends.last ?? 0) + shingles.hashes.count)
    guard buffer.count >= Self.bufferSize else { return }
    var position = 0
    let size = buffer.count * MemoryLayout<UInt64>.size
    while position < size {
      let written = buffer.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress.map { $0 + position }, size - position)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw Self.failure() }
      position += written
    }
    writtenCount += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }

  subscript(number: Int) -> Shingles {
    get throws(SimulaError) {
      if let column, number < columnCount { return try column.shingles(number) }
      let number = number - columnCount
      let range = (number == 0 ? 0 : ends[number - 1])..<ends[number]
      guard range.lowerBound < writtenCount else {
        let start = range.lowerBound - writtenCount
        return Shingles(sorted: Array(buffer[start..<(start + range.count)]))
      }
      var hashes = [UInt64](repeating: 0, count: range.count)
      let size = range.count * MemoryLayout<UInt64>.size
      let read = hashes.withUnsafeMutableBytes { bytes in
        pread(
          descriptor, bytes.baseAddress, size, range.lowerBound * MemoryLayout<UInt64>.size)
      }
      guard read == size else { throw Self.failure() }
      return Shingles(sorted: hashes)
    }
  }

  private static func failure() -> SimulaError {
    SimulaError(
      .storage, "cannot keep what questions are compared by: \(String(cString: strerror(errno)))",
      hint: "check the space in '\(FileManager.default.temporaryDirectory.path)'")
  }
}

extension ShingleFile.Column {
  func shingles(_ text: Int) throws(SimulaError) -> Shingles {
    let size = UInt64(MemoryLayout<UInt64>.size)
    let start = text == 0 ? 0 : ends[text - 1]
    guard start <= ends[text], ends[text] <= UInt64(file.size(ofColumn: number)) / size,
      let bytes = file.bytes(Int(start * size)..<Int(ends[text] * size), ofColumn: number)
    else { throw SimulaError.damagedHistory }
    return Shingles(
      sorted: stride(from: 0, to: bytes.count, by: Int(size)).map { place in
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      })
  }
}
