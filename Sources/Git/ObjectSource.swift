/// Something that reads objects: a repository, or one worker's own reader of it.
package protocol ObjectSource: Sendable {
  /// Lends the bytes of an object to a closure.
  ///
  /// - Throws: ``GitError`` with code `missingObject` for an absent one, `tooLarge` for one above
  ///   the maximum, before its bytes are read, `invalid` for one of another kind, and `corrupt`
  ///   for damaged storage.
  func withObject<Result>(
    _ id: ObjectID, as kind: ObjectKind, maximumSizeInBytes: Int,
    _ body: (RawSpan) throws(GitError) -> Result
  ) throws(GitError) -> Result

  /// Says whether the object is stored, also when another process stored it just now.
  func contains(_ id: ObjectID) -> Bool
}

/// Bounds on what a repository from elsewhere may make this process do.
package enum ReadingLimit {
  /// The most bytes of one tree or commit.
  static let metadataSizeInBytes = 256 << 20
  /// The most folders inside each other.
  static let depth = 128
  /// The most files listed at once, since few trees can name each other many times.
  package static let fileCount = 20_000_000
}

extension ObjectSource {
  /// Reads the bytes of an object.
  ///
  /// - Throws: As lending the bytes does.
  package func read(
    _ id: ObjectID, as kind: ObjectKind, maximumSizeInBytes: Int
  ) throws(GitError) -> [UInt8] {
    try withObject(id, as: kind, maximumSizeInBytes: maximumSizeInBytes) {
      (bytes) throws(GitError) in
      bytes.withUnsafeBytes { [UInt8]($0) }
    }
  }

  /// Reads a commit.
  package func commit(_ id: ObjectID) throws(GitError) -> Commit {
    try withObject(id, as: .commit, maximumSizeInBytes: ReadingLimit.metadataSizeInBytes) {
      (bytes) throws(GitError) in
      try Commit(bytes, id: id)
    }
  }

  /// Reads a tree's entries as stored.
  func rawTree(
    _ id: ObjectID, maximumSizeInBytes: Int = ReadingLimit.metadataSizeInBytes
  ) throws(GitError) -> RawTree {
    guard id != .emptyTree else { return RawTree([]) }
    return try withObject(id, as: .tree, maximumSizeInBytes: maximumSizeInBytes) {
      (bytes) throws(GitError) in
      try RawTree(bytes, id: id)
    }
  }
}

extension ObjectSource {
  /// The entry of a name in a tree, as stored; nil when there is none.
  func rawEntry(
    named name: [UInt8], inTree id: ObjectID
  ) throws(GitError) -> RawTree.Entry? {
    guard id != .emptyTree else { return nil }
    return try withObject(
      id, as: .tree, maximumSizeInBytes: ReadingLimit.metadataSizeInBytes
    ) { (bytes) throws(GitError) in
      try RawTree.entry(named: name, in: bytes, id: id)
    }
  }
}

extension ObjectID {
  /// The tree without entries, which git knows without storing it.
  package static let emptyTree = ObjectID(
    high: 0x4b82_5dc6_42cb_6eb9, middle: 0xa060_e54b_f8d6_9288, low: 0xfbee_4904)
}
