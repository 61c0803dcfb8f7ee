import CGit2
import Foundation

extension Repository {
  /// Finds the commit that a revision names, such as a branch, `main~2`, or a short ID.
  ///
  /// - Throws: ``GitError`` with code `notFound` for none, and `invalid` for several, for a
  ///   malformed revision, and for one that names no commit.
  package func resolve(_ revision: String) throws(GitError) -> ObjectID {
    try refuseNUL(revision, "revision")
    return try withHandle { (repository) throws(GitError) in
      let object = try makeHandle("cannot find '\(revision)'") {
        git_revparse_single(&$0, repository, revision)
      }
      defer { git_object_free(object) }
      let commit = try makeHandle("cannot find a commit at '\(revision)'") {
        git_object_peel(&$0, object, GIT_OBJECT_COMMIT)
      }
      defer { git_object_free(commit) }
      guard let id = git_object_id(commit) else {
        throw GitError(.corrupt, "cannot find '\(revision)': it has no ID")
      }
      return ObjectID(id.pointee)
    }
  }

  /// Lists commits and their ancestors, newest first.
  ///
  /// Each follows the child it was reached through. A shallow clone's history ends at its
  /// boundary, see ``shallowCommits``.
  ///
  /// - Parameters:
  ///   - starts: Where to start; the same commit may be reached from several.
  ///   - limit: The most commits to return.
  /// - Returns: Each commit once.
  /// - Throws: ``GitError`` with code `notFound` for a commit that is absent though no boundary
  ///   explains it, and as reading an object does.
  package func history(
    from starts: [ObjectID], limit: Int = .max
  ) throws(GitError) -> [Commit] {
    let boundary = try shallowCommits
    var seen = Set(starts)
    var waiting: [Commit] = []  // newest last
    for start in seen { insert(try commit(start), into: &waiting) }
    var history: [Commit] = []
    var listed: Set<ObjectID> = []
    while history.count < limit, let next = waiting.popLast() {
      guard listed.insert(next.id).inserted else { continue }
      history.append(next)
      guard !boundary.contains(next.id) else { continue }
      for parent in next.parents where seen.insert(parent).inserted {
        insert(try commit(parent), into: &waiting)
      }
    }
    return history
  }

  private func insert(_ commit: Commit, into waiting: inout [Commit]) {
    var position = waiting.endIndex
    while position > 0, waiting[position - 1].committer.time >= commit.committer.time {
      position -= 1
    }
    waiting.insert(commit, at: position)
  }

  /// The commits of a shallow clone whose parents were not fetched; empty in a full one.
  package var shallowCommits: Set<ObjectID> {
    get throws(GitError) {
      let path = commonDirectory.appending(path: "shallow").path(percentEncoded: false)
      guard let bytes = try readFile(path, maximumSizeInBytes: 256 << 20) else { return [] }
      let lines = bytes.split(separator: UInt8(ascii: "\n"))
      return Set(lines.compactMap { ObjectID(hex: String(decoding: $0, as: UTF8.self)) })
    }
  }

  /// Finds a best common ancestor of two commits; nil where their histories share none.
  package func mergeBase(_ one: ObjectID, _ other: ObjectID) throws(GitError) -> ObjectID? {
    try withHandle { (repository) throws(GitError) in
      var base = git_oid()
      var first = one.oid
      var second = other.oid
      let status = git_merge_base(&base, repository, &first, &second)
      guard status != GIT_ENOTFOUND.rawValue else {
        git_error_clear()
        return nil
      }
      try check("cannot find common ancestor of '\(one)' and '\(other)'") { status }
      return ObjectID(base)
    }
  }
}
