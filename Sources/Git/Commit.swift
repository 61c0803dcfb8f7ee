/// One commit.
package struct Commit: Sendable, Hashable {
  /// The commit's own object ID.
  package let id: ObjectID
  /// The tree it records.
  package let tree: ObjectID
  /// The commits it follows, whether they are present or cut off in a shallow clone.
  package let parents: [ObjectID]
  /// The whole message, with its trailers.
  package let message: String
  /// Who made the change.
  package let author: Signature
  /// Who made the commit.
  package let committer: Signature
}

extension Commit {
  /// Parses the bytes of a commit object.
  init(_ bytes: RawSpan, id: ObjectID) throws(GitError) {
    let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    var tree: ObjectID?
    var parents: [ObjectID] = []
    var author: Signature?
    var committer: Signature?
    var rest = text[...]
    // Only a line feed ends a header: a carriage return before it would join it in one Character.
    while let end = rest.unicodeScalars.firstIndex(of: "\n"), end > rest.startIndex {
      let line = rest[..<end]
      rest = rest[rest.unicodeScalars.index(after: end)...]
      guard let space = line.unicodeScalars.firstIndex(of: " ") else { continue }
      let value = line[line.unicodeScalars.index(after: space)...]
      switch line[..<space] {
      case "tree": tree = tree ?? ObjectID(hex: value)
      case "parent":
        guard let parent = ObjectID(hex: value) else { throw Self.malformed(id) }
        parents.append(parent)
      case "author": author = author ?? Signature(line: value)
      case "committer": committer = committer ?? Signature(line: value)
      default: continue
      }
    }
    guard let tree, let author, let committer else { throw Self.malformed(id) }
    let message = rest.unicodeScalars.first == "\n" ? String(rest.unicodeScalars.dropFirst()) : ""
    self.init(
      id: id, tree: tree, parents: parents, message: message, author: author,
      committer: committer)
  }

  private static func malformed(_ id: ObjectID) -> GitError {
    GitError(.corrupt, "cannot read commit '\(id)': malformed")
  }
}

/// A commit that is not written yet.
package struct CommitDraft: Sendable, Hashable {
  /// The tree to record.
  package var tree: ObjectID
  /// The commits to follow, none for the first one.
  package var parents: [ObjectID]
  /// The whole message; a newline is added at its end if there is none.
  package var message: String
  /// Who made the change, and when.
  package var author: Signature
  /// Who makes the commit; the author unless told otherwise.
  package var committer: Signature?

  /// Makes a draft from its parts.
  package init(
    tree: ObjectID, parents: [ObjectID], message: String, author: Signature,
    committer: Signature? = nil
  ) {
    self.tree = tree
    self.parents = parents
    self.message = message
    self.author = author
    self.committer = committer
  }

  /// The bytes of the commit object, in git's format.
  func bytes() throws(GitError) -> [UInt8] {
    try refuseNUL(message, "message")
    var text = "tree \(tree)\n"
    for parent in parents { text += "parent \(parent)\n" }
    text += "author \(try author.line())\n"
    text += "committer \(try (committer ?? author).line())\n\n"
    text += message
    if message.utf8.last != UInt8(ascii: "\n") { text += "\n" }
    return Array(text.utf8)
  }
}
