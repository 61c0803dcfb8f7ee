import Foundation
package import Git
import Synchronization

/// Finds records by what they name, over every shard that was ever looked at.
///
/// Derived from the repository, as ``RecordIndex`` is: missing or damaged, it is made anew; behind, it
/// catches up.
package final class LinkIndex: Sendable {
  /// What the index holds in one moment.
  struct Contents: Sendable {
    fileprivate(set) var segments: [LinkSegment] = []
    fileprivate(set) var places = ShardPlaces()
    fileprivate var names: [String] = []

    fileprivate mutating func noteSegments() {
      places = ShardPlaces(segments.map(\.shards)) { ShardKey($0.object, $0.kind) }
    }
  }

  private static let form = "stemma links 2"
  /// A segment is at least so many times as large as the next.
  private static let growth = 4
  /// So many links are gathered before they are written.
  private static let batchSize = 1 << 20

  private let repository: Repository
  private let reader: ShardReader
  private let folder: SegmentFolder
  private let temporaryFolder: URL?
  private let published = Mutex(Contents())
  /// The versions that must be covered again after damage.
  private let covered = Mutex<Set<ObjectID>>([])

  init(repository: Repository, reader: ShardReader, folder: URL) throws(StoreError) {
    self.repository = repository
    self.reader = reader
    (self.folder, temporaryFolder) = try SegmentFolder.usable(folder) {
      (folder) throws(StoreError) in
      try SegmentFolder(folder, form: Self.form)
    }
    load()
  }

  deinit {
    if let temporaryFolder { try? FileManager.default.removeItem(at: temporaryFolder) }
  }

  var current: Contents { published.withLock { $0 } }

  /// Takes over what other processes added.
  private func load() {
    // A manifest may be replaced, and its segments removed, between two looks.
    for _ in 0..<5 {
      let names = folder.names
      let known = current
      if known.names == names { return }
      var opened = Contents()
      for name in names {
        if let place = known.names.firstIndex(of: name) {
          opened.segments.append(known.segments[place])
        } else if let segment = LinkSegment(folder.path(name)) {
          opened.segments.append(segment)
        }
      }
      if opened.segments.count == names.count {
        opened.names = names
        opened.noteSegments()
        published.withLock { $0 = opened }
        return
      }
      guard folder.names != names else { break }
    }
    published.withLock { $0 = Contents() }
  }

  /// Reads what the index holds; damage is mended first by making the index anew.
  func reading<Result>(
    _ body: (Contents) throws(IndexDamage) -> Result
  ) throws(StoreError) -> Result {
    do throws(IndexDamage) { return try body(current) } catch {}
    try renew()
    do throws(IndexDamage) { return try body(current) } catch {
      throw StoreError(
        .corrupt, "the index of links is damaged again and again",
        hint: "check the disk; '.git/stemma/links' can be removed at any time")
    }
  }

  /// Makes the index anew, as after damage.
  func renew() throws(StoreError) {
    let trees = covered.withLock { $0 }
    try forget()
    for tree in trees { try catchUp(tree: tree) }
  }

  /// What is wrong with the files; a missing index is none.
  package func damages() -> [String] {
    folder.names.compactMap { name in
      guard let segment = LinkSegment(folder.path(name)) else { return "'\(name)' cannot be read" }
      return segment.isWhole ? nil : "'\(name)' holds other bytes than were written"
    }
  }

  /// Forgets everything; what is needed is read again.
  package func forget() throws(StoreError) {
    let lock = try folder.lock()
    defer { close(lock) }
    covered.withLock { $0 = [] }
    try publish(Contents())
  }

  private func publish(_ new: Contents) throws(StoreError) {
    var new = new
    new.noteSegments()
    try folder.publish(new.names)
    published.withLock { $0 = new }
  }
}

// MARK: - Keeping up

