import ArtifactStore
import Git

/// What a commit's shards are beside those of one of its parents.
struct CommitDifference {
  /// The parent, which was looked at before, or is trusted.
  let parent: Version
  /// The shards that the commit has and the parent has not.
  private(set) var added: [RecordKind: Set<ObjectID>] = [:]
  /// The shards that the parent has and the commit has not.
  private(set) var lost: [RecordKind: Set<ObjectID>] = [:]

  /// Compares a commit's tree with a parent's.
  ///
  /// - Throws: ``StoreError`` for trees that cannot be read, or have too many changes.
  /// - Complexity: Linear in the entries of the folders that differ.
  init(
    from parent: Version, to version: Version, maximumCount: Int
  ) throws(StoreError) {
    self.parent = parent
    let changes = try convert { () throws(GitError) in
      try version.store.repository.changes(
        from: parent.tree, to: version.tree, maximumCount: maximumCount)
    }
    for change in changes {
      guard change.old?.id != change.new?.id, let kind = ArtifactPath(change.path)?.kind else {
        continue
      }
      if let entry = change.new { added[kind, default: []].insert(entry.id) }
      if let entry = change.old { lost[kind, default: []].insert(entry.id) }
    }
  }
}
