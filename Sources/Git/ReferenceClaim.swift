import CGit2
import Foundation

/// Remembers which reference is about to change, and removes the lock of a process that died.
///
/// A lock of libgit2 is empty until it holds the new object. One that was claimed, holds no more
/// than that and stays as it is for a second has no living owner.
final class ReferenceClaim {
  private static let patienceInMilliseconds = 1_000
  /// So long after its claim a lock is made at most.
  private static let longestDelayInSeconds = 1.0

  private let claim: Claim

  /// Claims a reference of a git directory.
  ///
  /// - Parameters:
  ///   - name: The full name.
  ///   - content: What the reference will hold.
  ///   - gitDirectory: Where it lies.
  /// - Throws: ``GitError`` with code `locked` while another process changes a reference.
  init(_ name: String, holding content: String, in gitDirectory: URL) throws(GitError) {
    claim = try Claim("reference", in: gitDirectory)
    let written = try claim.time()
    let left = try claim.text().split(separator: "\n").map(String.init)
    if left.count == 2, git_reference_is_valid_name(left[1]) == 1 {
      let lock = gitDirectory.path(percentEncoded: false) + left[1] + ".lock"
      try Self.remove(lock, holding: left[0], madeAfter: written)
    }
    try claim.replaceText(with: "\(content)\n\(name)")
  }

  deinit { try? claim.replaceText(with: "") }

  /// A lock that was made long after its claim is another program's, even an empty one.
  private static func remove(
    _ lock: String, holding content: String, madeAfter time: Double
  ) throws(GitError) {
    guard let held = FileIdentity(lock), isUnfinished(lock, content),
      (0...longestDelayInSeconds).contains(held.time - time)
    else { return }
    for _ in 0..<(patienceInMilliseconds / 50) {
      usleep(50_000)
      guard FileIdentity(lock) == held else { return }
    }
    guard isUnfinished(lock, content) else { return }
    unlink(lock)
  }

  private static func isUnfinished(_ lock: String, _ content: String) -> Bool {
    guard let bytes = try? readFile(lock, maximumSizeInBytes: 4096) else { return false }
    return bytes.isEmpty || bytes == Array("\(content)\n".utf8)
  }
}
