import CGit2
import Foundation

/// How to open one repository, so that several handles of it can be made.
struct RepositoryLocation: Sendable {
  /// A directory inside the repository, or empty where the environment names it.
  let path: String
  /// Whether to look in the directories above.
  let searches: Bool
  /// Whether git's environment variables count, as in a hook.
  let usesEnvironment: Bool

  /// Opens a new handle, to be freed by the caller.
  ///
  /// - Throws: ``GitError`` with code `notARepository` or `permission`.
  func open() throws(GitError) -> OpaquePointer {
    try startLibrary()
    try refuseNUL(path, "path")
    var flags = GIT_REPOSITORY_OPEN_CROSS_FS.rawValue
    if !searches { flags |= GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue }
    if usesEnvironment { flags |= GIT_REPOSITORY_OPEN_FROM_ENV.rawValue }
    do throws(GitError) {
      return try makeHandle("cannot open repository '\(path)'") {
        git_repository_open_ext(&$0, path.isEmpty ? nil : path, flags, nil)
      }
    } catch {
      throw explained(error)
    }
  }

  /// Tells a repository of another user, which libgit2 may report as absent, from none.
  private func explained(_ error: GitError) -> GitError {
    if error.code == .permission && error.hint != nil {
      return GitError(
        .permission, "cannot open repository '\(path)': it belongs to another user",
        hint: GitError.ownershipHint)
    }
    guard error.code == .notFound else { return error }
    guard let owner = ownerOfNearestRepository(), owner != geteuid() else {
      return GitError(
        .notARepository, "no git repository in '\(path)'\(searches ? " or above" : "")")
    }
    return GitError(
      .permission, "cannot open repository '\(path)': it belongs to another user",
      hint: GitError.ownershipHint)
  }

  private func ownerOfNearestRepository() -> uid_t? {
    var directory = URL(filePath: path).standardizedFileURL
    while true {
      var status = stat()
      if lstat(directory.appending(path: ".git").path(percentEncoded: false), &status) == 0 {
        return status.st_uid
      }
      let parent = directory.deletingLastPathComponent().standardizedFileURL
      guard searches, parent.path.utf8.count < directory.path.utf8.count else { return nil }
      directory = parent
    }
  }
}
