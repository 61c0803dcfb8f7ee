import CanonicalJSON
import Git

/// Makes the records of a joined tree what a three-way merge of sets says.
///
/// Uniting files does nearly that. It does not where one side added a record and took it back while
/// the other added it too, or where one side compacted a removed record away that the other returned.
struct SetMerge {
  private let store: Store
  private let ours: Version
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
    let base: any DatasetContent = base ?? TreeContent(store: store, tree: Self.emptyTree)
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

  private static let emptyTree = ObjectID(hashing: .tree, [])

  /// Adds to a joined tree what it lacks.
  ///
  /// - Returns: The tree to commit, which may be the same.
  /// - Throws: ``StoreError`` when the records could not be made what they must be.
  func correct(_ tree: ObjectID, run: String) throws(StoreError) -> ObjectID {
    let faults = try faults(of: tree)
    guard !faults.isEmpty else { return tree }
    let corrected = try mend(faults, in: TreeContent(store: store, tree: tree), run: run)
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
    let pack = store.repository.makePackWriter()
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
    var written = try write(tombstones, .tombstones, pack)
    for (kind, records) in lost.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
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
