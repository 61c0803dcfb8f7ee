import CGit2

/// The result of starting libgit2, which happens once in a process and is never undone.
private let startStatus: Int32 = {
  let status = git_libgit2_init()
  guard status >= 0 else { return status }
  let settings = [
    // libgit2 reads this when it opens a repository, so it must come before any.
    stemma_git_enable_fsync(1),
    // Trees and commits name objects whose pack is not complete yet.
    stemma_git_enable_strict_object_creation(0),
    // Hashing each object again makes reading 3 to 6 times slower; what matters has its own digest.
    stemma_git_enable_strict_hash_verification(0),
    stemma_git_limit_open_packs(256), stemma_git_limit_mapped(8 << 20, 32 << 20),
    stemma_git_allow_worktree_configuration(),
  ]
  return settings.first { $0 < 0 } ?? 0
}()

/// Starts libgit2 unless it runs already.
func startLibrary() throws(GitError) {
  guard startStatus >= 0 else { throw GitError("cannot start libgit2", status: startStatus) }
}

/// Runs a libgit2 call that returns a status, and reads this thread's error if it failed.
@discardableResult
func check(_ failure: @autoclosure () -> String, _ call: () -> Int32) throws(GitError) -> Int32 {
  let status = call()
  guard status >= 0 else { throw GitError(failure(), status: status) }
  return status
}

/// Runs a libgit2 call that opens a handle, and reads this thread's error if it failed.
func makeHandle(
  _ failure: @autoclosure () -> String, _ call: (inout OpaquePointer?) -> Int32
) throws(GitError) -> OpaquePointer {
  var pointer: OpaquePointer?
  let status = call(&pointer)
  guard status >= 0, let pointer else { throw GitError(failure(), status: status) }
  return pointer
}

/// Refuses text with a NUL, which C would cut silently.
func refuseNUL(_ text: String, _ what: String) throws(GitError) {
  guard text.utf8.contains(0) else { return }
  let shown = text.replacing("\0", with: "\\0")
  throw GitError(.invalid, "\(what) '\(shown)' holds a NUL")
}
