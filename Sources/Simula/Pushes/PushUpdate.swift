import ArtifactStore
package import Git

/// What a push does to one reference.
package struct PushUpdate: Sendable, Hashable {
  /// The full name at the receiving side.
  package let name: String
  /// What it names there so far, nil for nothing.
  package let old: ObjectID?
  /// What it shall name, nil to delete it.
  package let new: ObjectID?

  package init(name: String, old: ObjectID?, new: ObjectID?) {
    self.name = name
    self.old = old
    self.new = new
  }

  /// A line of what git tells a pre-receive hook: `<old> <new> <name>`; nil for anything else.
  package init?(received line: Substring) {
    let parts = line.split(separator: " ", maxSplits: 2)
    guard parts.count == 3, let old = ObjectID(hex: String(parts[0])),
      let new = ObjectID(hex: String(parts[1]))
    else { return nil }
    self.init(name: String(parts[2]), old: old.unlessZero, new: new.unlessZero)
  }

  /// A line of what git tells a pre-push hook: `<local name> <new> <name there> <old>`.
  package init?(sent line: Substring) {
    // A local name such as 'HEAD~1' has no spaces that git would take, but a time in it may.
    let parts = line.split(separator: " ")
    guard parts.count >= 4, let old = ObjectID(hex: String(parts[parts.count - 1])),
      let new = ObjectID(hex: String(parts[parts.count - 3]))
    else { return nil }
    self.init(
      name: String(parts[parts.count - 2]), old: old.unlessZero, new: new.unlessZero)
  }

  /// What the reference is for.
  package enum Kind: Sendable, Hashable {
    /// A branch or tag.
    case version
    case calls
    /// Git's notes on commits.
    case notes
    case other
  }

  package var kind: Kind {
    if name.hasPrefix(Store.branchPrefix) || name.hasPrefix(Store.tagPrefix) { return .version }
    if name.hasPrefix(CallReferences.own) { return .calls }
    return name.hasPrefix("refs/notes/") ? .notes : .other
  }
}

extension ObjectID {
  /// Nil for the id of zeros, by which git means none.
  fileprivate var unlessZero: ObjectID? { bytes.allSatisfy { $0 == 0 } ? nil : self }
}
