import Git

/// Adds to the history of calls of this writer.
struct CallHistory {
  let store: Store
  let reference: String

  /// Opens the history of the present writer.
  init(_ store: Store) throws(StoreError) {
    self.store = store
    reference = CallReferences.own + (try WriterIdentity.current(in: store.folder))
  }

  /// One commit in the making: memory is flat but for 64 bytes a call.
  struct Draft {
    let pack: PackWriter
    private var calls: ShardWriter
    private var tombstones: ShardWriter
    private var ids = RecordIDTable()
    private var tombstoneIDs = RecordIDTable()
    /// The number of bytes of the lines so far.
    private(set) var sizeInBytes = 0

    init(_ store: Store) {
      pack = store.repository.makePackWriter()
      let press = ShardPress(pack: pack)
      calls = ShardWriter(kind: .calls, press: press)
      tombstones = ShardWriter(kind: .tombstones, press: press)
    }

    var callCount: Int { ids.count }
    var isEmpty: Bool { ids.count == 0 && tombstoneIDs.count == 0 }

    /// Adds a call, unless it was added before.
    @discardableResult
    mutating func add(_ call: Record, key: Digest) throws(StoreError) -> Bool {
      guard ids.insert(call.id).isNew else { return false }
      try calls.add(call, key: key)
      sizeInBytes += call.line.count
      return true
    }

    /// Adds a drop, or what revives a call.
    mutating func add(tombstone record: Record) throws(StoreError) {
      guard tombstoneIDs.insert(record.id).isNew else { return }
      try tombstones.add(record)
    }

    fileprivate mutating func finish() throws(StoreError) -> [ShardWriter.Written] {
      try calls.finish(ids: ids.ids[...]) + tombstones.finish(ids: tombstoneIDs.ids[...])
    }

    fileprivate var title: String {
      let drops = tombstoneIDs.count
      return drops == 0
        ? "\(ids.count) calls" : "\(ids.count) calls, \(drops) drops and revivals"
    }
  }

  /// Makes a commit, and moves the writer's reference to it.
  func commit(_ draft: consuming Draft) throws(StoreError) {
    var draft = draft
    guard !draft.isEmpty else { return draft.pack.abandon() }
    let title = draft.title
    let shards = try draft.finish()
    let pack = draft.pack
    let old = try convert { () throws(GitError) in try store.repository.reference(reference) }
    try convert { () throws(GitError) in
      let base = try old.map { id throws(GitError) in try store.repository.commit(id).tree }
      let tree = try store.repository.write(
        changes: shards.map {
          TreeChange(path: $0.path.text, entry: PathContent(id: $0.shard.object))
        },
        onto: base, into: pack)
      let commit = try store.repository.write(
        commit: CommitDraft(
          tree: tree, parents: old.map { [$0] } ?? [], message: "\(title)\n",
          author: store.repository.identity.at(time: Store.now)), into: pack)
      try pack.finish()
      try store.repository.updateReference(
        reference, to: commit, expecting: old, message: "stemma: seal calls")
    }
    // The calls are there; who needs the index makes up for what could not be written.
    do {
      try store.index.add(shards.map(\.shard).filter { $0.kind == .calls })
    } catch {
      try store.index.catchUpCalls()
    }
  }
}
