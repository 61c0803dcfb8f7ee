import CanonicalJSON
import Git

/// Makes the records of a joined tree what a three-way merge of sets says.
///
/// Uniting files does nearly that. It does not where one side added a record and took it back while
/// the other added it too, or where one side compacted a removed record away that the other returned or
/// builds on.
struct SetMerge {
  private let store: Store
  private let ours: Version
  private let theirs: Version
  /// What the merge must change in our version, by kind.
  private let expected: [RecordKind: (added: Set<RecordID>, removed: Set<RecordID>)]
  /// The version whose generated records are those of the merge, where one side left them alone.
  let generating: Version?
  /// Keys under which each side has a new record of its own.
  let doublyKeyed: Int

  init(
    _ store: Store, base: Version?, ours: Version, theirs: Version
  ) throws(StoreError) {
    self.store = store
    self.ours = ours
    self.theirs = theirs
    let base: any DatasetContent = base ?? TreeContent(store: store, tree: .emptyTree)
    let own = try RecordChanges.find(from: base, to: ours)
    var expected: [RecordKind: (added: Set<RecordID>, removed: Set<RecordID>)] = [:]
    for other in try RecordChanges.find(from: base, to: theirs) {
      let same = own.first { $0.kind == other.kind }
      expected[other.kind] = (
        Set(other.added).subtracting(same?.added ?? []),
        Set(other.removed).subtracting(same?.removed ?? [])
      )
    }
    self.expected = expected
    let changesOthers = expected.contains {
      $0.key != .imports && !($0.value.added.isEmpty && $0.value.removed.isEmpty)
    }
    generating = !changesOthers ? ours : own.contains { $0.kind != .imports } ? nil : theirs
    let added = own.first { $0.kind == .imports }?.added ?? []
    doublyKeyed = try Self.sharedKeys(
      added, of: ours, Array(expected[.imports]?.added ?? []), of: theirs)
  }

  /// Counts the keys that records of both sides have; no record is on both.
  private static func sharedKeys(
    _ own: [RecordID], of ours: Version, _ other: [RecordID], of theirs: Version
  ) throws(StoreError) -> Int {
    guard !own.isEmpty, !other.isEmpty,
      let key = try ours.file(DatasetIdentity.path).flatMap(DatasetIdentity.init)?.importKey
    else { return 0 }
    let known = Set(other)
    let hashes = Set(try ours.keyHashes(of: own.filter { !known.contains($0) }, key))
    return hashes.intersection(try theirs.keyHashes(of: other, key)).count
  }

  /// Adds to a joined tree what it lacks.
  ///
  /// - Returns: The tree to commit, which may be the same.
  /// - Throws: ``StoreError`` when the records could not be made what they must be.
  func correct(_ tree: ObjectID, run: String) throws(StoreError) -> ObjectID {
    let faults = try faults(of: tree)
    var corrected = tree
    if !faults.isEmpty {
      corrected = try mend(faults, in: TreeContent(store: store, tree: tree), run: run)
    }
    corrected = try addNamed(to: TreeContent(store: store, tree: corrected))
    guard corrected != tree else { return tree }
    guard try self.faults(of: corrected).isEmpty else {
      throw StoreError(
        .corrupt, "the merged records are not what both sides make; nothing was changed",
        hint: "run 'stemma verify --full' on both sides")
    }
    return corrected
  }

  /// A record that is live and must not be, or the reverse.
  private struct Fault {
    let kind: RecordKind
    let id: RecordID
    let mustLive: Bool
  }

  /// Compares how a tree differs from our version with how it must differ.
  private func faults(of tree: ObjectID) throws(StoreError) -> [Fault] {
    let found = try RecordChanges.find(from: ours, to: TreeContent(store: store, tree: tree))
    var faults: [Fault] = []
    for kind in RecordKind.versioned {
      let changes = found.first { $0.kind == kind }
      let (added, removed) = (Set(changes?.added ?? []), Set(changes?.removed ?? []))
      let wanted = expected[kind] ?? ([], [])
      let missing = removed.subtracting(wanted.removed).union(wanted.added.subtracting(added))
      let surplus = added.subtracting(wanted.added).union(wanted.removed.subtracting(removed))
      faults += missing.sorted().map { Fault(kind: kind, id: $0, mustLive: true) }
      faults += surplus.sorted().map { Fault(kind: kind, id: $0, mustLive: false) }
    }
    return faults
  }

