package import ArtifactStore
package import Git

/// Finds the version that first had something, as `git blame` does for lines.
package struct FirstSeen {
  /// The versions that may have it, in no order.
  private let commits: [Commit]
  private let store: Store

  /// Looks at a version and all that it follows.
  ///
  /// - Throws: ``StoreError`` when a commit cannot be read; a shallow clone ends where it was cut.
  package init(_ version: Version) throws(StoreError) {
    store = version.store
    commits = try version.history()
  }

  /// The oldest version that held a record, or nil when none here did.
  ///
  /// - Complexity: A look at each version's tree; shards are read only where the index does not know them.
  package func version(of kind: RecordKind, _ id: RecordID) throws(StoreError) -> Version? {
    var paths: [String: ArtifactPath] = [:]
    // Versions have the same folder of a kind where only others differ.
    var known: [ObjectID: Bool] = [:]
    var first: Commit?
    for commit in commits.reversed() {
      let folder = try entry(kind.rawValue, in: commit.tree)?.id
      guard let folder else { continue }
      let isHeld: Bool
      if let answer = known[folder] {
        isHeld = answer
      } else {
        // What it does not know yet may hold the record: shards are joined and rewritten.
        try store.index.catchUp(tree: commit.tree, kinds: [kind])
        for match in try store.index.find(kind, id) {
          let key = match.location.object.hex
          if paths[key] == nil { paths[key] = try store.shardPath(match.location.object, kind) }
        }
        isHeld = try holds(paths.values, commit.tree)
        known[folder] = isHeld
      }
      if isHeld {
        first = commit
        break
      }
    }
    return try first.map { commit throws(StoreError) in try store.version(commit.id) }
  }

  /// The oldest version since which a file is as it is in one, along first parents.
  package func version(ofFile path: String, asIn start: Version) throws(StoreError) -> Version? {
    guard let content = try entry(path, in: start.tree)?.id else { return nil }
    let known = Dictionary(commits.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var commit = start.commit
    while let parent = commit.parents.first.flatMap({ known[$0] }),
      try entry(path, in: parent.tree)?.id == content
    {
      commit = parent
    }
    return try store.version(commit.id)
  }

  private func entry(_ path: String, in tree: ObjectID) throws(StoreError) -> TreeEntry? {
    do throws(GitError) {
      return try store.repository.find(path: path, inTree: tree)
    } catch {
      throw StoreError(error)
    }
  }

  private func holds(
    _ paths: some Sequence<ArtifactPath>, _ tree: ObjectID
  ) throws(StoreError) -> Bool {
    for path in paths where try entry(path.text, in: tree) != nil { return true }
    return false
  }
}

extension Version {
  /// This version's commit and all that it follows and that are here, each before those it follows.
  package func history() throws(StoreError) -> [Commit] {
    var order: [Commit] = []
    var seen: Set<ObjectID> = [commit.id]
    var waiting = [commit]
    while let next = waiting.popLast() {
      order.append(next)
      for parent in next.parents where seen.insert(parent).inserted {
        // Beyond the boundary of a shallow clone nothing is here.
        guard store.repository.contains(parent) else { continue }
        waiting.append(try store.version(parent).commit)
      }
    }
    return Self.sorted(order)
  }

  /// Children before parents, and of those beside each other the later ones first.
  private static func sorted(_ commits: [Commit]) -> [Commit] {
    var childCounts: [ObjectID: Int] = [:]
    for commit in commits { for parent in commit.parents { childCounts[parent, default: 0] += 1 } }
    let byID = Dictionary(commits.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var ready = commits.filter { childCounts[$0.id] == nil }
    var sorted: [Commit] = []
    while let next = ready.popLast() {
      sorted.append(next)
      for parent in next.parents {
        childCounts[parent, default: 1] -= 1
        guard childCounts[parent] == 0, let commit = byID[parent] else { continue }
        let place = ready.firstIndex { $0.committer.time > commit.committer.time } ?? ready.endIndex
        ready.insert(commit, at: place)
      }
    }
    return sorted
  }
}
