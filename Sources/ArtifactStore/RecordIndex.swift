import Foundation
package import Git
import Synchronization

/// Finds records by id and calls by key, over every shard that was ever seen.
///
/// Derived from the repository: missing or damaged, it is made anew; behind, it catches up.
package final class RecordIndex: Sendable {
  private let folder: IndexFolder
  private let repository: Repository
  private let reader: ShardReader
  /// A folder that goes with this object, when the dataset's own is not writable.
  private let temporaryFolder: URL?
  /// What was asked to be covered, to be covered again after damage.
  private let coverage = Mutex<[Coverage]>([])

  /// Told how many of the shards of a kind were read that had not been seen.
  package typealias Observer = @Sendable (_ kind: RecordKind, _ done: Int, _ total: Int) -> Void
  private let observer = Mutex<Observer?>(nil)

  private struct Coverage: Hashable {
    let tree: ObjectID
    let kinds: [RecordKind]
  }

  init(repository: Repository, reader: ShardReader, folder: URL) throws(StoreError) {
    self.repository = repository
    self.reader = reader
    (self.folder, temporaryFolder) = try SegmentFolder.usable(folder) {
      (folder) throws(StoreError) in
      try IndexFolder(folder)
    }
  }

  /// Makes an index that goes with this object, for shards of which nobody knows whether they stay.
  package init(temporaryFor store: Store) throws(StoreError) {
    repository = store.repository
    reader = store.reader
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "stemma-index-\(UUID().uuidString)")
    self.folder = try IndexFolder(folder)
    temporaryFolder = folder
  }

  deinit {
    if let temporaryFolder { try? FileManager.default.removeItem(at: temporaryFolder) }
  }
}

// MARK: - Keeping up

extension RecordIndex {
  /// Tells somebody how catching up goes on from now on, when more is to be read than takes no time.
  package func follow(_ observer: @escaping Observer) {
    self.observer.withLock { $0 = observer }
  }

  /// So many records are gathered before they are written.
  private static let batchSize = 1 << 20

  /// Adds what it has not seen of a version's tree.
  ///
  /// - Parameters:
  ///   - tree: The version's tree.
  ///   - kinds: What is needed; damage in other kinds does no harm then.
  /// - Throws: ``StoreError`` with code `corrupt` or `notFound` for a shard that cannot be read.
  package func catchUp(
    tree: ObjectID, kinds: [RecordKind] = RecordKind.versioned + [.tombstones]
  ) throws(StoreError) {
    try catchUp(Coverage(tree: tree, kinds: kinds))
  }

  /// Whether it has seen all but a few shards of a version's tree.
  package func isNearly(upTo tree: ObjectID, lacking count: Int) throws(StoreError) -> Bool {
    var lacking = 0
    let roots = try convert { () throws(GitError) in try repository.entries(ofTree: tree) }
    for kind in RecordKind.versioned + [.tombstones] {
      guard let root = roots.first(where: { $0.name == kind.rawValue && $0.mode == .folder }),
        try !covers(mark(root.id, kind))
      else { continue }
      let folders = try convert { () throws(GitError) in try repository.entries(ofTree: root.id) }
      for folder in folders where folder.mode == .folder {
        if try covers(mark(folder.id, kind)) { continue }
        let shards = try convert { () throws(GitError) in
          try repository.entries(ofTree: folder.id)
        }
        lacking += shards.count { self.folder.current.places[ShardKey($0.id, kind)] == nil }
        guard lacking <= count else { return false }
      }
    }
    return true
  }

  /// Adds what it has not seen of the calls of this and other writers.
  package func catchUpCalls() throws(StoreError) {
    for reference in try CallReferences.all(in: repository) {
      let commit = try convert { () throws(GitError) in try repository.commit(reference.id) }
      try catchUp(Coverage(tree: commit.tree, kinds: [.calls]))
    }
  }

  private func catchUp(_ coverage: Coverage) throws(StoreError) {
    self.coverage.withLock { if !$0.contains(coverage) { $0.append(coverage) } }
    try cover(coverage)
  }

