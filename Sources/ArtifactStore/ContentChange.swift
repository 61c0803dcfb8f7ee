import Git

/// What takes git's index and the files beside it from one content to another.
struct ContentChange {
  /// More plain files than this are no dataset's.
  private static let maximumFileCount = 10_000

  let changes: [TreeChange]
  let writes: [WorkingTree.Write]

  /// Compares two contents and makes sure that nothing of a person's would be overwritten.
  ///
  /// - Parameters:
  ///   - store: The dataset; the caller holds its writer lock.
  ///   - old: The version that index and files are at, nil for none.
  ///   - tree: The content to go to.
  /// - Throws: ``StoreError`` with code `refused` for a file with changes that are in no version.
  init(_ store: Store, from old: Version?, to tree: ObjectID) throws(StoreError) {
    let differences = try convert { () throws(GitError) in
      try store.repository.changes(from: old?.tree, to: tree)
    }
    changes = differences.map { change in
      TreeChange(
        path: change.path, entry: change.new.map { PathContent(id: $0.id, mode: $0.mode) })
    }
    let plain = differences.filter { ArtifactPath($0.path) == nil }
    guard plain.count <= Self.maximumFileCount else {
      throw StoreError(
        .refused, "\(plain.count) files that are no artifacts differ, more than a dataset has",
        hint: "see what they are with 'git diff --stat', and do this step with git")
    }
    for change in plain {
      for mode in [change.old?.mode, change.new?.mode] where mode == .link || mode == .submodule {
        throw StoreError(
          .refused, "'\(change.path)' is a link or another repository, which Stemma never follows",
          hint: "do this step with git: 'git checkout', 'git merge' or 'git reset --keep'")
      }
    }
    try Self.refuseOverwriting(plain.map { ($0.path, [$0.old?.id, $0.new?.id]) }, in: store)
    writes = try plain.map { change throws(StoreError) in
      WorkingTree.Write(path: change.path, replacing: [nil, try old?.file(change.path)])
    }
  }

  /// Makes sure that files and index hold nothing but what is known there.
  static func refuseOverwriting(
    _ paths: [(path: String, known: [ObjectID?])], in store: Store
  ) throws(StoreError) {
    guard let root = store.repository.workingDirectory, !paths.isEmpty else { return }
    let files = DatasetFiles(root: root)
    let index = try convert { () throws(GitError) in try store.repository.indexEntries() }
    let staged = Dictionary(index.map { ($0.path, $0.content.id) }, uniquingKeysWith: { $1 })
    for (path, known) in paths {
      let present = try files.read(path).map { ObjectID(hashing: .blob, $0) }
      guard present == nil || known.contains(present), known.contains(staged[path]) else {
        throw StoreError(
          .refused, "'\(path)' has changes that are in no version",
          hint: "commit them with git, or drop them with 'git checkout HEAD -- \(path)'")
      }
    }
  }
}

extension Store {
  /// The branch that HEAD names, with its version.
  ///
  /// - Throws: ``StoreError`` with code `refused` where there is none.
  func presentBranch() throws(StoreError) -> (name: String, head: Version) {
    let present = try convert { () throws(GitError) in try repository.head }
    guard case .branch(let name, let id?) = present else {
      throw StoreError(
        .refused, "HEAD names no branch with a version",
        hint: "choose one with 'stemma checkout BRANCH'")
    }
    let isElsewhere = try convert { () throws(GitError) in
      try repository.isCheckedOutElsewhere(name)
    }
    guard !isElsewhere else {
      throw StoreError(
        .refused, "branch '\(name)' is checked out in another working tree",
        hint: "work there, or on a branch of its own: 'stemma checkout -b NAME'")
    }
    return (name, try version(id))
  }

  /// Writes a commit whose content and parents are here.
  func writeCommit(
    tree: ObjectID, parents: [ObjectID], message: String
  ) throws(StoreError) -> ObjectID {
    try convert { () throws(GitError) in
      let pack = repository.makePackWriter()
      let draft = CommitDraft(
        tree: tree, parents: parents, message: message,
        author: try repository.identity.at(time: Store.now))
      let commit = try repository.write(commit: draft, into: pack)
      try pack.finish()
      return commit
    }
  }

  /// Moves a branch, and brings git's index and the files along if HEAD names it.
  ///
  /// - Parameters:
  ///   - branch: The full name, or `HEAD` when that is detached.
  ///   - old: Where the branch must be.
  ///   - commit: Where it goes; the commit is here.
  ///   - change: How the contents differ.
  ///   - title: A line for the reflog.
  /// - Returns: The files that stay since somebody changed them meanwhile.
  /// - Throws: ``StoreError`` with code `locked` when the branch is elsewhere by now.
  @discardableResult
  func move(
    _ branch: String, from old: Version?, to commit: ObjectID, _ change: ContentChange,
    title: some StringProtocol
  ) throws(StoreError) -> [String] {
    try move(
      branch, from: old, to: commit, change.changes, writing: change.writes, title: title)
  }

  /// Moves a branch, with the files that a run wrote.
  func move(
    _ branch: String, from old: Version?, to commit: ObjectID, _ changes: [TreeChange],
    writing writes: [WorkingTree.Write], title: some StringProtocol
  ) throws(StoreError) -> [String] {
    let pending = PendingCheckout(self)
    try pending.begin(
      branch: branch, from: old?.commit.id, to: commit, writing: writes.map(\.path))
    do {
      try repository.updateReference(
        branch, to: commit, expecting: old?.commit.id, message: "stemma: \(title)")
    } catch {
      pending.end()
      throw StoreError(error)
    }
    let kept = try WorkingTree(self).follow(changes, writing: writes, branch: branch)
    pending.end()
    return kept
  }
}
