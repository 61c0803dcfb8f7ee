/// Commits by when they were made, so that descendants come before their ancestors but for odd clocks.
private struct CommitQueue {
  private var waiting: [Commit] = []  // newest last

  mutating func insert(_ commit: Commit) {
    var low = 0
    var high = waiting.count
    while low < high {
      let middle = (low + high) / 2
      if waiting[middle].committer.time < commit.committer.time {
        low = middle + 1
      } else {
        high = middle
      }
    }
    waiting.insert(commit, at: low)
  }

  mutating func takeNewest() -> Commit? { waiting.popLast() }
}

extension Repository {
  /// Lists the commits that some have in their histories and others have not, parents first.
  ///
  /// Where clocks were wrong, some commits that the others have may be among them. A shallow clone's
  /// boundary ends a history.
  ///
  /// - Parameters:
  ///   - tips: The commits whose histories are new.
  ///   - known: The commits whose histories are not; those that are absent are passed over.
  /// - Returns: Each commit once.
  /// - Throws: ``GitError`` with code `missingObject` when a new commit has a parent that is absent.
  /// - Complexity: Linear in the new commits and in those known ones that are younger than them.
  package func newCommits(
    from tips: [ObjectID], notIn known: [ObjectID]
  ) throws(GitError) -> [Commit] {
    let boundary = try shallowCommits
    var old = Set<ObjectID>()
    var found: [ObjectID: Commit] = [:]
    var queue = CommitQueue()
    /// The new ones whose parents were not looked at.
    var pending = Set<ObjectID>()
    for id in Set(known) {
      guard let commit = try? commit(id) else { continue }
      old.insert(id)
      queue.insert(commit)
    }
    var seen = old
    func add(_ id: ObjectID) throws(GitError) {
      guard seen.insert(id).inserted else { return }
      let commit = try commit(id)
      found[id] = commit
      pending.insert(id)
      queue.insert(commit)
    }
    for tip in tips { try add(tip) }
    while !pending.isEmpty, let next = queue.takeNewest() {
      pending.remove(next.id)
      guard !boundary.contains(next.id) else { continue }
      for parent in next.parents {
        guard old.contains(next.id) else {
          try add(parent)
          continue
        }
        guard old.insert(parent).inserted else { continue }
        found[parent] = nil
        pending.remove(parent)
        if seen.insert(parent).inserted, let commit = try? commit(parent) { queue.insert(commit) }
      }
    }
    return inOrder(found)
  }

  /// Parents before their children.
  private func inOrder(_ commits: [ObjectID: Commit]) -> [Commit] {
    var ordered: [Commit] = []
    var placed = Set<ObjectID>()
    for start in commits.keys.sorted() {
      var path = [start]
      while let id = path.last, let commit = commits[id] {
        let next = commit.parents.first { commits[$0] != nil && !placed.contains($0) }
        if let next {
          path.append(next)
        } else {
          path.removeLast()
          if placed.insert(id).inserted { ordered.append(commit) }
        }
      }
    }
    return ordered
  }
}
