/// What a tree says an entry is.
package enum FileMode: UInt32, Sendable, CaseIterable {
  case file = 0o100644
  case executable = 0o100755
  case link = 0o120000
  case folder = 0o040000
  case submodule = 0o160000

  /// Reads a mode of any git version, as git does.
  init(raw: UInt32) {
    self =
      switch raw & 0o170000 {
      case 0o100000: raw & 0o100 == 0 ? .file : .executable
      case 0o120000: .link
      case 0o040000: .folder
      default: .submodule
      }
  }
}

/// One entry of a tree.
package struct TreeEntry: Sendable, Hashable {
  /// The last component of the path.
  package let name: String
  /// What the entry is.
  package let mode: FileMode
  /// The object it names.
  package let id: ObjectID

  /// Makes an entry from its parts.
  package init(name: String, mode: FileMode, id: ObjectID) {
    self.name = name
    self.mode = mode
    self.id = id
  }
}

/// What a path holds: an object and its mode.
package struct PathContent: Sendable, Hashable {
  /// The object at the path.
  package let id: ObjectID
  /// What the path is.
  package let mode: FileMode

  /// Makes a content, a plain file unless told otherwise.
  package init(id: ObjectID, mode: FileMode = .file) {
    self.id = id
    self.mode = mode
  }
}
