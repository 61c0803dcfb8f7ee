import CGit2

/// What a path shall hold in a new tree.
package struct TreeChange: Sendable, Hashable {
  /// The path from the root.
  package let path: String
  /// What to put there, or nil to remove it.
  package let entry: PathContent?

  /// Puts a content at a path, or removes what is there.
  package init(path: String, entry: PathContent?) {
    self.path = path
    self.entry = entry
  }
}

extension Repository {
  /// Makes a tree from another by changes, and adds its new folders to a pack.
  ///
  /// Removing a path removes all below it, one that is absent changes nothing, and a folder that
  /// loses its last entry disappears. What a change names need not be readable yet. Removals
  /// come first: removing `a` and adding `a/b` leaves only `a/b`. The result of comparing two
  /// trees, applied to the first, gives the second.
  ///
  /// - Returns: The new root, which is the empty tree if nothing is left.
  /// - Throws: ``GitError`` with code `invalid` for a path that may not be in a tree, that comes
  ///   twice, or that has a file where it needs a folder or the reverse, and as the pack does.
  package func write(
    changes: [TreeChange], onto base: ObjectID?, into pack: PackWriter
  ) throws(GitError) -> ObjectID {
    var root = ChangedFolder()
    for change in changes {
      let components = try PathRules.components(of: change.path)
      guard root.insert(change.entry, at: components[...]) else {
        throw GitError(.invalid, "cannot change path '\(change.path)': it comes twice")
      }
    }
    if let tree = try build(root, onto: base, prefix: "", into: pack) { return tree }
    return try pack.add(.tree, [])
  }

  /// Adds a commit to a pack; neither its tree nor its parents need to be readable yet.
  ///
  /// - Throws: ``GitError`` with code `invalid` for a NUL in the message or an unusable
  ///   signature, and as the pack does.
  package func write(commit: CommitDraft, into pack: PackWriter) throws(GitError) -> ObjectID {
    try pack.add(.commit, try commit.bytes())
  }

  /// Adds a tag object, which gives a commit a name and a message, to a pack.
  ///
  /// - Throws: ``GitError`` with code `invalid` for a name that git does not take or an unusable
  ///   signature, and as the pack does.
  package func write(
    tag name: String, of commit: ObjectID, message: String, tagger: Signature,
    into pack: PackWriter
  ) throws(GitError) -> ObjectID {
    guard git_reference_is_valid_name("refs/tags/\(name)") == 1, !message.contains("\0") else {
      throw GitError(.invalid, "cannot make tag '\(name)': no valid name or message")
    }
    let end = message.hasSuffix("\n") ? "" : "\n"
    let text =
      "object \(commit)\ntype commit\ntag \(name)\ntagger \(try tagger.line())\n\n\(message)\(end)"
    return try pack.add(.tag, Array(text.utf8))
  }

  private func build(
    _ folder: ChangedFolder, onto base: ObjectID?, prefix: String, into pack: PackWriter
  ) throws(GitError) -> ObjectID? {
    var entries: [RawTree.Entry] = []
    if let base { entries = try pack.rawTree(base).entries }
    var replaced: [[UInt8]: RawTree.Entry] = [:]
    entries.removeAll { entry in
      guard folder.children[entry.name] != nil else { return false }
      replaced[entry.name] = entry
      return true
    }
    for (name, child) in folder.children {
      let path = prefix + String(decoding: name, as: UTF8.self)
      let old = child.change == .removal ? nil : replaced[name]
      let oldFolder = old.flatMap { $0.isFolder ? $0.id : nil }
      let rest: ObjectID?
      if case .content(let content) = child.change, content.mode == .folder {
        rest = nil
      } else {
        rest = try build(child, onto: oldFolder, prefix: path + "/", into: pack)
      }
      if let entry = try child.entry(name, old: old, rest: rest, path: path) {
        entries.append(entry)
      }
    }
    guard !entries.isEmpty else { return nil }
    return try pack.add(.tree, RawTree(entries).bytes)
  }
}

/// A folder on the way to changed paths, or a changed path itself.
private struct ChangedFolder {
  enum Change: Equatable {
    case content(PathContent)
    case removal
  }

  var change: Change?
  var children: [[UInt8]: ChangedFolder] = [:]

  /// Notes a change, unless another one was noted for the path.
  mutating func insert(_ entry: PathContent?, at path: ArraySlice<[UInt8]>) -> Bool {
    guard let name = path.first else {
      guard change == nil else { return false }
      change = entry.map { .content($0) } ?? .removal
      return true
    }
    return children[name, default: ChangedFolder()].insert(entry, at: path.dropFirst())
  }

  /// The new entry, from the old one and the folder that is left after the changes below it.
  func entry(
    _ name: [UInt8], old: RawTree.Entry?, rest: ObjectID?, path: String
  ) throws(GitError) -> RawTree.Entry? {
    switch change {
    case .content(let content):
      guard rest == nil, content.mode != .folder || children.isEmpty else {
        throw GitError(.invalid, "cannot put a file at '\(path)': files are below it")
      }
      return RawTree.Entry(mode: content.mode.rawValue, name: name, id: content.id)
    case .removal, nil:
      if let old, !old.isFolder {
        guard rest == nil else {
          throw GitError(.invalid, "cannot put files below '\(path)': it is a file")
        }
        return old
      }
      return rest.map { RawTree.Entry(mode: FileMode.folder.rawValue, name: name, id: $0) }
    }
  }
}
