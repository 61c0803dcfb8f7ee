import CanonicalJSON
package import Git

/// Writes this copy's calls anew without those that a plan leaves out.
///
/// The new history has a writer of its own, so that a push destroys nothing at a remote. The old one is
/// given up only when the new one is there: killed at any moment, no call that stays is lost.
package struct CallPrune: Sendable {
  package struct Report: Sendable {
    /// The histories that were given up, by their writers, with what each named.
    package let former: [(writer: String, tip: ObjectID)]
  }

  private let plan: CallPrunePlan
  private var lines: CallLines { plan.lines }
  private var store: Store { plan.lines.store }

  package init(_ plan: CallPrunePlan) { self.plan = plan }

  /// Does it; the caller holds the writer lock.
  package func run() throws -> Report {
    let old = try store.repository.references(under: CallReferences.own)
    let pack = store.repository.makePackWriter()
    var writing = Writing(
      pack: pack,
      places: Dictionary(uniqueKeysWithValues: lines.known.shards.map { ($0.object, $0.ordinals) }))
    for reference in old { try copy(reference.id, &writing) }
    try pack.finish()
    let former = old.map { (writer: CallReferences.writer($0.name), tip: $0.id) }
    // Before anything goes: what is missing later can then be told from what was never here.
    try RetiredCalls(store).add(writing.pruned, writers: former.map(\.writer))
    let writer = WriterIdentity.make()
    if let tip = writing.tip {
      try store.repository.updateReference(
        CallReferences.own + writer, to: tip, expecting: nil, message: "stemma: prune calls")
    }
    try WriterIdentity.set(writer, in: store.folder)
    for reference in old {
      let kept = CallReferences.kept + CallReferences.writer(reference.name)
      if let tip = try store.repository.reference(kept) {
        try store.repository.updateReference(
          kept, to: nil, expecting: tip, message: "stemma: prune calls")
      }
      try store.repository.updateReference(
        reference.name, to: nil, expecting: reference.id, message: "stemma: prune calls")
    }
    // It is made anew when it is needed, without what is gone.
    try store.index.forget()
    return Report(former: former)
  }

  private struct Writing {
    let pack: PackWriter
    /// The ordinals of the shards' rows.
    let places: [ObjectID: Range<Int>]
    var tip: ObjectID?
    var tree: ObjectID?
    var seen = Set<ObjectID>()
    /// The first 8 bytes of the ids of what is left out.
    var pruned: [UInt64] = []
  }

  /// Copies a history commit by commit, so that what was sealed when stays known.
  private func copy(_ tip: ObjectID, _ writing: inout Writing) throws {
    var commits: [Commit] = []
    var next: ObjectID? = tip
    while let id = next {
      let commit = try store.repository.commit(id)
      commits.append(commit)
      next = commit.parents.first
    }
    var before: ObjectID?
    for commit in commits.reversed() {
      try copy(commit, since: before, &writing)
      before = commit.tree
    }
  }

  private func copy(
    _ commit: Commit, since before: ObjectID?, _ writing: inout Writing
  ) throws {
    var changes: [TreeChange] = []
    var shards = ShardWriter(kind: .calls, press: ShardPress(pack: writing.pack))
    var ids: [RecordID] = []
    for change in try store.repository.changes(from: before, to: commit.tree) {
      guard let new = change.new, writing.seen.insert(new.id).inserted else { continue }
      if ArtifactPath(change.path)?.kind == .calls, let place = writing.places[new.id] {
        if try filter(new.id, place, &shards, &ids, &writing) { continue }
      }
      changes.append(
        TreeChange(path: change.path, entry: PathContent(id: new.id)))
    }
    let written = try shards.finish(ids: ids[...])
    changes += written.map {
      TreeChange(path: $0.path.text, entry: PathContent(id: $0.shard.object))
    }
    guard !changes.isEmpty else { return }
    let tree = try store.repository.write(
      changes: changes, onto: writing.tree, into: writing.pack)
    writing.tree = tree
    writing.tip = try store.repository.write(
      commit: CommitDraft(
        tree: tree, parents: writing.tip.map { [$0] } ?? [], message: "Pruned: \(commit.message)",
        author: commit.author, committer: store.repository.identity.at(time: Store.now)),
      into: writing.pack)
  }

  /// Writes the lines of a shard that stay; false when all do, and the shard itself can.
  private func filter(
    _ shard: ObjectID, _ ordinals: Range<Int>, _ shards: inout ShardWriter, _ ids: inout [RecordID],
    _ writing: inout Writing
  ) throws -> Bool {
    guard !ordinals.allSatisfy(plan.staying.contains) else { return false }
    let content = try store.reader.artifact(shard)
    for (ordinal, range) in zip(ordinals, try Shard.lineRanges(content)) {
      let id = lines.known.id(ordinal)
      if plan.staying.contains(ordinal) {
        let record = try Record(.calls, line: Array(content[range]))
        try shards.add(record, key: try CallKeys.key(record))
        ids.append(id)
      } else if lines.known.members.contains(ordinal) {
        writing.pruned.append(id.digest.leadingWord)
      }
    }
    return true
  }
}
