package import Git

extension CallStore {
  /// The commit of this copy's calls as it is now, or nil when none was sealed.
  package func sealedCommit() throws(StoreError) -> ObjectID? {
    try convert { () throws(GitError) in try store.repository.reference(history.reference) }
  }

  /// Visits what this copy asked after a commit of its calls, sealed or not, each call once.
  ///
  /// - Parameters:
  ///   - commit: Where to begin; nil for the first call.
  ///   - body: Takes one call.
  /// - Throws: ``StoreError`` when a shard cannot be read, or what the body threw.
  package func visitCalls(
    after commit: ObjectID?, _ body: (Record) throws(StoreError) -> Void
  ) throws(StoreError) {
    var seen = Set<RecordID>()
    let before = Set(try shards(of: commit))
    for object in try shards(of: try sealedCommit()) where !before.contains(object) {
      for record in try Shard.records(.calls, try store.reader.artifact(object)) {
        if seen.insert(record.id).inserted { try body(record) }
      }
    }
    for record in unsealedRecords where seen.insert(record.id).inserted { try body(record) }
  }

  private func shards(of commit: ObjectID?) throws(StoreError) -> [ObjectID] {
    guard let commit, store.repository.contains(commit) else { return [] }
    return try convert { () throws(GitError) in
      let tree = try store.repository.commit(commit).tree
      return try store.repository.files(inTree: tree, under: RecordKind.calls.rawValue)
        .map(\.entry.id)
    }
  }
}
