package import Git

extension Store {
  package static let branchPrefix = "refs/heads/"
  package static let tagPrefix = "refs/tags/"

  /// The versions that branches or tags name, by their short names.
  package func names(
    under prefix: String
  ) throws(StoreError) -> [(name: String, version: Version)] {
    let references = try convert { () throws(GitError) in
      try repository.references(under: prefix)
    }
    var names: [(name: String, version: Version)] = []
    for reference in references {
      // A tag may name what is no commit.
      guard let version = try? version(reference.name) else { continue }
      names.append((String(reference.name.dropFirst(prefix.count)), version))
    }
    return names
  }

  /// Makes a tag that carries a message.
  package func makeTag(_ name: String, at version: Version, message: String) throws(StoreError) {
    try convert { () throws(GitError) in
      guard Repository.isValidName(name, under: Store.tagPrefix) else {
        throw GitError(.invalid, "'\(name)' is no name for a tag")
      }
      let pack = repository.makePackWriter()
      let tag = try repository.write(
        tag: name, of: version.commit.id, message: message,
        tagger: repository.identity.at(time: Store.now), into: pack)
      try pack.finish()
      try repository.updateReference(
        Store.tagPrefix + name, to: tag, expecting: nil, message: "stemma: tag")
    }
  }

  /// Removes a branch or tag; its versions stay as long as git remembers them.
  ///
  /// - Parameters:
  ///   - name: The full name.
  ///   - isForced: Whether also a branch goes whose versions no other branch or tag has.
  /// - Returns: What it named.
  /// - Throws: ``StoreError`` with code `notFound`, or `refused` where versions would be lost.
  package func removeReference(_ name: String, isForced: Bool) throws(StoreError) -> ObjectID {
    let target = try convert { () throws(GitError) in
      Repository.isValidName(name, under: "") ? try repository.reference(name) : nil
    }
    guard let target else { throw StoreError(.notFound, "there is no '\(name)'") }
    if name.hasPrefix(Store.branchPrefix) { try refuseRemoval(of: name, target, isForced) }
    try convert { () throws(GitError) in
      try repository.updateReference(
        name, to: nil, expecting: target, message: "stemma: delete")
    }
    return target
  }

  private func refuseRemoval(
    of branch: String, _ target: ObjectID, _ isForced: Bool
  ) throws(StoreError) {
    try convert { () throws(GitError) in
      if case .branch(branch, _) = try repository.head {
        throw GitError(
          .invalid, "cannot remove '\(branch)': it is the present branch",
          hint: "go to another one first: 'stemma checkout NAME'")
      }
      guard try !repository.isCheckedOutElsewhere(branch) else {
        throw GitError(.invalid, "cannot remove '\(branch)': another working tree is at it")
      }
      guard !isForced else { return }
      for prefix in [Store.branchPrefix, Store.tagPrefix, "refs/remotes/"] {
        for other in try repository.references(under: prefix) where other.name != branch {
          guard let commit = try? repository.resolve(other.name) else { continue }
          if try repository.mergeBase(target, commit) == target { return }
        }
      }
      throw GitError(
        .invalid, "cannot remove '\(branch)': no other branch or tag has its versions",
        hint: "'--force' removes it all the same")
    }
  }
}
