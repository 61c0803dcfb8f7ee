import CanonicalJSON
import Git

/// Writes shards anew without what is dead in them, and joins small ones.
///
/// The records of the version stay the same, and so does its Dataset-Digest; older versions keep the
/// shards that they had.
package struct Compaction: Sendable {
  package struct Report: Sendable {
    package let version: Version
    package let shardsBefore: Int
    package let shardsAfter: Int
    package let droppedCount: Int
  }

  private let store: Store

  package init(_ store: Store) { self.store = store }

  /// Makes a compacted version of the present branch.
  ///
  /// - Returns: What was done, or nil when nothing is worth it.
  /// - Throws: ``StoreError``; the branch is then where it was.
  package func run() throws(StoreError) -> Report? {
    let lock = try store.lock(purpose: "stemma compact")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(store).prepare()
    let (branch, head) = try store.presentBranch()
    let plan = try CompactionPlan(head)
    guard !plan.isEmpty else { return nil }
    let pack = store.repository.makePackWriter()
    var written: [ShardWriter.Written] = []
    for group in plan.groups { written += try rewrite(group, pack) }
    let tree = try write(plan, written, onto: head.tree, pack)
    try store.index.add(written.map(\.shard))
    let before = try VersionTotals(head)
    let after = try VersionTotals(TreeContent(store: store, tree: tree))
    guard before == after else {
      throw StoreError(
        .corrupt, "compaction would change the records of the version; nothing was changed",
        hint: "run 'stemma verify' to see what is damaged")
    }
    let shardsAfter = plan.shardCount - plan.replacedCount + written.count
    var memos = head.memos
    memos.entries.removeAll { ["Dataset-Tree", "Run-Id", VersionTotals.trailer].contains($0.name) }
    if memos["Dataset-Digest"] == nil {
      memos.entries.append(("Dataset-Digest", after.datasetDigest.hex))
    }
    memos.entries += [("Dataset-Tree", tree.hex), (VersionTotals.trailer, after.text)]
    let title = "Compact \(plan.shardCount) shards to \(shardsAfter)"
    let commit = try store.writeCommit(
      tree: tree, parents: [head.commit.id], message: "\(title)\n\n\(memos.text)")
    let change = try ContentChange(store, from: head, to: tree)
    try store.move(branch, from: head, to: commit, change, title: title)
    return Report(
      version: try store.version(commit), shardsBefore: plan.shardCount, shardsAfter: shardsAfter,
      droppedCount: plan.droppedCount)
  }

  private func rewrite(
    _ group: CompactionPlan.Group, _ pack: PackWriter
  ) throws(StoreError) -> [ShardWriter.Written] {
    let identity = try store.head()?.file(DatasetIdentity.path).flatMap(DatasetIdentity.init)
    let key = group.kind == .imports ? identity?.importKey : nil
    var writer = ShardWriter(
      kind: group.kind, press: ShardPress(pack: pack), keyField: key?.field)
    var ids: [RecordID] = []
    var keyHashes: [UInt64] = []
    // Where both sides of a merge have joined tombstones; records that are there twice are hidden.
    var tombstones = Set<RecordID>()
    for shard in group.shards {
      let hidden = group.hidden[shard.object] ?? []
      let content = try store.reader.artifact(shard.object)
      for (row, range) in try Shard.lineRanges(content).enumerated() where !hidden.contains(row) {
        let line = content.span.extracting(range).bytes
        let id = RecordID(kind: group.kind, line: line)
        if group.kind == .tombstones, !tombstones.insert(id).inserted { continue }
        ids.append(id)
        if let key { keyHashes.append(key.hash(of: line) ?? 0) }
        try writer.add(line: line)
      }
    }
    return try writer.finish(ids: ids[...], keyHashes: keyHashes[...])
  }

  private func write(
    _ plan: CompactionPlan, _ written: [ShardWriter.Written], onto base: ObjectID,
    _ pack: PackWriter
  ) throws(StoreError) -> ObjectID {
    let paths = Set(written.map(\.path))
    var changes = written.map {
      TreeChange(path: $0.path.text, entry: PathContent(id: $0.shard.object))
    }
    for group in plan.groups {
      for shard in group.shards where !paths.contains(shard.path) {
        changes.append(TreeChange(path: shard.path.text, entry: nil))
      }
    }
    return try convert { () throws(GitError) in
      let tree = try store.repository.write(changes: changes, onto: base, into: pack)
      try pack.finish()
      return tree
    }
  }
}
