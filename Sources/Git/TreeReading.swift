extension ObjectSource {
  /// Lists the entries of one tree, in git's order.
  ///
  /// - Throws: ``GitError`` with code `invalid` for a name that is not UTF-8, `corrupt` for an
  ///   unsafe one, and as reading an object does.
  package func entries(ofTree id: ObjectID) throws(GitError) -> [TreeEntry] {
    var entries: [TreeEntry] = []
    for entry in try rawTree(id).entries { entries.append(try entry.decoded()) }
    return entries
  }

  /// Finds what a path names in a tree; nil when nothing is there.
  package func find(path: String, inTree tree: ObjectID) throws(GitError) -> TreeEntry? {
    let components = try PathRules.components(of: path)
    var folder = tree
    for (position, name) in components.enumerated() {
      guard let entry = try rawEntry(named: name, inTree: folder) else { return nil }
      if position == components.count - 1 { return try entry.decoded() }
      guard entry.isFolder else { return nil }
      folder = entry.id
    }
    return nil
  }

  /// Lists all that is no folder in a tree, with paths from its root, in git's order.
  ///
  /// - Parameters:
  ///   - tree: The root.
  ///   - folder: The only folder to list, or empty for all; an absent one has no files.
  /// - Returns: The paths and what is there.
  /// - Throws: ``GitError`` with code `tooLarge` for absurdly deep or wide trees, and as listing
  ///   one tree does.
  package func files(
    inTree tree: ObjectID, under folder: String = ""
  ) throws(GitError) -> [(path: String, entry: TreeEntry)] {
    var files: [(path: String, entry: TreeEntry)] = []
    guard !folder.isEmpty else {
      try collectFiles(in: tree, prefix: "", depth: 0, into: &files)
      return files
    }
    guard let entry = try find(path: folder, inTree: tree) else { return [] }
    guard entry.mode == .folder else { return [(folder, entry)] }
    try collectFiles(in: entry.id, prefix: folder + "/", depth: 0, into: &files)
    return files
  }

  private func collectFiles(
    in tree: ObjectID, prefix: String, depth: Int,
    into files: inout [(path: String, entry: TreeEntry)]
  ) throws(GitError) {
    guard depth < ReadingLimit.depth, files.count < ReadingLimit.fileCount else {
      throw GitError(.tooLarge, "cannot list files under '\(prefix)': too deep or too many")
    }
    for entry in try entries(ofTree: tree) {
      let path = prefix + entry.name
      if entry.mode == .folder {
        try collectFiles(in: entry.id, prefix: path + "/", depth: depth + 1, into: &files)
      } else {
        files.append((path, entry))
      }
    }
  }
}
