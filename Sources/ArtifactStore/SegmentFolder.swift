import Foundation

/// A folder of immutable files that processes share, of which `manifest` names those in force.
///
/// The manifest is replaced as a whole; who changes it holds the lock.
struct SegmentFolder: Sendable {
  private let folder: URL
  /// The first line of the manifest: what else it says is not trusted.
  private let form: String

  /// Takes a folder, which is made if need be.
  ///
  /// - Throws: ``StoreError`` with code `io` when it cannot be written.
  init(_ folder: URL, form: String) throws(StoreError) {
    self.folder = folder
    self.form = form
    try make()
    guard access(folder.path(percentEncoded: false), W_OK) == 0 else {
      throw StoreError(.io, "cannot write in '\(folder.path(percentEncoded: false))'")
    }
  }

  private func make() throws(StoreError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreError(.io, "cannot make the folder '\(folder.path(percentEncoded: false))'")
    }
  }

  func path(_ name: String) -> String {
    folder.appending(path: name).path(percentEncoded: false)
  }

  /// A name for a new segment.
  static func newName() -> String { "\(UUID().uuidString.lowercased()).segment" }

  /// The segments in force.
  var names: [String] {
    guard let text = try? String(contentsOfFile: path("manifest"), encoding: .utf8) else {
      return []
    }
    let lines = text.split(separator: "\n").map(String.init)
    guard lines.first == form else { return [] }
    return Array(lines.dropFirst()).filter { !$0.contains("/") }
  }

  /// Puts segments in force, and removes all others.
  func publish(_ names: [String]) throws(StoreError) {
    let text = ([form] + names).joined(separator: "\n") + "\n"
    do {
      try Data(text.utf8).write(to: URL(filePath: path("manifest")), options: .atomic)
    } catch {
      throw StoreError(
        .io, "cannot write the index '\(path("manifest"))'",
        hint: "check the space and the permissions of the dataset")
    }
    let kept = Set(names)
    let found = try? FileManager.default.contentsOfDirectory(atPath: path(""))
    for name in found ?? [] where name.hasSuffix(".segment") && !kept.contains(name) {
      unlink(path(name))
    }
  }

  /// Waits until no other process changes the folder.
  ///
  /// - Returns: What the caller closes to let others in.
  func lock() throws(StoreError) -> Int32 {
    try make()
    let descriptor = Foundation.open(path("lock"), O_RDONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw StoreError(.io, "cannot lock '\(path("lock"))': \(String(cString: strerror(errno)))")
    }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        close(descriptor)
        throw StoreError(.io, "cannot lock '\(path("lock"))': \(String(cString: strerror(errno)))")
      }
    }
    // The folder may have been removed since: the lock of what is gone keeps nobody away.
    var (held, present) = (stat(), stat())
    guard fstat(descriptor, &held) == 0, stat(path("lock"), &present) == 0,
      held.st_ino == present.st_ino
    else {
      close(descriptor)
      return try lock()
    }
    return descriptor
  }

  /// Where an index lies, or a folder of this process when the dataset's own cannot be written.
  static func usable<Opened>(
    _ folder: URL, _ open: (URL) throws(StoreError) -> Opened
  ) throws(StoreError) -> (opened: Opened, temporary: URL?) {
    do {
      return (try open(folder), nil)
    } catch {
      let temporary = FileManager.default.temporaryDirectory
        .appending(path: "stemma-\(folder.lastPathComponent)-\(UUID().uuidString)")
      return (try open(temporary), temporary)
    }
  }
}
