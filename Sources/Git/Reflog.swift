import CGit2

/// One move of a reference.
package struct ReflogEntry: Sendable, Hashable {
  /// What the reference named before; nil if it was made.
  package let old: ObjectID?
  /// What it named afterwards; nil if it was deleted.
  package let new: ObjectID?
  /// Who moved it, and when.
  package let signature: Signature
  /// Why, in one line.
  package let message: String
}

extension Repository {
  /// Lists the moves of a reference that git remembers, newest first.
  ///
  /// - Parameters:
  ///   - name: The full name, such as `refs/heads/main` or `HEAD`.
  ///   - limit: The most moves to return.
  /// - Returns: The moves; none for a reference that git does not log.
  /// - Throws: ``GitError`` with code `invalid` for a name that git does not take.
  package func reflog(_ name: String, limit: Int = .max) throws(GitError) -> [ReflogEntry] {
    try refuseNUL(name, "reference")
    return try withHandle { (repository) throws(GitError) in
      let reflog = try makeHandle("cannot read reflog of '\(name)'") {
        git_reflog_read(&$0, repository, name)
      }
      defer { git_reflog_free(reflog) }
      let count = min(git_reflog_entrycount(reflog), limit)
      return (0..<count).compactMap { position in
        git_reflog_entry_byindex(reflog, position).map(ReflogEntry.init(entry:))
      }
    }
  }
}

extension ReflogEntry {
  fileprivate init(entry: OpaquePointer) {
    let none = ObjectID(git_oid())
    let old = git_reflog_entry_id_old(entry).map { ObjectID($0.pointee) }
    let new = git_reflog_entry_id_new(entry).map { ObjectID($0.pointee) }
    let committer = git_reflog_entry_committer(entry)?.pointee
    self.init(
      old: old == none ? nil : old,
      new: new == none ? nil : new,
      signature: Signature(
        name: committer?.name.map { String(cString: $0) } ?? "",
        email: committer?.email.map { String(cString: $0) } ?? "",
        time: committer?.when.time ?? 0,
        offsetMinutes: Int(committer?.when.offset ?? 0)),
      message: git_reflog_entry_message(entry).map { String(cString: $0) } ?? "")
  }
}