  private func cover(_ coverage: Coverage) throws(StoreError) {
    let roots = try convert { () throws(GitError) in
      try repository.entries(ofTree: coverage.tree)
    }
    var isLoaded = false
    for kind in coverage.kinds {
      guard let root = roots.first(where: { $0.name == kind.rawValue && $0.mode == .folder }) else {
        continue
      }
      if try covers(mark(root.id, kind)) { continue }
      if !isLoaded {
        // Another process may have been here.
        try reload(besides: coverage)
        isLoaded = true
        if try covers(mark(root.id, kind)) { continue }
      }
      try add(root: root.id, kind, kind == .imports ? try key(for: roots) : nil)
    }
    if isLoaded { join() }
  }

  /// What stands for a covered tree: equal trees of two kinds hold other records.
  private func mark(_ tree: ObjectID, _ kind: RecordKind) -> ObjectID {
    ObjectID(hashing: .tree, Array("\(kind.rawValue)\0".utf8) + tree.bytes)
  }

  /// Takes over what others did to the index; what they took away is covered again.
  private func reload(besides current: Coverage) throws(StoreError) {
    let before = folder.current.shardCount
    try folder.load()
    guard folder.current.shardCount < before else { return }
    for other in coverage.withLock({ $0 }) where other != current { try cover(other) }
  }

  /// The key of imported records: the tree's, or for trees from before it was set that of HEAD, whose
  /// versions are the ones to come.
  private func key(for roots: [TreeEntry]) throws(StoreError) -> RecordKey? {
    if let key = try key(in: roots) { return key }
    // Whatever is wrong there, an older version can be read without a key.
    guard let head = try? repository.head.commit, let commit = try? repository.commit(head),
      let roots = try? repository.entries(ofTree: commit.tree)
    else { return nil }
    return try? key(in: roots)
  }

  /// The key of imported records that a tree's `dataset.json` names.
  private func key(in roots: [TreeEntry]) throws(StoreError) -> RecordKey? {
    guard let file = roots.first(where: { $0.name == DatasetIdentity.path && $0.mode == .file })
    else { return nil }
    let bytes = try convert { () throws(GitError) in
      try repository.read(
        file.id, as: .blob, maximumSizeInBytes: DatasetIdentity.maximumSizeInBytes)
    }
    return DatasetIdentity(bytes)?.importKey
  }

  private func covers(_ tree: ObjectID) throws(StoreError) -> Bool {
    try reading { (contents) throws(IndexDamage) in
      for segment in contents.segments where try segment.covers(tree) { return true }
      return false
    }
  }

  private func add(root: ObjectID, _ kind: RecordKind, _ key: RecordKey?) throws(StoreError) {
    let missing = try missing(in: root, kind)
    let total = missing.shards.count
    let observer = total > ShardReader.shardsAtOnce ? observer.withLock { $0 } : nil
    var batch: [NewShard] = []
    var count = 0
    for start in stride(from: 0, to: total, by: ShardReader.shardsAtOnce) {
      observer?(kind, start, total)
      let end = min(start + ShardReader.shardsAtOnce, total)
      let results = reader.map(missing.shards[start..<end]) { (place, content) throws(StoreError) in
        try NewShard(place, content: content, key)
      }
      for result in results {
        do throws(StoreError) {
          let shard = try result.get()
          batch.append(shard)
          count += shard.ids.count
        } catch {
          // One bad shard of calls, perhaps somebody else's, must not stop all work: 'verify' tells.
          guard kind == .calls, error.code == .corrupt else { throw error }
        }
      }
      if count >= Self.batchSize {
        try add(batch)
        (batch, count) = ([], 0)
      }
    }
    // Last, for then all of their shards are there.
    try add(batch, trees: missing.trees + [mark(root, kind)])
    observer?(kind, total, total)
  }

  /// The shards in a folder of a kind that are not known, and what stands for the folders with them.
  private func missing(
    in root: ObjectID, _ kind: RecordKind
  ) throws(StoreError) -> (shards: [ShardReader.Place], trees: [ObjectID]) {
    var shards: [ShardReader.Place] = []
    var trees: [ObjectID] = []
    let folders = try convert { () throws(GitError) in try repository.entries(ofTree: root) }
    for folder in folders where folder.mode == .folder {
      if try covers(mark(folder.id, kind)) { continue }
      let entries = try convert { () throws(GitError) in
        try repository.entries(ofTree: folder.id)
      }
      for entry in entries {
        guard let path = ArtifactPath("\(kind.rawValue)/\(folder.name)/\(entry.name)"),
          path.kind == kind, self.folder.current.places[ShardKey(entry.id, kind)] == nil
        else { continue }
        shards.append((entry.id, path))
      }
      trees.append(mark(folder.id, kind))
    }
    return (shards, trees)
  }

