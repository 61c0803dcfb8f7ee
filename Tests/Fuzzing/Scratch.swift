import Foundation

/// A folder for the files that a decoder reads, in memory where there is one.
final class Scratch: Sendable {
  let folder: URL

  init() {
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    let isThere = access(memory.path(percentEncoded: false), W_OK) == 0
    folder = (isThere ? memory : FileManager.default.temporaryDirectory)
      .appending(path: "stemma-fuzzing-\(getpid())", directoryHint: .isDirectory)
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    Scratch.made = folder.path(percentEncoded: false)
    atexit { Scratch.made.map { try? FileManager.default.removeItem(atPath: $0) } }
  }

  nonisolated(unsafe) private static var made: String?

  func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

  /// Writes a new file in place of the old one, which may still be mapped.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) -> String {
    let path = path(name)
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    expect(descriptor >= 0, "cannot make '\(path)'")
    expect(
      Foundation.write(descriptor, bytes, bytes.count) == bytes.count, "cannot write '\(path)'")
    close(descriptor)
    return path
  }
}
