import Crypto
import Foundation

/// A new file, written through a buffer, that disappears unless it is published.
///
/// It holds a lock while it is written, by which others know that its writer lives.
struct OutputFile: ~Copyable {
  private static let bufferSizeInBytes = 256 << 10

  /// Where the file is until it is published.
  let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isPublished = false
  /// The number of bytes appended so far.
  private(set) var sizeInBytes = 0

  /// Makes a file that must not exist.
  static func create(_ path: String) throws(GitError) -> OutputFile {
    try refuseNUL(path, "path")
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw GitError("cannot create '\(path)'", systemError: errno) }
    let file = OutputFile(descriptor, path: path)
    var status = stat()
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0 else {
      throw GitError("cannot lock '\(path)'", systemError: errno)
    }
    guard status.st_nlink > 0 else {
      throw GitError(.io, "cannot lock '\(path)': it was removed meanwhile")
    }
    return file
  }

  /// Takes over an open file.
  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    buffer.reserveCapacity(Self.bufferSizeInBytes)
  }

  deinit {
    if !isPublished { unlink(path) }
    close(descriptor)
  }

  /// Adds bytes at the end.
  mutating func append(_ bytes: [UInt8]) throws(GitError) {
    sizeInBytes += bytes.count
    guard bytes.count < Self.bufferSizeInBytes else {
      try flush()
      try write(bytes)
      return
    }
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSizeInBytes { try flush() }
  }

  /// Hands the buffer to the operating system.
  mutating func flush() throws(GitError) {
    guard !buffer.isEmpty else { return }
    try write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: [UInt8]) throws(GitError) {
    var offset = 0
    while offset < bytes.count {
      let result = bytes.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        return Foundation.write(descriptor, rest.baseAddress, rest.count)
      }
      guard result > 0 || (result < 0 && errno == EINTR) else {
        throw GitError("cannot write '\(path)'", systemError: result == 0 ? ENOSPC : errno)
      }
      offset += max(result, 0)
    }
  }

  /// Replaces bytes that were appended before.
  mutating func replace(at offset: Int, with bytes: [UInt8]) throws(GitError) {
    try flush()
    let result = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) }
    guard result == bytes.count else {
      throw GitError("cannot write '\(path)'", systemError: result < 0 ? errno : ENOSPC)
    }
  }

  /// Hashes all that was appended.
  mutating func digest() throws(GitError) -> ObjectID {
    try flush()
    var hash = Insecure.SHA1()
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    var offset = 0
    while offset < sizeInBytes {
      let result = chunk.withUnsafeMutableBytes { chunk in
        pread(descriptor, chunk.baseAddress, chunk.count, offset)
      }
      guard result > 0 || (result < 0 && errno == EINTR) else {
        throw GitError("cannot read '\(path)'", systemError: result == 0 ? EIO : errno)
      }
      guard result > 0 else { continue }
      chunk.withUnsafeBytes { chunk in
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: chunk[..<result]))
      }
      offset += result
    }
    return ObjectID(hash.finalize())
  }

  /// Makes the bytes survive a crash of the machine.
  mutating func sync() throws(GitError) {
    try flush()
    guard fsync(descriptor) == 0 else {
      throw GitError("cannot sync '\(path)'", systemError: errno)
    }
  }

  /// Gives the file its last name, over any file of that name, and its permissions.
  consuming func publish(as name: String, permissions: mode_t) throws(GitError) {
    guard fchmod(descriptor, permissions) == 0, rename(path, name) == 0 else {
      throw GitError("cannot rename '\(path)' to '\(name)'", systemError: errno)
    }
    isPublished = true
  }
}
