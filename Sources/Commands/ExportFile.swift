import Foundation

/// What an export is written to: a new file that appears when it is whole; a pipe, a device or standard
/// output takes the bytes as they come.
struct ExportFile: ~Copyable {
  private static let bufferSizeInBytes = 1 << 20

  private let path: String?
  /// The file that the new one becomes; nil when bytes go straight to where they belong.
  private let target: String?
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isFinished = false

  init(_ path: String?) throws {
    self.path = path
    target = path.flatMap(Self.regularFile)
    descriptor =
      target.map { open($0 + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
      ?? path.map { open($0, O_WRONLY | O_CLOEXEC) } ?? STDOUT_FILENO
    guard descriptor >= 0 else { throw Self.failure(path) }
    buffer.reserveCapacity(Self.bufferSizeInBytes)
  }

  deinit {
    guard path != nil else { return }
    close(descriptor)
    if let target, !isFinished { unlink(target + ".part") }
  }

  /// The file that a path leads to, or will; nil for what is there and is no regular file.
  private static func regularFile(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return path }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
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
    guard rename(target + ".part", target) == 0 else { throw Self.failure(path) }
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
      guard written > 0 else { throw Self.failure(path) }
      position += written
    }
  }

  private static func failure(_ path: String?) -> CommandError {
    CommandError(
      "cannot write \(path.map { "'\($0)'" } ?? "standard output"): \(String(cString: strerror(errno)))",
      hint: "check the space and the permissions of the place")
  }
}
