import CGit2
import Foundation

/// One entry of the index.
package struct IndexEntry: Sendable, Hashable {
  /// The path from the root of the working tree.
  package let path: String
  /// The object and mode.
  package let content: PathContent
  /// Whether git leaves the file out of the working tree.
  package let skipsWorkingTree: Bool
  /// Whether it is one side of a merge that is not resolved.
  package let isConflict: Bool
}

/// What a path shall hold in the index.
package struct IndexChange: Sendable, Hashable {
  /// The path from the root of the working tree.
  package let path: String
  /// What to put there, or nil to remove it.
  package let entry: PathContent?
  /// Whether git shall leave the file out of the working tree.
  package let skipsWorkingTree: Bool

  /// Puts a content at a path, or removes what is there.
  package init(path: String, entry: PathContent?, skipsWorkingTree: Bool = false) {
    self.path = path
    self.entry = entry
    self.skipsWorkingTree = skipsWorkingTree
  }
}

extension Repository {
  /// Lists the entries of the index, in its order.
  package func indexEntries() throws(GitError) -> [IndexEntry] {
    try withHandle { (repository) throws(GitError) in
      let index = try Self.readIndex(repository)
      defer { git_index_free(index) }
      return (0..<git_index_entrycount(index)).compactMap { position in
        git_index_get_byindex(index, position).flatMap { IndexEntry($0.pointee) }
      }
    }
  }

  /// Changes entries of the index in one write, and leaves all others as they are.
  ///
  /// The status of files that hold what their entry says is noted, so that git need not read
  /// them. While another process holds the index, this waits up to two seconds.
  ///
  /// - Throws: ``GitError`` with code `invalid` for a path that may not be in a tree or a bare
  ///   repository, and `locked` if the index stays locked.
  package func updateIndex(
    _ changes: [IndexChange], conflicts: [MergeConflict] = []
  ) throws(GitError) {
    guard !changes.isEmpty || !conflicts.isEmpty else { return }
    for conflict in conflicts { _ = try PathRules.components(of: conflict.path) }
    var files = WorkingFiles(root: try requiredWorkingDirectory)
    var entries: [(path: String, entry: git_index_entry)] = []
    var removals: [String] = []
    for change in changes {
      _ = try PathRules.components(of: change.path)
      if let content = change.entry {
        let status =
          change.skipsWorkingTree ? nil : files.status(of: change.path, ifHolding: content.id)
        let entry = git_index_entry(
          content, status: status, skipsWorkingTree: change.skipsWorkingTree)
        entries.append((change.path, entry))
      } else {
        removals.append(change.path)
      }
    }
    // In order, each insertion moves few of the entries behind it.
    entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    try retryingWhileLocked { () throws(GitError) in
      try writeIndex(
        entries, removing: removals + conflicts.map(\.path), conflicts: conflicts)
    }
  }

  private func writeIndex(
    _ entries: [(path: String, entry: git_index_entry)], removing removals: [String],
    conflicts: [MergeConflict] = []
  ) throws(GitError) {
    let path = gitDirectory.appending(path: "index").path(percentEncoded: false)
    let lock = try FileLock.take(on: path, in: gitDirectory)
    try withHandle { (repository) throws(GitError) in
      let index =
        if let lock {
          try Self.openDraft(lock, of: path, in: repository)
        } else {
          try Self.readIndex(repository)
        }
      defer {
        git_index_free(index)
        if lock != nil { git_repository_set_index(repository, nil) }
      }
      let hasConflicts = git_index_has_conflicts(index) == 1
      for path in removals {
        try Self.allowingAbsence("cannot remove '\(path)' from index") {
          git_index_remove(index, path, 0)
        }
      }
      for path in hasConflicts ? removals + entries.map(\.path) : [] {
        try Self.allowingAbsence("cannot resolve '\(path)' in index") {
          git_index_conflict_remove(index, path)
        }
      }
      for (path, entry) in entries {
        try check("cannot add '\(path)' to index") {
          path.withCString { path in
            var entry = entry
            entry.path = path
            return git_index_add(index, &entry)
          }
        }
      }
      for conflict in conflicts {
        try check("cannot enter the conflict of '\(conflict.path)' into index") {
          Self.lend(conflict.path, conflict.base) { base in
            Self.lend(conflict.path, conflict.ours) { ours in
              Self.lend(conflict.path, conflict.theirs) { theirs in
                git_index_conflict_add(index, base, ours, theirs)
              }
            }
          }
        }
      }
      try check("cannot write index") { git_index_write(index) }
      try lock?.publish()
    }
  }