extension LinkIndex {
  /// Adds what it has not seen of a version's tree.
  ///
  /// - Parameters:
  ///   - tree: The version's tree.
  ///   - didRead: Told how many shards of how many were read; not called when nothing is new.
  /// - Throws: ``StoreError`` with code `corrupt` or `notFound` for a shard that cannot be read.
  package func catchUp(
    tree: ObjectID, didRead: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(StoreError) {
    if covered.withLock({ $0.contains(tree) }) { return }
    try cover(tree, didRead: didRead)
    covered.withLock { _ = $0.insert(tree) }
  }

  private func cover(
    _ tree: ObjectID, didRead: (_ done: Int, _ total: Int) -> Void
  ) throws(StoreError) {
    do {
      if try missing(in: tree).trees.isEmpty { return }
      // Another process may have been here.
      load()
      try add(try missing(in: tree), didRead: didRead)
    } catch let error as StoreError {
      throw error
    } catch {
      // What was to be merged is damaged.
      try forget()
      do {
        try add(try missing(in: tree), didRead: didRead)
      } catch let error as StoreError {
        throw error
      } catch {
        throw StoreError(
          .corrupt, "the index of links is damaged again and again",
          hint: "check the disk; '.git/stemma/links' can be removed at any time")
      }
    }
  }

  private typealias Missing = (shards: [ShardReader.Place], trees: [ObjectID])

  private func add(
    _ missing: Missing, didRead: (_ done: Int, _ total: Int) -> Void
  ) throws {
    guard !missing.trees.isEmpty else { return }
    var batch: [LinkedShard] = []
    var count = 0
    for start in stride(from: 0, to: missing.shards.count, by: ShardReader.shardsAtOnce) {
      didRead(start, missing.shards.count)
      let end = min(start + ShardReader.shardsAtOnce, missing.shards.count)
      let linked = try reader.map(missing.shards[start..<end], LinkedShard.init).map {
        (result) throws(StoreError) in try result.get()
      }
      batch += linked
      count += linked.reduce(0) { $0 + $1.keys.count }
      if count >= Self.batchSize {
        try add(batch, trees: [])
        (batch, count) = ([], 0)
      }
    }
    // Last, for then all of their shards are there.
    try add(batch, trees: missing.trees)
    if !missing.shards.isEmpty { didRead(missing.shards.count, missing.shards.count) }
  }

  /// The shards of a tree that are not known, and what stands for the folders that hold others.
  private func missing(in tree: ObjectID) throws(StoreError) -> Missing {
    var shards: [ShardReader.Place] = []
    var trees: [ObjectID] = []
    let contents = current
    var seen = Set<ShardKey>()
    for root in try entries(tree) where root.mode == .folder {
      guard let kind = RecordKind(rawValue: root.name), LineLinks.kinds.contains(kind),
        try !covers(mark(root.id, kind))
      else { continue }
      for folder in try entries(root.id) where folder.mode == .folder {
        guard try !covers(mark(folder.id, kind)) else { continue }
        for entry in try entries(folder.id) {
          let key = ShardKey(entry.id, kind)
          guard let path = ArtifactPath("\(root.name)/\(folder.name)/\(entry.name)"),
            path.kind == kind, contents.places[key] == nil, seen.insert(key).inserted
          else { continue }
          shards.append((entry.id, path))
        }
        trees.append(mark(folder.id, kind))
      }
      trees.append(mark(root.id, kind))
    }
    return (shards, trees)
  }

  private func entries(_ tree: ObjectID) throws(StoreError) -> [TreeEntry] {
    try convert { () throws(GitError) in try repository.entries(ofTree: tree) }
  }

  /// What stands for a covered tree: equal trees of two kinds hold other records.
  private func mark(_ tree: ObjectID, _ kind: RecordKind) -> ObjectID {
    ObjectID(hashing: .tree, Array("\(kind.rawValue)\0".utf8) + tree.bytes)
  }

  private func covers(_ mark: ObjectID) throws(StoreError) -> Bool {
    for segment in current.segments {
      // What is damaged is found out when it is read, and then all is made anew.
      if (try? segment.covers(mark)) == true { return true }
    }
    return false
  }

  private func add(_ shards: [LinkedShard], trees: [ObjectID]) throws {
    let lock = try folder.lock()
    defer { close(lock) }
    load()
    var contents = current
    let new = shards.filter { contents.places[ShardKey($0.object, $0.kind)] == nil }
    guard !new.isEmpty || !trees.isEmpty else { return }
    var size = new.reduce(trees.count) { $0 + $1.keys.count }
    var merged: [LinkSegment] = []
    while let last = contents.segments.last {
      let other = last.entryCount + last.treeCount
      guard other < size * Self.growth else { break }
      merged.insert(last, at: 0)
      contents.segments.removeLast()
      contents.names.removeLast()
      size += other
    }
    var all = Set(trees)
    for segment in merged {
      for number in 0..<segment.treeCount { all.insert(try segment.tree(number)) }
    }
    let name = SegmentFolder.newName()
    try LinkSegment.write(new, merging: merged, trees: all, to: folder.path(name))
    guard let segment = LinkSegment(folder.path(name)) else {
      throw StoreError(.io, "cannot read back the index '\(folder.path(name))'")
    }
    contents.segments.append(segment)
    contents.names.append(name)
    try publish(contents)
  }
}

// MARK: - Looking up

extension LinkIndex {
  /// A record as the index knows it.
  package struct Match: Sendable, Hashable {
    package let kind: RecordKind
    package let location: RecordLocation
    /// Where the record's shard lies in the trees that have it.
    package let path: ArtifactPath
  }

  /// The records that name something, whichever versions have them.
  package func find(_ key: LinkKey) throws(StoreError) -> [Match] {
    try reading { (contents) throws(IndexDamage) in
      var matches: [Match] = []
      for segment in contents.segments {
        try segment.visit(key) { ordinal in
          let shard = segment.shards[segment.shards.number(of: ordinal)]
          matches.append(
            Match(
              kind: shard.kind,
              location: RecordLocation(
                object: shard.object, row: ordinal - shard.ordinals.lowerBound),
              path: ArtifactPath(kind: shard.kind, digest: shard.digest)))
        }
      }
      return matches
    }
  }

  /// Where a shard lies in the trees that have it, or nil when it was not looked at.
  package func path(ofShard object: ObjectID, _ kind: RecordKind) -> ArtifactPath? {
    let contents = current
    guard let place = contents.places[ShardKey(object, kind)] else { return nil }
    return ArtifactPath(
      kind: kind, digest: contents.segments[place.segment].shards[place.shard].digest)
  }
}
