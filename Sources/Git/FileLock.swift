import Foundation

/// The lock `<path>.lock` of a file in a git directory, as all git programs respect it.
///
/// The lock is a second name of a claim. Where both are one file and nobody holds the claim, the
/// holder died, and the lock can be taken over; any other lock belongs to another program.
final class FileLock {
  private let claim: Claim
  private let path: String
  /// The place for the next content of the file, which only the holder of the lock uses.
  let draft: String

  /// Takes the lock, or returns nil where the file system gives a file only one name.
  ///
  /// - Throws: ``GitError`` with code `locked` while another process holds it.
  static func take(on path: String, in gitDirectory: URL) throws(GitError) -> FileLock? {
    let name = path.split(separator: "/").last.map(String.init) ?? "file"
    let claim = try Claim(name, in: gitDirectory)
    let lock = path + ".lock"
    if let held = FileIdentity(lock), held == FileIdentity(claim.path) { unlink(lock) }
    guard link(claim.path, lock) == 0 else {
      switch errno {
      case EEXIST:
        throw GitError(
          .locked, "cannot change '\(path)': another program holds its lock",
          hint: "wait until it ends; if none runs, one crashed: remove '\(lock)'")
      case EPERM, ENOTSUP, ENOSYS, EXDEV, EMLINK: return nil
      default: throw GitError("cannot lock '\(path)'", systemError: errno)
      }
    }
    let draft = claim.path + ".new"
    unlink(draft)
    unlink(draft + ".lock")
    return FileLock(claim, path: path, draft: draft)
  }

  private init(_ claim: Claim, path: String, draft: String) {
    self.claim = claim
    self.path = path
    self.draft = draft
  }

  deinit { unlink(path + ".lock") }

  /// Puts the draft in the place of the file.
  func publish() throws(GitError) {
    guard rename(draft, path) == 0 else {
      throw GitError("cannot rename '\(draft)' to '\(path)'", systemError: errno)
    }
  }
}
