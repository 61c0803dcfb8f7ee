import CanonicalJSON
import Git

/// Makes the records of a joined tree what a three-way merge of sets says.
///
/// Uniting files does nearly that. It does not where one side added a record and took it back while
/// the other added it too, or where one side compacted a removed record away that the other returned.
struct SetMerge {
  private let store: Store
  private let expected: [(kind: RecordKind, added: Set<RecordID>, removed: Set<RecordID>)]
  /// Removed records that both sides replaced, each by another one of the same key.
  let doublyChanged: Int

  init(
    _ store: Store, base: Version?, ours: Version, theirs: Version
  ) throws(StoreError) {
    self.store = store
    let base: any DatasetContent = base ?? TreeContent(store: store, tree: Self.emptyTree)
    let sides = (
      own: try RecordChanges.find(from: base, to: ours),
      other: try RecordChanges.find(from: base, to: theirs)
    )
    var expected: [(kind: RecordKind, added: Set<RecordID>, removed: Set<RecordID>)] = []
    var doublyChanged = 0
    for kind in RecordKind.versioned {
      let changes = (sides.own + sides.other).filter { $0.kind == kind }
      let added = changes.reduce(into: Set<RecordID>()) { $0.formUnion($1.added) }
      let removed = changes.reduce(into: Set<RecordID>()) { $0.formUnion($1.removed) }
      if !changes.isEmpty { expected.append((kind, added, removed)) }
      guard changes.count == 2 else { continue }
      let own = Dictionary(changes[0].changed.map { ($0.old, $0.new) }, uniquingKeysWith: { $1 })
      doublyChanged += changes[1].changed.count { pair in
        own[pair.old].map { $0 != pair.new } ?? false
      }
    }
    self.expected = expected
    self.doublyChanged = doublyChanged
  }

  private static let emptyTree = ObjectID(hashing: .tree, [])

  /// Adds what a joined tree lacks.
  ///
  /// - Returns: The tree to commit, which may be the same.
  func correct(_ tree: ObjectID, run: String) throws(StoreError) -> ObjectID {
    let content = TreeContent(store: store, tree: tree)
    try store.index.catchUp(tree: tree)
    let dead = try content.tombstones()
    let pack = store.repository.makePackWriter()
    var tombstones: [Record] = []
    var written: [ShardWriter.Written] = []
    for (kind, added, removed) in expected {
      let shards = Set(try content.shards(kind).map(\.object))
      var lost: [Record] = []
      for id in added.sorted() {
        for tombstone in dead[id] ?? [] {
          tombstones.append(
            Record(.tombstones, ["revives": .string(tombstone.hex), "run": .string(run)]))
        }
        let places = try store.index.find(idPrefix: id.digest.bytes).filter { $0.kind == kind }
        if !places.contains(where: { shards.contains($0.location.object) }) {
          lost.append(try read(id, kind, at: places))
        }
      }
      for id in removed.sorted() where dead[id] == nil {
        let places = try store.index.find(idPrefix: id.digest.bytes)
        guard places.contains(where: { shards.contains($0.location.object) }) else { continue }
        tombstones.append(
          Record(
            .tombstones,
            ["reason": "removed on one side", "record": .string(id.hex), "run": .string(run)]))
      }
      written += try write(lost, kind, pack)
    }
    written += try write(tombstones, .tombstones, pack)
    guard !written.isEmpty else { return tree }
    return try convert { () throws(GitError) in
      let corrected = try store.repository.write(
        changes: written.map {
          TreeChange(path: $0.path.text, entry: PathContent(id: $0.shard.object))
        }, onto: tree, into: pack)
      try pack.finish()
      return corrected
    }
  }

  private func read(
    _ id: RecordID, _ kind: RecordKind, at places: [RecordIndex.Match]
  ) throws(StoreError) -> Record {
    // The index remembers shards that were pruned since.
    for place in places where store.repository.contains(place.location.object) {
      return try Record(kind, line: try store.reader.line(at: place.location))
    }
    throw StoreError(
      .corrupt, "record '\(id)' of one side is nowhere", hint: "run 'stemma verify' on that side")
  }

  private func write(
    _ records: [Record], _ kind: RecordKind, _ pack: PackWriter
  ) throws(StoreError) -> [ShardWriter.Written] {
    guard !records.isEmpty else { return [] }
    var writer = ShardWriter(kind: kind, press: ShardPress(pack: pack))
    for record in records { try writer.add(record) }
    return try writer.finish(ids: records.map(\.id)[...])
  }
}
