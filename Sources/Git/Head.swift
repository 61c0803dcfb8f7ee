import CGit2
import Foundation

/// What a working tree has checked out.
package enum Head: Sendable, Hashable {
  /// A branch by its full name, and its commit unless there is none yet.
  case branch(name: String, commit: ObjectID?)
  /// A commit without a branch.
  case detached(ObjectID)

  /// The commit, or nil on a branch that has none yet.
  package var commit: ObjectID? {
    switch self {
    case .branch(_, let commit): commit
    case .detached(let commit): commit
    }
  }
}

extension Repository {
  /// What this working tree has checked out.
  package var head: Head {
    get throws(GitError) {
      try withHandle { (repository) throws(GitError) in
        let reference = try makeHandle("cannot read HEAD") {
          git_reference_lookup(&$0, repository, "HEAD")
        }
        defer { git_reference_free(reference) }
        if let name = git_reference_symbolic_target(reference) {
          let name = String(cString: name)
          return .branch(name: name, commit: try Self.target(of: name, in: repository))
        }
        guard let id = git_reference_target(reference) else {
          throw GitError(.corrupt, "cannot read HEAD: it names nothing")
        }
        return .detached(ObjectID(id.pointee))
      }
    }
  }

  /// Makes HEAD name a branch, which may have no commit yet.
  package func setHead(branch: String) throws(GitError) {
    try setHead("ref: \(branch)") { git_repository_set_head($0, branch) }
  }

  /// Makes HEAD name a commit.
  package func setHead(detached commit: ObjectID) throws(GitError) {
    try setHead(commit.hex) { repository in
      var oid = commit.oid
      return git_repository_set_head_detached(repository, &oid)
    }
  }

  private func setHead(
    _ content: String, _ change: (OpaquePointer) -> Int32
  ) throws(GitError) {
    let signer = try identity
    try retryingWhileLocked { () throws(GitError) in
      let claim = try ReferenceClaim("HEAD", holding: content, in: gitDirectory)
      defer { withExtendedLifetime(claim) {} }
      try withHandle { (repository) throws(GitError) in
        try check("cannot sign reflog") {
          git_repository_set_ident(repository, signer.name, signer.email)
        }
        try check("cannot set HEAD to '\(content)'") { change(repository) }
      }
    }
  }

  /// Says whether another working tree of this repository has the branch checked out.
  ///
  /// - Parameter branch: The full name, such as `refs/heads/main`.
  /// - Returns: False also where only this working tree has it.
  /// - Throws: ``GitError`` with code `permission` or `io` if another one's HEAD cannot be read.
  package func isCheckedOutElsewhere(_ branch: String) throws(GitError) -> Bool {
    let linked = commonDirectory.appending(path: "worktrees")
    let names = try listDirectory(linked.path(percentEncoded: false))
    var directories = names.map { linked.appending(path: $0) }
    // A bare repository's HEAD is no checkout.
    let isBare = try configuration("core.bare")?.lowercased() == "true"
    if !isBare { directories.append(commonDirectory) }
    let own = gitDirectory.resolvingSymlinksInPath().path(percentEncoded: false)
    for directory in directories {
      let path = directory.resolvingSymlinksInPath().path(percentEncoded: false)
      guard path.trimmingSuffix("/") != own.trimmingSuffix("/") else { continue }
      guard let head = try readFile(path.trimmingSuffix("/") + "/HEAD", maximumSizeInBytes: 65536)
      else { continue }
      let text = String(decoding: head, as: UTF8.self)
      if text.trimmingCharacters(in: .whitespacesAndNewlines) == "ref: \(branch)" { return true }
    }
    return false
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: Character) -> String {
    last == suffix ? String(dropLast()) : self
  }
}