  /// Lends an entry of a path; nil where there is none.
  private static func lend(
    _ path: String, _ content: PathContent?, _ body: (UnsafePointer<git_index_entry>?) -> Int32
  ) -> Int32 {
    guard let content else { return body(nil) }
    return path.withCString { path in
      var entry = git_index_entry(content, status: nil, skipsWorkingTree: false)
      entry.path = path
      return body(&entry)
    }
  }

  /// Opens a copy of the index in its place for a while, for libgit2 to write elsewhere.
  private static func openDraft(
    _ lock: FileLock, of path: String, in repository: OpaquePointer
  ) throws(GitError) -> OpaquePointer {
    // Another name keeps the time, from which libgit2 knows which files to look at again.
    guard link(path, lock.draft) == 0 || errno == ENOENT else {
      throw GitError("cannot read index", systemError: errno)
    }
    let index = try makeHandle("cannot read index") { git_index_open(&$0, lock.draft) }
    git_repository_set_index(repository, index)
    git_index_set_caps(index, GIT_INDEX_CAPABILITY_FROM_OWNER.rawValue)
    return index
  }

  private static func allowingAbsence(
    _ failure: @autoclosure () -> String, _ call: () -> Int32
  ) throws(GitError) {
    let status = call()
    guard status != GIT_ENOTFOUND.rawValue else {
      git_error_clear()
      return
    }
    try check(failure()) { status }
  }

  /// The root of the files on disk.
  ///
  /// - Throws: ``GitError`` with code `invalid` in a bare repository.
  var requiredWorkingDirectory: URL {
    get throws(GitError) {
      guard let workingDirectory else {
        throw GitError(.invalid, "cannot use index: the repository is bare")
      }
      return workingDirectory
    }
  }

  /// Opens the index as it is on disk now, which drops changes of a call that failed.
  private static func readIndex(_ repository: OpaquePointer) throws(GitError) -> OpaquePointer {
    let index = try makeHandle("cannot read index") { git_repository_index(&$0, repository) }
    do throws(GitError) {
      try check("cannot read index") { git_index_read(index, 1) }
      return index
    } catch {
      git_index_free(index)
      throw error
    }
  }
}

extension IndexEntry {
  fileprivate init?(_ entry: git_index_entry) {
    guard let path = entry.path else { return nil }
    let skips = UInt32(entry.flags_extended) & GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue != 0
    self.init(
      path: String(cString: path),
      content: PathContent(id: ObjectID(entry.id), mode: FileMode(raw: entry.mode)),
      skipsWorkingTree: skips,
      isConflict: UInt32(entry.flags) & UInt32(GIT_INDEX_ENTRY_STAGEMASK) != 0)
  }
}

extension git_index_entry {
  /// Makes an entry without its path; numbers of the status are cut to 32 bits, as git does.
  fileprivate init(_ content: PathContent, status: stat?, skipsWorkingTree: Bool) {
    self.init()
    id = content.id.oid
    mode = content.mode.rawValue
    if skipsWorkingTree { flags_extended = UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue) }
    guard let status else { return }
    ctime = git_index_time(status.st_ctim)
    mtime = git_index_time(status.st_mtim)
    dev = UInt32(truncatingIfNeeded: status.st_dev)
    ino = UInt32(truncatingIfNeeded: status.st_ino)
    uid = status.st_uid
    gid = status.st_gid
    file_size = UInt32(truncatingIfNeeded: status.st_size)
  }
}

extension git_index_time {
  fileprivate init(_ time: timespec) {
    self.init(
      seconds: Int32(truncatingIfNeeded: time.tv_sec),
      nanoseconds: UInt32(truncatingIfNeeded: time.tv_nsec))
  }
}
