/// How one path differs between two trees.
package struct PathChange: Sendable, Hashable {
  /// The path from the root.
  package let path: String
  /// What was there, or nil if it is new.
  package let old: TreeEntry?
  /// What is there now, or nil if it was removed.
  package let new: TreeEntry?
}

extension ObjectSource {
  /// Finds the paths of files that differ between two trees, without looking for renames.
  ///
  /// A nil tree has no files. A file that became a folder is removed, and its files are new.
  ///
  /// - Complexity: Linear in the entries of the folders that differ; equal folders are not read.
  /// - Throws: ``GitError`` as listing files does, with code `tooLarge` also for more changes than the
  ///   caller allows, about.
  package func changes(
    from old: ObjectID?, to new: ObjectID?, maximumCount: Int = ReadingLimit.fileCount
  ) throws(GitError) -> [PathChange] {
    var changes: [PathChange] = []
    var budget = maximumCount
    try collectChanges(from: old, to: new, prefix: "", depth: 0, &budget, into: &changes)
    return changes
  }

  // The budget is how many more entries may be looked at; folders without files count too.
  private func collectChanges(
    from old: ObjectID?, to new: ObjectID?, prefix: String, depth: Int, _ budget: inout Int,
    into changes: inout [PathChange]
  ) throws(GitError) {
    guard old != new else { return }
    guard depth < ReadingLimit.depth, budget > 0 else {
      throw GitError(.tooLarge, "cannot compare '\(prefix)': too deep or too many files")
    }
    // Few bytes an entry, so that no tree is parsed that is beyond what is left.
    let size = min(ReadingLimit.metadataSizeInBytes, (1 << 20) + 128 * min(budget, 1 << 32))
    var before = ArraySlice(try entries(of: old, size))
    var after = ArraySlice(try entries(of: new, size))
    while true {
      let first = before.first
      let second = after.first
      guard first != nil || second != nil else { return }
      let takesFirst = isFirst(first, notAfter: second)
      let takesSecond = isFirst(second, notAfter: first)
      try compare(
        takesFirst ? first : nil, takesSecond ? second : nil, prefix: prefix, depth: depth,
        &budget, into: &changes)
      if takesFirst { before.removeFirst() }
      if takesSecond { after.removeFirst() }
    }
  }

  private func entries(
    of tree: ObjectID?, _ maximumSizeInBytes: Int
  ) throws(GitError) -> [RawTree.Entry] {
    guard let tree else { return [] }
    return try rawTree(tree, maximumSizeInBytes: maximumSizeInBytes).entries
  }

  private func isFirst(_ entry: RawTree.Entry?, notAfter other: RawTree.Entry?) -> Bool {
    guard let entry else { return false }
    guard let other else { return true }
    return !RawTree.areInOrder(other, entry)
  }

  /// Adds the difference of two entries of one name and kind, or of one that has no counterpart.
  private func compare(
    _ old: RawTree.Entry?, _ new: RawTree.Entry?, prefix: String, depth: Int,
    _ budget: inout Int, into changes: inout [PathChange]
  ) throws(GitError) {
    guard old?.id != new?.id || old?.mode != new?.mode else { return }
    budget -= 1
    let before = try decoded(old)
    let after = try decoded(new)
    guard let path = (before ?? after).map({ prefix + $0.name }) else { return }
    if (before ?? after)?.mode == .folder {
      try collectChanges(
        from: before?.id, to: after?.id, prefix: path + "/", depth: depth + 1, &budget,
        into: &changes)
    } else if before != after {
      changes.append(PathChange(path: path, old: before, new: after))
    }
  }

  private func decoded(_ entry: RawTree.Entry?) throws(GitError) -> TreeEntry? {
    guard let entry else { return nil }
    return try entry.decoded()
  }
}
