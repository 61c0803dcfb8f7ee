package import Git

/// Joins another version with the present one.
///
/// Records are sets: what either side added or removed since their common ancestor is added or
/// removed, and nothing can conflict. Texts merge as the caller says.
package struct VersionMerge: Sendable {
  package enum Outcome: Sendable {
    /// The present version has all of the other already.
    case upToDate
    /// The present version had nothing that the other one lacks; the branch moved there.
    case fastForward(Version)
    /// The number of keys under which each side has a new record of its own: all of them stay.
    case merged(Version, base: Version?, doublyKeyed: Int)
    /// The paths that people must decide; git knows of the merge, and a commit ends it.
    case conflicts([MergeConflict])
  }

  /// How a text is merged that both sides changed; the names are those of the sides in markers.
  package typealias MergeText =
    @Sendable (
      _ path: String, _ base: [UInt8]?, _ ours: [UInt8], _ theirs: [UInt8],
      _ names: (ours: String, theirs: String)
    ) throws(GitError) -> (bytes: [UInt8], hasConflicts: Bool)

  private let store: Store
  private let theirs: Version
  private let name: String
  private let mergeText: MergeText

  /// Prepares a merge of a version into the present branch.
  ///
  /// - Parameters:
  ///   - store: The dataset.
  ///   - theirs: The other version.
  ///   - name: What it is called in the message and in conflict markers.
  ///   - mergeText: How texts are merged.
  package init(
    _ store: Store, with theirs: Version, name: String, mergeText: @escaping MergeText
  ) {
    self.store = store
    self.theirs = theirs
    self.name = name
    self.mergeText = mergeText
  }

  /// Merges.
  ///
  /// - Parameter fastForwardOnly: Whether to refuse when both sides have commits of their own.
  /// - Returns: What came of it.
  /// - Throws: ``StoreError`` with code `refused` when a file with uncommitted changes would be
  ///   overwritten, `locked` when another writer is at work; nothing has changed then.
  package func run(fastForwardOnly: Bool = false) throws(StoreError) -> Outcome {
    let lock = try store.lock(purpose: "stemma merge")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(store).prepare()
    let (branch, head) = try store.presentBranch()
    let ancestor = try convert { () throws(GitError) in
      try store.repository.mergeBase(head.commit.id, theirs.commit.id)
    }
    if ancestor == theirs.commit.id { return .upToDate }
    if ancestor == head.commit.id {
      let change = try ContentChange(store, from: head, to: theirs.tree)
      try store.move(branch, from: head, to: theirs.commit.id, change, title: "merge \(name)")
      return .fastForward(try store.version(theirs.commit.id))
    }
    guard !fastForwardOnly else {
      throw StoreError(
        .refused, "both sides have versions of their own since '\(ancestor?.hex ?? "ever")'",
        hint: "merge without --ff-only")
    }
    let base = try ancestor.map { id throws(StoreError) in try store.version(id) }
    let join = try TreeJoin(
      store, base: base, ours: head, theirs: theirs, name: name, mergeText)
    let sets = try SetMerge(store, base: base, ours: head, theirs: theirs)
    // Unlike any other merge's, or a removal that was taken back would not hold again.
    let run = "merge-\(Store.now)-\(Hex.text((0..<4).map { _ in UInt8.random(in: 0...UInt8.max) }))"
    let tree = try sets.correct(join.tree, run: run)
    guard join.conflicts.isEmpty else { return try leave(join, tree, head) }
    return .merged(
      try commit(tree, branch, head, remembering: sets.generating), base: base,
      doublyKeyed: sets.doublyKeyed)
  }

  private var title: String { "Merge \(name)" }

  private func commit(
    _ tree: ObjectID, _ branch: String, _ head: Version, remembering generating: Version?
  ) throws(StoreError) -> Version {
    let change = try ContentChange(store, from: head, to: tree)
    let totals = try VersionTotals(TreeContent(store: store, tree: tree))
    var trailers = Trailers([
      ("Dataset-Digest", totals.datasetDigest.hex), ("Dataset-Tree", tree.hex),
      (VersionTotals.trailer, totals.text),
    ])
    // What stages made is as they left it, and says itself from which texts.
    for name in ["Samples", "Partial", "Stage"] {
      trailers.entries += generating?.memos.all(name).map { (name, $0) } ?? []
    }
    if generating == nil { trailers.entries += stagesOfBoth(head) }
    let commit = try store.writeCommit(
      tree: tree, parents: [head.commit.id, theirs.commit.id],
      message: "\(title)\n\n\(trailers.text)")
    try store.move(branch, from: head, to: commit, change, title: title)
    return try store.version(commit)
  }

  /// The memos of stages that left the same on both sides, so that a run knows what it may grow again.
  ///
  /// Where they are defined otherwise none of the two is: no definition has the key of nothing.
  private func stagesOfBoth(_ head: Version) -> [(String, String)] {
    let other = theirs.memos.all("Stage").map { $0.split(separator: " ") }
    return head.memos.all("Stage").compactMap { text in
      let words = text.split(separator: " ")
      guard words.count == 4,
        let same = other.first(where: { $0.first == words[0] && $0.last == words[3] })
      else { return nil }
      let key = same.dropFirst().first == words[1] ? String(words[1]) : Digest(of: []).hex
      return ("Stage", "\(words[0]) \(key) \(words[2]) \(words[3])")
    }
  }

  /// Puts what is clear into index and files, and conflicts where people see them.
  ///
  /// Git learns of the merge last: whatever goes wrong before, no commit can take our content alone for
  /// that of both sides.
  private func leave(
    _ join: TreeJoin, _ tree: ObjectID, _ head: Version
  ) throws(StoreError) -> Outcome {
    guard let root = store.repository.workingDirectory else {
      throw StoreError(
        .refused, "texts conflict, and a bare repository has no files to settle them in",
        hint: "merge in a clone")
    }
    let change = try ContentChange(store, from: head, to: tree)
    try ContentChange.refuseOverwriting(join.conflicts.map { ($0.path, [$0.ours?.id]) }, in: store)
    guard
      case .branch(let branch, _) = try convert({ () throws(GitError) in
        try store.repository.head
      })
    else { return .conflicts(join.conflicts) }
    let files = DatasetFiles(root: root)
    for (path, bytes) in join.markedTexts { try files.write(path, bytes) }
    do throws(StoreError) {
      try WorkingTree(store).follow(
        change.changes, writing: change.writes, branch: branch, conflicts: join.conflicts)
    } catch {
      let paths = join.markedTexts.map(\.path) + change.writes.map(\.path)
      for path in paths { try? files.write(path, try head.file(path)) }
      throw error
    }
    try convert { () throws(GitError) in
      try store.repository.beginMerge(of: theirs.commit.id, message: "\(title)\n")
    }
    return .conflicts(join.conflicts)
  }
}
