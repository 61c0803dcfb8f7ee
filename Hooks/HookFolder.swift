package import Foundation

/// The folder in which git looks for a repository's hooks.
///
/// Nothing of others is lost there: a hook that somebody has keeps its bytes under another name, and links
/// are renamed, never followed.
package struct HookFolder: Sendable {
  /// What is at the place of a hook.
  package enum State: String, Sendable {
    case absent
    /// Stemma's, of this release.
    case installed
    /// Stemma's, of another release.
    case outdated
    /// Somebody else's.
    case foreign
    /// A folder or something else that is no hook.
    case unusable
  }

  /// What became of a hook.
  package enum Outcome: Sendable, Hashable {
    case installed
    case upgraded
    case unchanged
    /// It was there already, and is called first from now on.
    case chained(former: String)
    /// It stays as it is, for a reason; Stemma is to be called from it.
    case left(reason: String)
    case removed
    /// What was there before Stemma's is a hook again.
    case restored
    case absent
  }

  package struct Failure: Error {
    package let message: String
  }

  private let path: String

  package init(_ folder: URL) {
    let path = folder.path(percentEncoded: false)
    self.path = path.hasSuffix("/") ? path : path + "/"
  }

  /// Whether the folder itself is a link, perhaps to one that many repositories share.
  package var isLink: Bool { status(String(path.dropLast())).map { Self.isLink($0) } ?? false }

  package func state(of hook: DatasetHook) -> State {
    guard let status = status(path + hook.name) else { return .absent }
    if Self.isLink(status) { return .foreign }
    guard status.st_mode & S_IFMT == S_IFREG else { return .unusable }
    guard let script = read(path + hook.name) else { return .foreign }
    if script == hook.script { return .installed }
    return DatasetHook.isOwn(script) ? .outdated : .foreign
  }

  /// Whether a hook that was there before is called first.
  package func hasFormer(_ hook: DatasetHook) -> Bool { status(path + hook.formerName) != nil }

  /// Puts a hook in its place.
  ///
  /// - Parameters:
  ///   - hook: The hook.
  ///   - isForced: Whether a hook of others is set aside also where an earlier one was already, which is
  ///     kept, but no longer called.
  /// - Returns: What became of it.
  /// - Throws: ``Failure`` when the file system refuses.
  package func install(_ hook: DatasetHook, isForced: Bool) throws -> Outcome {
    let state = state(of: hook)
    switch state {
    case .installed: return .unchanged
    case .unusable: return .left(reason: "'\(path + hook.name)' is no file")
    case .absent, .outdated:
      try makeFolder()
      try write(hook)
      return state == .absent ? .installed : .upgraded
    case .foreign:
      if hasFormer(hook) {
        guard isForced else {
          return .left(reason: "there is another hook, and a '\(hook.formerName)' as well")
        }
        try rename(hook.formerName, to: freeName(hook.formerName))
      }
      try rename(hook.name, to: hook.formerName)
      do {
        try write(hook)
      } catch {
        try? rename(hook.formerName, to: hook.name)
        throw error
      }
      return .chained(former: hook.formerName)
    }
  }

  /// Takes a hook of Stemma's away, and puts back what was there before.
  package func uninstall(_ hook: DatasetHook) throws -> Outcome {
    switch state(of: hook) {
    case .absent: return .absent
    case .foreign, .unusable: return .left(reason: "it is not Stemma's")
    case .installed, .outdated:
      if hasFormer(hook) {
        // At once: there is no moment without a hook.
        try rename(hook.formerName, to: hook.name)
        return .restored
      }
      guard unlink(path + hook.name) == 0 else { throw failure("remove", hook.name) }
      return .removed
    }
  }

  private func makeFolder() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(message: "cannot make the folder '\(path)'")
    }
  }

  /// Writes a script whole or not at all, over nothing but Stemma's own.
  private func write(_ hook: DatasetHook) throws {
    let draft = path + ".stemma-\(hook.name)-\(getpid())"
    unlink(draft)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o755)
    guard descriptor >= 0 else { throw failure("write", hook.name) }
    defer { close(descriptor) }
    let bytes = Array(hook.script.utf8)
    guard Foundation.write(descriptor, bytes, bytes.count) == bytes.count,
      fchmod(descriptor, 0o755) == 0, Foundation.rename(draft, path + hook.name) == 0
    else {
      unlink(draft)
      throw failure("write", hook.name)
    }
  }

  private func rename(_ name: String, to other: String) throws {
    guard Foundation.rename(path + name, path + other) == 0 else { throw failure("rename", name) }
  }

  private func freeName(_ name: String) -> String {
    var number = 1
    while status("\(path)\(name).\(number)") != nil { number += 1 }
    return "\(name).\(number)"
  }

  private func failure(_ action: String, _ name: String) -> Failure {
    Failure(
      message: "cannot \(action) '\(path)\(name)': \(String(cString: strerror(errno)))")
  }

  private static func isLink(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFLNK }

  private func status(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  /// The text of a small file that is no link; nil for any other.
  private func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = Foundation.read(descriptor, &bytes, bytes.count)
    guard count >= 0, count < bytes.count else { return nil }
    return String(validating: bytes[..<count], as: UTF8.self)
  }
}
