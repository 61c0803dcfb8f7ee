import Foundation
import Git
import Synchronization

/// The segments of an index in their folder, shared by processes.
///
/// `manifest` names the segments in force and is replaced as a whole; who changes it holds the lock.
/// Segments are merged so that each is at least four times as large as the next, which leaves a
/// logarithmic number of them.
final class IndexFolder: Sendable {
  /// What the index holds in one moment.
  struct Contents: Sendable {
    fileprivate(set) var segments: [IndexSegment] = []
    fileprivate(set) var places = ShardPlaces()
    fileprivate var manifest: [String] = []
    /// Those of the segments that hold calls.
    fileprivate(set) var callSegments: [IndexSegment] = []

    /// The number of shards.
    var shardCount: Int { segments.reduce(0) { $0 + $1.shards.count } }
  }

  private static let form = "stemma index 4"
  private static let growth = 4
  /// After so many shards were read.
  private static let releaseInterval = 64

  private let folder: SegmentFolder
  /// One reference, so that readers beside each other hold each other up little.
  private final class Published: Sendable {
    let contents: Contents
    init(_ contents: Contents) { self.contents = contents }
  }
  private let published = Mutex(Published(Contents()))
  /// The records that this process added since segments were joined.
  private let added = Mutex<[Family: Int]>([:])

  init(_ folder: URL) throws(StoreError) {
    self.folder = try SegmentFolder(folder, form: Self.form)
    try load()
  }

  var current: Contents { published.withLock { $0 }.contents }

  /// Reads what the index holds in this moment.
  func read<T>(_ body: (borrowing Contents) throws(IndexDamage) -> T) throws(IndexDamage) -> T {
    let published = published.withLock { $0 }
    return try body(published.contents)
  }

  /// Takes over what other processes added.
  func load() throws(StoreError) {
    // A manifest may be replaced, and its segments removed, between two looks.
    for _ in 0..<5 {
      let names = folder.names
      if current.manifest == names { return }
      if let loaded = open(names) {
        published.withLock { $0 = Published(loaded) }
        return
      }
      guard folder.names != names else { break }
    }
    published.withLock { $0 = Published(Contents()) }
  }

  private func open(_ names: [String]) -> Contents? {
    let known = current
    var opened = Contents()
    for name in names {
      if let place = known.manifest.firstIndex(of: name) {
        opened.segments.append(known.segments[place])
      } else if let segment = IndexSegment(folder.path(name)) {
        opened.segments.append(segment)
      } else {
        return nil
      }
    }
    opened.manifest = names
    opened.noteSegments()
    return opened
  }

  /// Adds shards and the trees that they complete; shards that are known are left out.
  func add(_ shards: [RecordIndex.NewShard], trees: [ObjectID]) throws {
    let lock = try folder.lock()
    defer { close(lock) }
    try load()
    var contents = current
    let new = shards.filter { contents.places[ShardKey($0.object, $0.kind)] == nil }
    let newTrees = try trees.filter { tree in
      try !contents.segments.contains { segment in try segment.covers(tree) }
    }
    guard !new.isEmpty || !newTrees.isEmpty else { return }
    // Calls are searched by key, records by their key field: each keeps its own segments.
    for group in Dictionary(grouping: new, by: Family.init).sorted(by: { $0.key < $1.key }) {
      try add(group.value, group.key, trees: [], &contents)
      let count = group.value.reduce(0) { $0 + $1.ids.count }
      added.withLock { $0[group.key, default: 0] += count }
    }
    if !newTrees.isEmpty { try add([], .trees, trees: newTrees, &contents) }
    try publish(contents)
  }

  /// Makes one segment of several, for a look at each costs as much as a look at all in one, where this
  /// process added much of what they hold; else it would cost more than it saves.
  func join() throws {
    let due = added.withLock { added in
      defer { added = [:] }
      return added.filter { $0.value > 0 }
    }
    guard !due.isEmpty else { return }
    let lock = try folder.lock()
    defer { close(lock) }
    try load()
    var contents = current
    var isJoined = false
    for (family, count) in due.sorted(by: { $0.key < $1.key }) {
      let segments = contents.segments.filter { Family($0) == family }
      let total = segments.reduce(0) { $0 + $1.layout.recordCount }
      guard segments.count > 1, count * Self.growth >= total else { continue }
      try add([], family, trees: [], isJoin: true, &contents)
      isJoined = true
    }
    if isJoined { try publish(contents) }
  }

  /// What is searched otherwise has segments of its own.
  private enum Family: Hashable, Comparable {
    case calls
    /// The member whose hashes the segments have.
    case keyed(String)
    case records, trees