  /// What is wrong with the files; a missing index is none.
  package func damages() -> [String] { folder.damages() }

  /// Forgets everything; what is needed is read again.
  package func forget() throws(StoreError) {
    try convertAny { try folder.clear() }
    coverage.withLock { $0 = [] }
  }

  /// Adds shards whose content the caller has at hand, and trees that hold no other shards.
  package func add(_ shards: [NewShard], trees: [ObjectID] = []) throws(StoreError) {
    do {
      try folder.add(shards, trees: trees)
    } catch let error as StoreError {
      throw error
    } catch {
      try recover()
      try convertAny { try folder.add(shards, trees: trees) }
    }
  }
}

extension RecordIndex {
  /// Makes looking up quicker after much was added; the index is whole without it.
  package func join() { try? folder.join() }
}

// MARK: - Looking up

extension RecordIndex {
  package struct Match: Sendable, Hashable {
    package let id: RecordID
    package let kind: RecordKind
    package let location: RecordLocation
  }

  /// The ids of a shard's records in row order, or nil when the index has not seen it.
  package func recordIDs(
    ofShard object: ObjectID, _ kind: RecordKind
  ) throws(StoreError) -> [RecordID]? {
    try reading { (contents) throws(IndexDamage) in
      guard let place = contents.places[ShardKey(object, kind)] else { return nil }
      let segment = contents.segments[place.segment]
      return try segment.idBytes(segment.shards[place.shard].records).digests.map(RecordID.init)
    }
  }

  /// The ids of some rows of a shard in their order, or nil when the index has not seen it.
  package func recordIDs(
    ofShard object: ObjectID, _ kind: RecordKind, rows: some Sequence<Int>
  ) throws(StoreError) -> [RecordID]? {
    try reading { (contents) throws(IndexDamage) in
      guard let place = contents.places[ShardKey(object, kind)] else { return nil }
      let segment = contents.segments[place.segment]
      let records = segment.shards[place.shard].records
      var ids: [RecordID] = []
      for row in rows where row < records.count {
        ids.append(try segment.id(records.lowerBound + row))
      }
      return ids
    }
  }

  /// The records of shards, each of which must have been seen.
  func records(
    _ kind: RecordKind, in shards: [ObjectID]
  ) throws(StoreError) -> RecordSet {
    let set = try reading { (contents) throws(IndexDamage) in
      try RecordSet(kind, shards, in: contents)
    }
    guard let set else {
      throw StoreError(.notFound, "a shard of \(kind.rawValue) is not in the index")
    }
    return set
  }

  /// The number of a shard's records, or nil when the index has not seen it.
  func recordCount(ofShard object: ObjectID, _ kind: RecordKind) throws(StoreError) -> Int? {
    try reading { (contents) throws(IndexDamage) in
      contents.places[ShardKey(object, kind)].map { place in
        contents.segments[place.segment].shards[place.shard].records.count
      }
    }
  }

  /// The hashes of the keys of a shard's records in row order, or nil when they are not known.
  func keyHashes(
    ofShard object: ObjectID, _ kind: RecordKind, _ key: RecordKey
  ) throws(StoreError) -> [UInt64]? {
    try reading { (contents) throws(IndexDamage) in
      guard let place = contents.places[ShardKey(object, kind)] else { return nil }
      let segment = contents.segments[place.segment]
      guard segment.layout.keyField == key.field else { return nil }
      return try segment.keyHashes(segment.shards[place.shard].records)
    }
  }

  /// All places of a record, whichever versions have them.
  package func find(_ id: RecordID) throws(StoreError) -> [Match] {
    try find(idPrefix: id.digest.bytes, limit: .max)
  }

  /// All places of a record of a kind.
  package func find(_ kind: RecordKind, _ id: RecordID) throws(StoreError) -> [Match] {
    try find(idPrefix: id.digest.bytes, limit: .max, areCalls: kind == .calls).filter {
      $0.kind == kind
    }
  }

  /// Places of the records whose ids start with some bytes; at most a given number, for people.
  package func find(idPrefix: [UInt8], limit: Int = 1000) throws(StoreError) -> [Match] {
    try find(idPrefix: idPrefix, limit: limit, areCalls: nil)
  }

