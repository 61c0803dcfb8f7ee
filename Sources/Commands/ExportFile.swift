import Foundation

/// What an export is written to: a new file that appears when it is whole, or standard output.
struct ExportFile: ~Copyable {
  private static let bufferSizeInBytes = 1 << 20

  private let target: String?
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isFinished = false

  init(_ path: String?) throws {
    target = path
    descriptor =
      path.map { open($0 + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
      ?? STDOUT_FILENO
    guard descriptor >= 0 else { throw Self.failure(path) }
    buffer.reserveCapacity(Self.bufferSizeInBytes)
  }

  deinit {
    guard let target else { return }
    close(descriptor)
    if !isFinished { unlink(target + ".part") }
  }

  mutating func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    if buffer.count + bytes.count > Self.bufferSizeInBytes { try flush() }
    if bytes.count > Self.bufferSizeInBytes / 2 {
      try flush()
      try hand(over: bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  /// Hands over the rest and gives the file its name.
  mutating func finish() throws {
    try flush()
    guard let target else { return }
    guard rename(target + ".part", target) == 0 else { throw Self.failure(target) }
    isFinished = true
  }

  private mutating func flush() throws {
    try buffer.withUnsafeBytes { try hand(over: $0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func hand(over bytes: UnsafeRawBufferPointer) throws {
    var position = 0
    while position < bytes.count {
      let written = Foundation.write(
        descriptor, bytes.baseAddress.map { $0 + position }, bytes.count - position)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw Self.failure(target) }
      position += written
    }
  }

  private static func failure(_ path: String?) -> CommandError {
    CommandError(
      "cannot write \(path.map { "'\($0)'" } ?? "standard output"): \(String(cString: strerror(errno)))",
      hint: "check the space and the permissions of the place")
  }
}
