import CanonicalJSON
import Dispatch
package import Git
import Synchronization

/// Makes the next version of a dataset out of derived records: only the difference is written.
///
/// A derived record that the base holds costs nothing, one that was removed comes back by a
/// revival, a new one goes into a shard; a live record of a derived kind that was not derived
/// again gets a tombstone. Nothing is visible before ``finish(_:)`` returns.
package final class VersionWriter: Sendable {
  private struct State {
    var kinds: [RecordKind: Derivation] = [:]
    var dead: [RecordID: [RecordID]] = [:]
    let pack: PackWriter
    var tombstones: ShardWriter
    var tombstoneIDs: [RecordID] = []
    var revivedCount = 0
    /// Of what was derived; nil after a change.
    var digests: Digests?

    mutating func addTombstone(_ value: JSON) throws(StoreError) {
      let record = Record(.tombstones, value)
      try tombstones.add(record)
      tombstoneIDs.append(record.id)
    }
  }

  private typealias Digests = (dataset: Digest, kinds: [RecordKind: Digest])

  private let store: Store
  private let base: Version?
  private let run: String
  private let key: RecordKey?
  private let removalReason: String
  private let didKeep: @Sendable (String) -> Void
  private let state: Mutex<State>

  /// Starts from a version, for the kinds that the run derives as a whole.
  ///
  /// - Parameters:
  ///   - store: The dataset; the caller holds its writer lock.
  ///   - base: The version to start from, nil for the first.
  ///   - kinds: What is derived; records of other kinds stay as they are.
  ///   - run: The run's id, for tombstones.
  ///   - key: What makes imported records the same after a change.
  ///   - removalReason: What tombstones say of records that are not derived.
  ///   - didKeep: Told of a generated file that was not written, since somebody changed it.
  /// - Throws: ``StoreError`` when the base cannot be read.
  package init(
    _ store: Store, base: Version?, deriving kinds: [RecordKind], run: String,
    key: RecordKey? = nil, removalReason: String = "no longer derived",
    didKeep: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(StoreError) {
    self.removalReason = removalReason
    self.didKeep = didKeep
    self.store = store
    self.base = base
    self.run = run
    self.key = key
    if let base { try store.index.catchUp(tree: base.tree) }
    let pack = store.repository.makePackWriter()
    let press = ShardPress(pack: pack)
    var state = State(pack: pack, tombstones: ShardWriter(kind: .tombstones, press: press))
    state.dead = try base?.tombstones() ?? [:]
    for kind in kinds {
      let key = kind == .imports ? key : nil
      let held = try base?.held(kind)
      var keyHashes: [UInt64] = []
      if let key, let base, let held { keyHashes = try base.keyHashes(of: held, key) }
      state.kinds[kind] = Derivation(
        held: held ?? RecordSet(), keyHashes: keyHashes,
        shards: ShardWriter(kind: kind, press: press, keyField: key?.field))
    }
    self.state = Mutex(state)
  }

  /// Takes a derived record into the version.
  package func keep(_ record: Record) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      var derivation = try take(record.kind, from: &state)
      defer { state.kinds[record.kind] = derivation }
      _ = try keep(record.id, record.line.span.bytes, &derivation, &state)
    }
  }

  /// What became of lines.
  package struct LineCounts: Sendable, Hashable {
    /// Lines that are records, each counted once.
    package var kept = 0
    /// Lines that are equal to an earlier one.
    package var repeated = 0
    /// Lines without a byte, which are no records.
    package var blank = 0
  }

  /// Takes whole lines, each with its line feed, as records of a kind.
  package func keep(
    lines: RawSpan, as kind: RecordKind, counting counts: inout LineCounts
  ) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      var derivation = try take(kind, from: &state)
      defer { state.kinds[kind] = derivation }
      var start = 0
      while let end = lines.firstLineFeed(from: start) {
        let line = lines.extracting(start..<end)
        start = end + 1
        guard !line.isEmpty else {
          counts.blank += 1
          continue
        }
        let outcome: Derivation.Outcome
        do throws(StoreError) {
          outcome = try keep(RecordID(kind: kind, line: line), line, &derivation, &state)
        } catch {
          let number = counts.kept + counts.repeated + counts.blank + 1
          throw StoreError(error.code, "line \(number): \(error.message)", hint: error.hint)
        }
        if outcome == .repeated { counts.repeated += 1 } else { counts.kept += 1 }
      }
    }
  }

  /// Takes a derivation out, so that it is changed in place.
  private func take(_ kind: RecordKind, from state: inout State) throws(StoreError) -> Derivation {
    state.digests = nil
    guard let derivation = state.kinds.removeValue(forKey: kind) else {
      throw StoreError(.refused, "the version does not derive \(kind.rawValue)")
    }
    return derivation
  }

  private func keep(
    _ id: RecordID, _ line: RawSpan, _ derivation: inout Derivation, _ state: inout State
  ) throws(StoreError) -> Derivation.Outcome {
    let outcome = try outcome(of: id, line, &derivation)
    guard outcome != .repeated else { return .repeated }
    // Tombstones may be in force without the record, after a cherry-pick or a compaction.
    for tombstone in state.dead[id] ?? [] {
      try state.addTombstone(["revives": .string(tombstone.hex), "run": .string(run)])
    }
    if outcome == .held {
      if state.dead[id] != nil { state.revivedCount += 1 }
    } else {
      try derivation.shards.add(line: line)
    }
    return outcome
  }

  private func outcome(
    of id: RecordID, _ line: RawSpan, _ derivation: inout Derivation
  ) throws(StoreError) -> Derivation.Outcome {
    guard let key else { return derivation.derive(id) }
    guard let hash = key.hash(of: line) else {
      throw StoreError(
        .refused, "this is no JSON object with a member '\(key.field)': \(Self.excerpt(line))",
        hint:
          "every line must be a whole object, without a byte order mark; '--no-key' forgets the key"
      )
    }
    guard let outcome = derivation.derive(id, keyHash: hash) else {
      throw StoreError(
        .refused, "an earlier line has the same '\(key.field)': \(Self.excerpt(line))",
        hint: "name a member that tells all lines apart with --key")
    }
    return outcome
  }

  private static func excerpt(_ line: RawSpan) -> String {
    line.withUnsafeBytes { String(decoding: $0.prefix(60), as: UTF8.self) }
  }

  /// Drops a record of the base unless it is derived, before ``keepRest(of:)``.
  ///
  /// - Parameters:
  ///   - kind: The record's kind.
  ///   - word: The first 8 bytes of its id.
  /// - Returns: False when the base holds no such live record or several, so that nothing is dropped.
  /// - Throws: ``StoreError`` when the version does not derive the kind.
  package func drop(_ kind: RecordKind, idWord word: UInt64) throws(StoreError) -> Bool {
    try state.withLock { (state) throws(StoreError) in
      var derivation = try take(kind, from: &state)
      defer { state.kinds[kind] = derivation }
      let ids = derivation.heldIDs(beginningWith: word).filter { state.dead[$0] == nil }
      guard ids.count == 1 else { return false }
      derivation.drop(ids[0])
      return true
    }
  }

  /// Drops records of the base unless they are derived, before ``keepRest(of:)``.
  package func drop(_ kind: RecordKind, _ ids: some Sequence<RecordID>) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      var derivation = try take(kind, from: &state)
      for id in ids { derivation.drop(id) }
      state.kinds[kind] = derivation
    }
  }

  /// Keeps all live records of the base that were not dropped, and of imported ones only those whose
  /// keys no line had.
  package func keepRest(of kind: RecordKind) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      var derivation = try take(kind, from: &state)
      derivation.deriveRest(except: state.dead.keys)
      state.kinds[kind] = derivation
    }
  }

  /// How the version differs from its base.
  package struct Difference: Sendable, Hashable {
    package var added = 0
    package var revived = 0
    package var removed = 0
    package var isEmpty: Bool { added + revived + removed == 0 }

    package init(added: Int = 0, revived: Int = 0, removed: Int = 0) {
      self.added = added
      self.revived = revived
      self.removed = removed
    }
  }

  /// A plain file of the version; no bytes remove it.
  package struct File: Sendable {
    package let path: String
    package let bytes: [UInt8]?
    /// Whether the run made it and puts it into the working tree; a person's file is only committed.
    package let isGenerated: Bool
    /// What the run read there; a generated file replaces this, the base's content, or nothing.
    package let replacing: [UInt8]?

    package init(
      path: String, bytes: [UInt8]?, isGenerated: Bool = false, replacing: [UInt8]? = nil
    ) {
      self.path = path
      self.bytes = bytes
      self.isGenerated = isGenerated
      self.replacing = replacing
    }
  }

  /// What a commit message is made from.
  package struct Summary: Sendable {
    package let tree: ObjectID
    package let datasetDigest: Digest
    package let difference: Difference
    /// The number of live records of each kind that has some.
    package let totals: [RecordKind: Int]

    /// The memos that every version carries.
    package var memos: [(String, String)] {
      [
        ("Dataset-Digest", datasetDigest.hex), ("Dataset-Tree", tree.hex),
        (VersionTotals.trailer, VersionTotals.text(totals)),
      ]
    }
  }

  /// Writes everything in one pack, moves the branch, and brings git's index and files along.
  ///
  /// - Parameters:
  ///   - files: Plain files that differ from the base; those that do not are left out.
  ///   - taxonomyObjects: What replaces the base's taxonomy objects; nil keeps them.
  ///   - growth: What replaces the base's growth object; nil keeps it.
  ///   - branch: The full name of the branch, which must still be at the base.
  ///   - message: Makes the commit message; nil leaves everything as it was.
  /// - Returns: The new version, or nil when the message was nil.
  /// - Throws: ``StoreError`` or what the message threw; the branch is then where it was.
  package func finish(
    files: [File], taxonomyObjects: [[UInt8]]? = nil, growth: [UInt8]? = nil, branch: String,
    message: (Summary) throws -> String?
  ) throws -> Version? {
    let (changes, shards, summary, pack) = try state.withLock { state in
      var objects: [String: [[UInt8]]] = [:]
      if let taxonomyObjects { objects[ArtifactPath.taxonomies] = taxonomyObjects }
      if let growth { objects[ArtifactPath.growth] = [growth] }
      return try write(files: files, objects: objects, &state)
    }
    guard let text = try message(summary) else {
      pack.abandon()
      return nil
    }
    // Beside hashing and syncing the pack. If that fails the index knows shards that are not there, which
    // does no harm: nothing names them. What it could not write, whoever needs it makes up for.
    let indexing = DispatchGroup()
    DispatchQueue.global().async(group: indexing) { [index = store.index] in
      try? index.add(shards)
      index.join()
    }
    defer { indexing.wait() }
    let generated = files.filter(\.isGenerated)
    let commit = try convert { () throws(GitError) in
      let commit = try store.repository.write(
        commit: CommitDraft(
          tree: summary.tree, parents: base.map { [$0.commit.id] } ?? [], message: text,
          author: store.repository.identity.at(time: Store.now)), into: pack)
      try pack.finish()
      return commit
    }
    let writes = try generated.map { file in
      WorkingTree.Write(
        path: file.path, replacing: [nil, try base?.file(file.path), file.replacing, file.bytes])
    }
    let kept = try store.move(
      branch, from: base, to: commit, changes, writing: writes, title: text.prefix { $0 != "\n" })
    for path in kept { didKeep(path) }
    return try store.version(commit)
  }

  /// The digest of the ids that were derived so far, by kind.
  package func derivedDigests() throws(StoreError) -> [RecordKind: Digest] {
    try state.withLock { (state) throws(StoreError) in
      let derived = state.kinds.mapValues(\.derivedIDs)
      let digests: (dataset: Digest, kinds: [RecordKind: Digest])
      if let known = state.digests {
        digests = known
      } else {
        digests = DatasetDigest.all(try datasetIDs(derived))
      }
      state.digests = digests
      return digests.kinds.filter { derived[$0.key] != nil }
    }
  }

  /// The Dataset-Digest of what was derived so far, with what else the base holds.
  package func datasetDigest() throws(StoreError) -> Digest {
    _ = try derivedDigests()
    return try state.withLock { (state) throws(StoreError) in
      guard let digest = state.digests?.dataset else {
        throw StoreError(.refused, "records were added while a digest was taken")
      }
      return digest
    }
  }

  private func write(
    files: [File], objects: [String: [[UInt8]]], _ state: inout State
  ) throws -> ([TreeChange], [RecordIndex.NewShard], Summary, PackWriter) {
    var difference = Difference(revived: state.revivedCount)
    var written: [ShardWriter.Written] = []
    var ids: [RecordKind: SortedIDs] = [:]
    for kind in RecordKind.versioned {
      guard let derivation = state.kinds.removeValue(forKey: kind) else { continue }
      let dropped = derivation.dropped.sorted { $0.id < $1.id }
      for (id, by) in dropped where state.dead[id] == nil {
        var tombstone = JSONObject([
          ("reason", .string(by == nil ? removalReason : "changed")), ("record", .string(id.hex)),
          ("run", .string(run)),
        ])
        if let by { tombstone["by"] = .string(by.hex) }
        try state.addTombstone(.object(tombstone))
        difference.removed += 1
      }
      difference.added += derivation.newCount
      let finished = try derivation.finish()
      written += finished.written
      ids[kind] = finished.ids
    }
    written += try state.tombstones.finish(ids: state.tombstoneIDs[...])
    var changes = written.map {
      TreeChange(path: $0.path.text, entry: PathContent(id: $0.shard.object))
    }
    for file in files {
      guard try base?.file(file.path) != file.bytes else { continue }
      let entry = try file.bytes.map { PathContent(id: try state.pack.add(.blob, $0)) }
      changes.append(TreeChange(path: file.path, entry: entry))
    }
    for (folder, objects) in objects.sorted(by: { $0.key < $1.key }) {
      changes += try objectChanges(in: folder, objects, pack: state.pack)
    }
    let tree = try store.repository.write(changes: changes, onto: base?.tree, into: state.pack)
    let summary = Summary(
      tree: tree,
      datasetDigest: try state.digests?.dataset ?? DatasetDigest.make(sorted: datasetIDs(ids)),
      difference: difference,
      totals: try totals(ids))
    return (changes, written.map(\.shard), summary, state.pack)
  }

  private func totals(_ derived: [RecordKind: SortedIDs]) throws(StoreError) -> [RecordKind: Int] {
    var totals = try base?.totals() ?? [:]
    for (kind, ids) in derived { totals[kind] = ids.count == 0 ? nil : ids.count }
    return totals
  }

  /// Puts derived objects in place of those of the base.
  private func objectChanges(
    in folder: String, _ objects: [[UInt8]], pack: PackWriter
  ) throws -> [TreeChange] {
    var wanted: [String: [UInt8]] = [:]
    for object in objects {
      wanted[ArtifactPath(folder: folder, object: Digest(of: object)).text] = object
    }
    var changes: [TreeChange] = []
    if let base {
      for file in try store.repository.files(inTree: base.tree, under: folder)
      where ArtifactPath(file.path) != nil {
        if wanted.removeValue(forKey: file.path) == nil {
          changes.append(TreeChange(path: file.path, entry: nil))
        }
      }
    }
    let codec = ZstdCodec()
    for (path, object) in wanted.sorted(by: { $0.key < $1.key }) {
      let id = try pack.add(.blob, codec.compress(object))
      changes.append(TreeChange(path: path, entry: PathContent(id: id)))
    }
    return changes
  }

  /// What was derived, with what else of the base the dataset's digest is made of.
  private func datasetIDs(
    _ derived: [RecordKind: SortedIDs]
  ) throws(StoreError) -> [RecordKind: SortedIDs] {
    var ids = derived
    for kind in DatasetDigest.kinds where ids[kind] == nil {
      if let base { ids[kind] = SortedIDs(try base.live(kind)) }
    }
    return ids
  }
}