    init(_ shard: RecordIndex.NewShard) {
      self = shard.keys.isEmpty ? shard.keyField.map { .keyed($0) } ?? .records : .calls
    }

    init(_ segment: IndexSegment) {
      let layout = segment.layout
      self =
        layout.recordCount == 0
        ? .trees : layout.hasKeys ? .calls : layout.keyField.map { .keyed($0) } ?? .records
    }
  }

  private func add(
    _ shards: [RecordIndex.NewShard], _ family: Family, trees: [ObjectID], isJoin: Bool = false,
    _ contents: inout Contents
  ) throws {
    let keyField: String? = if case .keyed(let field) = family { field } else { nil }
    var size = shards.reduce(trees.count) { $0 + $1.ids.count }
    var merged: [IndexSegment] = []
    for segment in contents.segments.reversed() where Family(segment) == family {
      let other = segment.layout.recordCount + segment.layout.treeCount
      guard isJoin || other < size * Self.growth else { break }
      merged.append(segment)
      size += other
    }
    merged.reverse()
    var all: [(segment: Int, shard: Int)] = []
    for (number, segment) in merged.enumerated() {
      all += segment.shards.indices.map { (number, $0) }
    }
    let writer = IndexSegmentWriter(
      shardCount: all.count + shards.count,
      recordCount: merged.reduce(0) { $0 + $1.layout.recordCount }
        + shards.reduce(0) { $0 + $1.ids.count },
      trees: try merged.reduce(into: Set(trees)) { $0.formUnion(try $1.trees()) },
      hasKeys: family == .calls, keyField: keyField,
      shard: { (number) throws(IndexDamage) in
        guard number < all.count else { return shards[number - all.count] }
        let (segment, shard) = all[number]
        // Or what is merged would be in memory as a whole.
        if number % Self.releaseInterval == 0 { merged[segment].release() }
        return try merged[segment].shard(shard)
      })
    let name = SegmentFolder.newName()
    try writer.write(to: folder.path(name))
    guard let segment = IndexSegment(folder.path(name)) else {
      throw StoreError(.io, "cannot read back the index '\(folder.path(name))'")
    }
    for segment in merged {
      guard let place = contents.segments.firstIndex(where: { $0 === segment }) else { continue }
      contents.segments.remove(at: place)
      contents.manifest.remove(at: place)
    }
    contents.segments.append(segment)
    contents.manifest.append(name)
  }

  private func publish(_ new: Contents) throws(StoreError) {
    var new = new
    new.noteSegments()
    try folder.publish(new.manifest)
    published.withLock { $0 = Published(new) }
  }

  /// Compares every page on disk with its checksum.
  func damages() -> [String] {
    folder.names.compactMap { name in
      guard let segment = IndexSegment(folder.path(name)) else { return "'\(name)' cannot be read" }
      return segment.isWhole ? nil : "'\(name)' holds other bytes than were written"
    }
  }

  /// Forgets everything.
  func clear() throws {
    let lock = try folder.lock()
    defer { close(lock) }
    try publish(Contents())
  }
}

extension IndexFolder.Contents {
  fileprivate mutating func noteSegments() {
    places = ShardPlaces(segments.map(\.shards)) { ShardKey($0.object, $0.kind) }
    callSegments = segments.filter(\.layout.hasKeys)
  }
}

/// Where each shard of an index is.
///
/// Few looks go through all shards, for a table of them takes as long as many such looks.
final class ShardPlaces: Sendable {
  typealias Place = (segment: Int, shard: Int)

  private static let looksWithoutTable = 8

  /// Tells of shards and their keys, up to the one where the caller has enough.
  private typealias Visit = (ShardKey, Place) -> Bool
  private let visit: @Sendable (Visit) -> Void
  private let state = Mutex<(looks: Int, table: [ShardKey: Place]?)>((0, nil))

  init() { visit = { _ in } }

  init<Shards: Collection & Sendable>(
    _ segments: [Shards], key: @escaping @Sendable (Shards.Element) -> ShardKey
  ) {
    visit = { body in
      for (number, segment) in segments.enumerated() {
        for (shard, entry) in segment.enumerated() {
          guard body(key(entry), (number, shard)) else { return }
        }
      }
    }
  }

  /// A shard's segment, and its number there; nil when the index does not know it.
  subscript(key: ShardKey) -> Place? {
    state.withLock { state in
      if let table = state.table { return table[key] }
      state.looks += 1
      guard state.looks > Self.looksWithoutTable else {
        var found: Place?
        visit { other, place in
          if other == key { found = place }
          return found == nil
        }
        return found
      }
      var table: [ShardKey: Place] = [:]
      visit { key, place in
        table[key] = place
        return true
      }
      state.table = table
      return table[key]
    }
  }
}
