import ArtifactStore
import Foundation

/// What an export is written to: a new file that appears when it is whole; a pipe, a device or standard
/// output takes the bytes as they come.
struct ExportFile: ~Copyable {
  private static let bufferSizeInBytes = 1 << 20

  private let path: String?
  /// What to call the file; nil for standard output and other open files, whose reader is told nothing.
  var name: String? {
    path.flatMap { $0.hasPrefix("/dev/") || $0.hasPrefix("/proc/") ? nil : "'\($0)'" }
  }
  /// The file that the new one becomes; nil when bytes go straight to where they belong.
  private let target: String?
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isFinished = false
  private var hasher = Hasher256()
  private(set) var sizeInBytes = 0

  /// Opens what a path names; nil and `-` are standard output.
  init(_ path: String?) throws {
    let path = path == "-" ? nil : path
    self.path = path
    let (target, descriptor) = Self.open(path)
    (self.target, self.descriptor) = (target, descriptor)
    guard descriptor >= 0 else { throw Self.failure(path) }
    buffer.reserveCapacity(Self.bufferSizeInBytes)
  }

  deinit {
    guard path != nil else { return }
    close(descriptor)
    if let target, !isFinished { unlink(target + ".part") }
  }

  private static func open(_ path: String?) -> (target: String?, descriptor: Int32) {
    guard let path else { return (nil, STDOUT_FILENO) }
    // An open file goes on where it is: opened anew, it would begin at its start.
    let numbers = ["/dev/stdout": STDOUT_FILENO, "/dev/stderr": STDERR_FILENO]
    for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
      if let number = Int32(path.dropFirst(folder.count)) { return (nil, dup(number)) }
    }
    if let number = numbers[path] { return (nil, dup(number)) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      // A link that leads to nothing yet is kept.
      if lstat(path, &status) == 0 {
        return (nil, Foundation.open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666))
      }
      return (path, draft(of: path, 0o666))
    }
    guard status.st_mode & S_IFMT == S_IFREG, let resolved = realpath(path, nil) else {
      return (nil, Foundation.open(path, O_WRONLY | O_CLOEXEC))
    }
    defer { free(resolved) }
    let file = String(cString: resolved)
    let descriptor = draft(of: file, 0o666)
    if descriptor >= 0 { fchmod(descriptor, status.st_mode & 0o777) }
    return (file, descriptor)
  }

  private static func draft(of path: String, _ mode: mode_t) -> Int32 {
    Foundation.open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
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
  ///
  /// - Returns: The digest of all that was written.
  @discardableResult
  mutating func finish() throws -> Digest {
    try flush()
    let digest = hasher.finish()
    guard let target else { return digest }
    guard rename(target + ".part", target) == 0 else { throw Self.failure(path) }
    isFinished = true
    return digest
  }

  private mutating func flush() throws {
    var full: [UInt8] = []
    swap(&full, &buffer)
    try full.withUnsafeBytes { try hand(over: $0) }
    full.removeAll(keepingCapacity: true)
    swap(&full, &buffer)
  }

  private mutating func hand(over bytes: UnsafeRawBufferPointer) throws {
    hasher.update(bytes)
    sizeInBytes += bytes.count
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
