import Foundation
import Git

/// Keeps git's index and the files beside it in step with the versions that Stemma makes.
///
/// Artifacts are left out of the working tree by a sparse checkout, unless somebody set
/// `core.sparseCheckout` to false on purpose.
package struct WorkingTree {
  /// The folders whose files stay out of the working tree.
  package static let hiddenFolders =
    RecordKind.versioned.map(\.rawValue)
    + [RecordKind.tombstones.rawValue, ArtifactPath.growth, ArtifactPath.taxonomies + "/*"]

  private let store: Store

  package init(_ store: Store) { self.store = store }

  private var isFull: Bool {
    get throws(StoreError) {
      try convert { () throws(GitError) in
        try store.repository.usesSparseCheckout == false
      }
    }
  }

  /// Ends what a killed process began, and then does what ``hideArtifacts()`` does.
  ///
  /// The caller holds the writer lock.
  package func prepare() throws(StoreError) {
    try refuseUnfinishedWork()
    try PendingCheckout(store).recover()
    try hideArtifacts()
  }

  /// How many shards are read at most where nobody asked for anything.
  private static let quickShardCount = 64

  /// Does after git's own program what costs little: hides artifacts that it checked out, and brings the
  /// index of records along.
  ///
  /// Where another writer is at work, or git is in the midst of something, nothing is done: the next command
  /// does it.
  package func followGit() throws(StoreError) {
    guard store.repository.unfinishedWork == nil,
      let version = try store.head(), try version.file(DatasetIdentity.path) != nil
    else { return }
    let lock = try store.lock(purpose: "stemma hook")
    defer { withExtendedLifetime(lock) {} }
    try hideArtifacts()
    guard try store.index.isNearly(upTo: version.tree, lacking: Self.quickShardCount) else {
      return
    }
    try store.index.catchUp(tree: version.tree)
  }

  /// Throws where git is in the middle of a merge or something like it.
  package func refuseUnfinishedWork() throws(StoreError) {
    if let work = store.repository.unfinishedWork {
      throw StoreError(
        .refused, "a \(work) is not finished",
        hint: work == "merge"
          ? "edit the files with conflicts, then 'git add' and 'git commit'; or 'git merge --abort'"
          : "end it with 'git \(work) --continue' or 'git \(work) --abort'")
    }
  }

  /// Whether a killed process left git's index behind its branch.
  package var isBehind: Bool { PendingCheckout(store).isThere }

  /// Hides the artifacts of a clone that checked them out; files that somebody changed stay.
  private func hideArtifacts() throws(StoreError) {
    guard store.repository.workingDirectory != nil else { return }
    try convert { () throws(GitError) in
      guard try store.repository.configuration("core.sparseCheckout") == nil else { return }
      try store.repository.hideFromWorkingTree(folders: Self.hiddenFolders)
      try store.repository.applyDatasetConfiguration()
      _ = try store.repository.clearWorkingTree(folders: Self.hiddenFolders)
    }
  }

  /// A plain file that goes into the working tree when it holds what is known there.
  struct Write: Sendable {
    let path: String
    /// The contents that may be replaced, nil for no file; any other is a person's and stays.
    let replacing: [[UInt8]?]
  }

  /// Writes some plain files of a change and enters all of it in git's index, if HEAD still names
  /// the branch.
  ///
  /// - Returns: The files that stay since somebody changed them meanwhile.
  @discardableResult
  func follow(
    _ changes: [TreeChange], writing writes: [Write], branch: String,
    conflicts: [MergeConflict] = []
  ) throws(StoreError) -> [String] {
    guard let root = store.repository.workingDirectory else { return [] }
    let showsArtifacts = try isFull
    guard try isAt(branch) else { return [] }
    let files = DatasetFiles(root: root)
    let known = Dictionary(writes.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    var entries: [IndexChange] = []
    var kept: [String] = []
    for change in changes {
      let isArtifact = ArtifactPath(change.path) != nil
      if isArtifact, showsArtifacts {
        try write(change, in: files)
      } else if let write = known[change.path] {
        if write.replacing.contains(try files.read(change.path)) {
          try self.write(change, in: files)
        } else {
          kept.append(change.path)
        }
      }
      entries.append(
        IndexChange(
          path: change.path, entry: change.entry,
          skipsWorkingTree: isArtifact && !showsArtifacts))
    }
    try convert { () throws(GitError) in
      try store.repository.updateIndex(entries, conflicts: conflicts)
    }
    return kept
  }

  /// Whether HEAD names a branch, or, for `HEAD`, none.
  private func isAt(_ branch: String) throws(StoreError) -> Bool {
    switch try convert({ () throws(GitError) in try store.repository.head }) {
    case .branch(let name, _): name == branch
    case .detached: branch == "HEAD"
    }
  }

  private func write(_ change: TreeChange, in files: DatasetFiles) throws(StoreError) {
    let bytes = try change.entry.map { entry throws(StoreError) in
      try convert { () throws(GitError) in
        try store.repository.read(
          entry.id, as: .blob, maximumSizeInBytes: Shard.maximumSizeInBytes)
      }
    }
    try files.write(change.path, bytes, isExecutable: change.entry?.mode == .executable)
  }
}