  private func mend(
    _ faults: [Fault], in content: TreeContent, run: String
  ) throws(StoreError) -> ObjectID {
    let dead = try content.tombstones()
    var tombstones: [Record] = []
    var lost: [RecordKind: [Record]] = [:]
    var shards: [RecordKind: Set<ObjectID>] = [:]
    for fault in faults {
      guard fault.mustLive else {
        tombstones.append(
          Record(
            .tombstones,
            [
              "reason": "removed on one side", "record": .string(fault.id.hex),
              "run": .string(run),
            ]))
        continue
      }
      for tombstone in dead[fault.id] ?? [] {
        tombstones.append(
          Record(.tombstones, ["revives": .string(tombstone.hex), "run": .string(run)]))
      }
      if shards[fault.kind] == nil {
        shards[fault.kind] = Set(try content.shards(fault.kind).map(\.object))
      }
      let places = try store.index.find(fault.kind, fault.id)
      if !places.contains(where: { shards[fault.kind]?.contains($0.location.object) == true }) {
        lost[fault.kind, default: []].append(try read(fault.id, fault.kind, at: places))
      }
    }
    lost[.tombstones] = tombstones
    return try add(lost, to: content)
  }

  /// Adds what others need and a compaction has dropped, for it was dead on that side; here it stays dead.
  private func addNamed(to content: TreeContent) throws(StoreError) -> ObjectID {
    let lost = try lost(from: content)
    guard !lost.isEmpty else { return content.tree }
    let dead = try content.tombstones()
    let needed = try content.neededDead()
    var next: [(kind: RecordKind, id: RecordID)] = []
    for kind in RecordReference.naming {
      let shards = try content.shards(kind).map(\.object)
      try store.reader.forEachRecord(kind, in: shards, naming: lost) { record, names in
        guard dead[record.id] == nil || needed.contains(record.id) else { return }
        next += names.map { ($0.reference.target, $0.id) }
      }
    }
    var named: [RecordKind: [Record]] = [:]
    var seen = Set<RecordID>()
    while let (kind, id) = next.popLast() {
      guard seen.insert(id).inserted else { continue }
      let record = try read(id, kind, at: try store.index.find(kind, id))
      named[kind, default: []].append(record)
      next += RecordReference.names(of: kind, try record.value(), among: lost)
        .map { ($0.reference.target, $0.id) }
    }
    return named.isEmpty
      ? content.tree : try add(named.mapValues { $0.sorted { $0.id < $1.id } }, to: content)
  }

  /// The records that others may name, which a side holds and the joined tree does not.
  private func lost(from content: TreeContent) throws(StoreError) -> Set<RecordID> {
    try store.index.catchUp(tree: content.tree)
    var lost = Set<RecordID>()
    for kind in RecordReference.named {
      let shards = Set(try content.shards(kind).map(\.object))
      let held = try content.held(kind)
      for side in [ours, theirs] {
        for shard in try side.shards(kind).map(\.object) where !shards.contains(shard) {
          for id in try store.index.recordIDs(ofShard: shard, kind) ?? [] where !held.contains(id) {
            lost.insert(id)
          }
        }
      }
    }
    return lost
  }

  private func add(
    _ records: [RecordKind: [Record]], to content: TreeContent
  ) throws(StoreError) -> ObjectID {
    let pack = store.repository.makePackWriter()
    var written: [ShardWriter.Written] = []
    for (kind, records) in records.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      written += try write(records, kind, pack)
    }
    return try convert { () throws(GitError) in
      let corrected = try store.repository.write(
        changes: written.map {
          TreeChange(path: $0.path.text, entry: PathContent(id: $0.shard.object))
        }, onto: content.tree, into: pack)
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
