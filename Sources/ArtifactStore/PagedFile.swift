import Foundation

/// A new file, written page by page, that notes the CRC-32 of every page; it vanishes unless kept.
struct PagedFile: ~Copyable {
  private static let bufferSizeInBytes = 64 * MappedFile.pageSizeInBytes

  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isKept = false
  private(set) var checksums: [UInt8] = []

  init(_ path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
    buffer.reserveCapacity(Self.bufferSizeInBytes)
  }

  deinit {
    close(descriptor)
    if !isKept { unlink(path) }
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(Self.bufferSizeInBytes - buffer.count)
      buffer.append(contentsOf: part)
      rest = rest.dropFirst(part.count)
      if buffer.count == Self.bufferSizeInBytes { try flush() }
    }
  }

  mutating func append(_ bytes: [UInt8]) throws(StoreError) {
    var failure: StoreError?
    bytes.withUnsafeBytes { bytes in
      do throws(StoreError) { try append(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Fills the page that was begun with zeros.
  mutating func endPage() throws(StoreError) {
    let page = MappedFile.pageSizeInBytes
    let count = (page - buffer.count % page) % page
    try append([UInt8](repeating: 0, count: count))
  }

  /// Adds the checksums of all pages and theirs, and hands all to the operating system.
  mutating func keep() throws(StoreError) {
    try endPage()
    try flush()
    let table = checksums
    try append(table)
    withUnsafeBytes(of: Checksum.crc32(table).littleEndian) { buffer += $0 }
    try write()
    isKept = true
  }

  private mutating func flush() throws(StoreError) {
    let page = MappedFile.pageSizeInBytes
    buffer.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: page) {
        let content = UnsafeRawBufferPointer(
          rebasing: bytes[start..<min(bytes.count, start + page)])
        withUnsafeBytes(of: Checksum.crc32(content).littleEndian) { checksums += $0 }
      }
    }
    try write()
  }

  private mutating func write() throws(StoreError) {
    guard DurableFile.append(buffer, to: descriptor) else { throw Self.failure(path) }
    buffer.removeAll(keepingCapacity: true)
  }

  private static func failure(_ path: String) -> StoreError {
    StoreError(
      .io, "cannot write '\(path)': \(String(cString: strerror(errno)))",
      hint: "check the space and the permissions of the dataset")
  }
}
