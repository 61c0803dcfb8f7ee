import Git

/// The content that two versions make together, written as a tree.
struct TreeJoin {
  private static let maximumTextSizeInBytes = 16 << 20

  /// What is clear: paths in conflict are as in our version.
  let tree: ObjectID
  let conflicts: [MergeConflict]
  /// What people find at the paths in conflict.
  let markedTexts: [(path: String, bytes: [UInt8])]

  init(
    _ store: Store, base: Version?, ours: Version, theirs: Version, name: String,
    _ mergeText: VersionMerge.MergeText
  ) throws(StoreError) {
    let repository = store.repository
    let (own, other) = try convert { () throws(GitError) in
      (
        try repository.changes(from: base?.tree, to: ours.tree),
        try repository.changes(from: base?.tree, to: theirs.tree)
      )
    }
    let ownByPath = Dictionary(own.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    let keepsGrowth = own.contains { ArtifactPath($0.path)?.folder == ArtifactPath.growth }
    let pack = repository.makePackWriter()
    var changes: [TreeChange] = []
    var conflicts: [MergeConflict] = []
    var texts: [(path: String, bytes: [UInt8])] = []
    for change in other {
      let artifact = ArtifactPath(change.path)
      // What models grew is the base of later merges into a text: one side's, never a mixture.
      if keepsGrowth, artifact?.folder == ArtifactPath.growth { continue }
      let content = change.new.map { PathContent(id: $0.id, mode: $0.mode) }
      guard let counterpart = ownByPath[change.path] else {
        changes.append(TreeChange(path: change.path, entry: content))
        continue
      }
      // An artifact's bytes are in its name, however either side compressed them.
      guard artifact == nil, counterpart.new != change.new else { continue }
      switch try Self.merge(counterpart, change, in: repository, name: name, mergeText) {
      case .clean(let bytes):
        let id = try convert { () throws(GitError) in try pack.add(.blob, bytes) }
        changes.append(
          TreeChange(
            path: change.path,
            entry: PathContent(id: id, mode: counterpart.new?.mode ?? .file)))
      case .conflict(let text):
        conflicts.append(
          MergeConflict(
            path: change.path,
            base: change.old.map { PathContent(id: $0.id, mode: $0.mode) },
            ours: counterpart.new.map { PathContent(id: $0.id, mode: $0.mode) },
            theirs: content))
        if let text { texts.append((change.path, text)) }
      }
    }
    tree = try convert { () throws(GitError) in
      let tree = try repository.write(changes: changes, onto: ours.tree, into: pack)
      try pack.finish()
      return tree
    }
    self.conflicts = conflicts
    markedTexts = texts
  }

  private enum Result {
    case clean([UInt8])
    /// What people shall find in the file, nil for what is there.
    case conflict([UInt8]?)
  }

  private static func merge(
    _ own: PathChange, _ other: PathChange, in repository: Repository, name: String,
    _ mergeText: VersionMerge.MergeText
  ) throws(StoreError) -> Result {
    func read(_ entry: TreeEntry?) throws(StoreError) -> [UInt8]? {
      guard let entry, entry.mode == .file || entry.mode == .executable else { return nil }
      return try convert { () throws(GitError) in
        try repository.read(entry.id, as: .blob, maximumSizeInBytes: Shard.maximumSizeInBytes)
      }
    }
    guard let ours = try read(own.new) else { return .conflict(try read(other.new)) }
    guard let theirs = try read(other.new) else { return .conflict(nil) }
    let base = try read(own.old)
    let all = [ours, theirs, base ?? []]
    guard all.allSatisfy({ $0.count <= maximumTextSizeInBytes && TextMerge.isText($0) }) else {
      return .conflict(nil)
    }
    let merge = try convert { () throws(GitError) in
      try mergeText(own.path, base, ours, theirs, ("HEAD", name))
    }
    return merge.hasConflicts ? .conflict(merge.bytes) : .clean(merge.bytes)
  }
}
