package import Git

extension Store {
  /// What HEAD shall name.
  package enum Destination: Sendable, Hashable {
    /// A branch by its full name.
    case branch(String)
    case detached(ObjectID)
  }

  /// Makes HEAD name a branch or a version, and brings git's index and the files along.
  ///
  /// - Parameters:
  ///   - destination: What to go to.
  ///   - start: For a branch that is to be made its first version; nil for one that is there.
  /// - Returns: The version that HEAD then names.
  /// - Throws: ``StoreError`` with code `refused` when a file with uncommitted changes would be
  ///   overwritten or the branch is in use elsewhere, `locked` when another writer is at work.
  package func checkout(
    _ destination: Destination, startingAt start: Version? = nil
  ) throws(StoreError) -> Version {
    let lock = try lock(purpose: "stemma checkout")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(self).prepare()
    let target: Version
    if let start { target = start } else { target = try version(of: destination) }
    let change = try ContentChange(self, from: try head(), to: target.tree)
    let name: String
    switch destination {
    case .branch(let branch):
      name = branch
      let isElsewhere = try convert { () throws(GitError) in
        try repository.isCheckedOutElsewhere(branch)
      }
      guard !isElsewhere else {
        throw StoreError(
          .refused, "branch '\(branch)' is checked out in another working tree",
          hint: "work there, or make another branch with 'stemma checkout -b NAME'")
      }
      if start != nil { try makeReference(branch, at: target, title: "branch") }
    case .detached: name = "HEAD"
    }
    let pending = PendingCheckout(self)
    let old = try head()
    try pending.begin(
      branch: name, from: old?.commit.id, to: target.commit.id, writing: change.writes.map(\.path))
    do throws(GitError) {
      switch destination {
      case .branch(let branch): try repository.setHead(branch: branch)
      case .detached(let commit): try repository.setHead(detached: commit)
      }
    } catch {
      pending.end()
      throw StoreError(error)
    }
    try WorkingTree(self).follow(change.changes, writing: change.writes, branch: name)
    pending.end()
    return target
  }

  private func version(of destination: Destination) throws(StoreError) -> Version {
    switch destination {
    case .branch(let name): try version(name)
    case .detached(let id): try version(id)
    }
  }

  /// Makes a reference that must not exist.
  ///
  /// - Parameters:
  ///   - name: The full name, such as `refs/tags/v1`.
  ///   - version: What it shall name.
  ///   - title: A word for the reflog.
  /// - Throws: ``StoreError`` with code `refused` for a name that is taken or not allowed.
  package func makeReference(
    _ name: String, at version: Version, title: String
  ) throws(StoreError) {
    let prefix = name.hasPrefix(Store.tagPrefix) ? Store.tagPrefix : Store.branchPrefix
    guard Repository.isValidName(String(name.dropFirst(prefix.count)), under: prefix) else {
      throw StoreError(
        .refused, "'\(name.dropFirst(prefix.count))' is no name for a branch or tag",
        hint: "use letters, digits and '-', as in 'more-geometry'")
    }
    let others = try convert { () throws(GitError) in try repository.references(under: prefix) }
    // A name is a file or a folder of git's.
    if let other = others.map(\.name).first(where: {
      $0.hasPrefix(name + "/") || name.hasPrefix($0 + "/")
    }) {
      throw StoreError(
        .refused,
        "'\(name.dropFirst(prefix.count))' and '\(other.dropFirst(prefix.count))' cannot "
          + "both be: one name is the beginning of the other",
        hint: "choose another name, or remove the other first with --delete")
    }
    do {
      try repository.updateReference(
        name, to: version.commit.id, expecting: nil, message: "stemma: \(title)")
    } catch {
      guard error.code == .conflict else { throw StoreError(error) }
      throw StoreError(
        .refused, "'\(name)' exists already",
        hint: "choose another name, or remove it first with --delete")
    }
  }
}