  // Only calls are looked at, or only others; nil is for both.
  private func find(
    idPrefix: [UInt8], limit: Int, areCalls: Bool?
  ) throws(StoreError) -> [Match] {
    guard idPrefix.count <= Digest.length else { return [] }
    return try reading { (contents) throws(IndexDamage) in
      var matches: [Match] = []
      for segment in contents.segments
      where areCalls == nil || areCalls == segment.layout.hasKeys {
        var count = 0
        try segment.visit(idPrefix: idPrefix) { (ordinal) throws(IndexDamage) in
          let (shard, row) = segment.place(ordinal)
          matches.append(
            Match(
              id: try segment.id(ordinal), kind: shard.kind,
              location: RecordLocation(object: shard.object, row: row)))
          count += 1
          return count < limit
        }
      }
      matches.sort { ($0.id, $0.location.object) < ($1.id, $1.location.object) }
      return Array(matches.prefix(limit))
    }
  }

  /// The recorded calls of one key with their ids, smallest id first.
  package func calls(key: Digest) throws(StoreError) -> [(id: RecordID, location: RecordLocation)] {
    try reading { (contents) throws(IndexDamage) in
      var calls: [(id: RecordID, location: RecordLocation)] = []
      for segment in contents.callSegments {
        try segment.visit(key: key) { (ordinal) throws(IndexDamage) in
          let (shard, row) = segment.place(ordinal)
          calls.append(
            (try segment.id(ordinal), RecordLocation(object: shard.object, row: row)))
          return true
        }
      }
      return calls.count > 1 ? calls.sorted { $0.id < $1.id } : calls
    }
  }

  /// The recorded calls whose keys start with some bytes, at most a given number, with their keys.
  package func calls(
    keyPrefix: [UInt8], limit: Int = 1000
  ) throws(StoreError) -> [(key: Digest, id: RecordID, location: RecordLocation)] {
    guard keyPrefix.count <= Digest.length else { return [] }
    return try reading { (contents) throws(IndexDamage) in
      var calls: [(key: Digest, id: RecordID, location: RecordLocation)] = []
      for segment in contents.callSegments where calls.count < limit {
        try segment.visit(keyPrefix: keyPrefix) { (ordinal, key) throws(IndexDamage) in
          let (shard, row) = segment.place(ordinal)
          calls.append(
            (key, try segment.id(ordinal), RecordLocation(object: shard.object, row: row)))
          return calls.count < limit
        }
      }
      return calls
    }
  }

  /// The keys of a shard of calls in row order, or nil when the index has not seen it.
  func keys(ofShard object: ObjectID) throws(StoreError) -> [Digest]? {
    try reading { (contents) throws(IndexDamage) in
      guard let place = contents.places[ShardKey(object, .calls)] else { return nil }
      return try contents.segments[place.segment].shard(place.shard).keys
    }
  }

  /// Reads the segments; damage is mended first by making the index anew.
  private func reading<T>(
    _ body: (IndexFolder.Contents) throws(IndexDamage) -> T
  ) throws(StoreError) -> T {
    do throws(IndexDamage) { return try folder.read(body) } catch {}
    try recover()
    do throws(IndexDamage) { return try folder.read(body) } catch {
      throw StoreError.indexIsDamagedAgain
    }
  }

  /// Whether who calls is making an index anew: what is damaged by then would be so without end.
  @TaskLocal private static var isRecovering = false

  /// Makes the index anew, once.
  private func recover() throws(StoreError) {
    guard !Self.isRecovering else { throw StoreError.indexIsDamagedAgain }
    try convertAny {
      try Self.$isRecovering.withValue(true) {
        try folder.clear()
        for coverage in coverage.withLock({ $0 }) { try cover(coverage) }
      }
    }
  }
}

extension StoreError {
  fileprivate static var indexIsDamagedAgain: StoreError {
    StoreError(
      .corrupt, "the index of records was made anew and is damaged again",
      hint: "check the disk; '.git/stemma/index' can be removed at any time")
  }
}

private func convertAny(_ body: () throws -> Void) throws(StoreError) {
  do {
    try body()
  } catch let error as StoreError {
    throw error
  } catch {
    throw StoreError.indexIsDamagedAgain
  }
}

/// Runs a call of the layer below and takes over its error.
package func convert<T>(_ body: () throws(GitError) -> T) throws(StoreError) -> T {
  do {
    return try body()
  } catch {
    throw StoreError(error)
  }
}
