import Foundation

extension Repository {
  /// How the files of unfinished packs begin; git's own cleaning knows them by `tmp_`.
  static let leftoverPrefix = "tmp_pack_stemma_"

  /// The names of the packs, without what follows the dot.
  package func packs() throws(GitError) -> [String] {
    try listDirectory(packDirectory).filter { $0.hasPrefix("pack-") && $0.hasSuffix(".idx") }
      .map { String($0.dropLast(4)) }
  }

  /// Removes the unfinished packs of processes that died.
  ///
  /// A living writer holds a lock on its file, which the operating system drops with the process.
  /// What libgit2 left is known by its age, a day.
  package func removeLeftovers() throws(GitError) {
    for name in try listDirectory(packDirectory) {
      let path = "\(packDirectory)/\(name)"
      if name.hasPrefix(Self.leftoverPrefix) {
        try removeUnlessLocked(path)
      } else if name.hasPrefix("pack_git2_") {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mtim.tv_sec < time(nil) - 86400 else { continue }
        try remove(path)
      }
    }
  }
}

private func removeUnlessLocked(_ path: String) throws(GitError) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
  guard descriptor >= 0 else {
    guard errno != ENOENT else { return }
    throw GitError("cannot open '\(path)'", systemError: errno)
  }
  defer { close(descriptor) }
  guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return }
  // A writer that has published its pack meanwhile let go of the lock and of this name.
  try remove(path)
}

private func remove(_ path: String) throws(GitError) {
  guard unlink(path) == 0 || errno == ENOENT else {
    throw GitError("cannot remove '\(path)'", systemError: errno)
  }
}
