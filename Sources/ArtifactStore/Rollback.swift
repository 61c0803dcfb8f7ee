import Git

extension Store {
  /// Makes a new version with the content of an old one, on top of the present one.
  ///
  /// - Parameters:
  ///   - old: The version to return to.
  ///   - title: The first line of the commit message.
  /// - Returns: The new version.
  /// - Throws: ``StoreError`` with code `refused` when a file with uncommitted changes would be
  ///   overwritten, `locked` when another writer is at work.
  package func rollback(to old: Version, title: String) throws(StoreError) -> Version {
    let lock = try lock(purpose: "stemma rollback")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(self).prepare()
    let (branch, head) = try presentBranch()
    guard head.tree != old.tree else {
      throw StoreError(.refused, "the present version holds what '\(old.commit.id)' holds")
    }
    let change = try ContentChange(self, from: head, to: old.tree)
    var memos = old.memos
    // This is a step of its own.
    memos.entries.removeAll { $0.name == "Run-Id" }
    memos.entries.append(("Rolled-Back-To", old.commit.id.hex))
    let commit = try writeCommit(
      tree: old.tree, parents: [head.commit.id], message: "\(title)\n\n\(memos.text)")
    try move(branch, from: head, to: commit, change, title: title)
    return try version(commit)
  }
}
