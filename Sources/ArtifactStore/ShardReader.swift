import Dispatch
package import Git
import Synchronization

/// Where a record lies: the git object of its shard, and its line.
package struct RecordLocation: Hashable, Sendable {
  package let object: ObjectID
  package let row: Int

  package init(object: ObjectID, row: Int) {
    self.object = object
    self.row = row
  }
}

/// Reads artifacts out of git objects, keeping the last few decompressed.
package final class ShardReader: Sendable {
  /// A decompressed shard.
  package final class Content: Sendable {
    package let bytes: [UInt8]
    package let lines: [Range<Int>]

    init(bytes: [UInt8], lines: [Range<Int>]) {
      self.bytes = bytes
      self.lines = lines
    }

    package func line(_ row: Int) -> [UInt8]? {
      lines.indices.contains(row) ? Array(bytes[lines[row]]) : nil
    }
  }

  private let repository: Repository
  private let codec = ZstdCodec()
  private let cache = Mutex(ShardCache<Content>(mostShards: 24))
  /// As many as one thing that is looked at needs, so that their memory is soon used again.
  private let prefixes = Mutex(ShardCache<ShardPrefix>(mostShards: 12))
  private let turns = ReadingTurns()
  private let rooms = ShardRooms()
  private let prepared = Mutex(PreparedLines())

  package init(_ repository: Repository) { self.repository = repository }

  /// The uncompressed bytes of an artifact.
  package func artifact(_ object: ObjectID) throws(StoreError) -> [UInt8] {
    try frame(object).withBytes { (frame) throws(StoreError) in
      try content(of: frame, from: object)
    }
  }

  private func frame(_ object: ObjectID) throws(StoreError) -> ObjectBytes {
    try convert { () throws(GitError) in
      try repository.uncheckedBlob(object, maximumSizeInBytes: Shard.maximumSizeInBytes)
    }
  }

  /// The number of uncompressed bytes that an artifact declares.
  func contentSize(_ object: ObjectID) throws(StoreError) -> Int {
    try frame(object).withBytes { ZstdCodec.contentSize($0) ?? 0 }
  }

  /// The uncompressed bytes of an artifact whose object was read.
  package func content(
    of frame: RawSpan, from object: ObjectID
  ) throws(StoreError) -> [UInt8] {
    do {
      return try codec.decompress(frame, maximumSizeInBytes: Shard.maximumSizeInBytes)
    } catch {
      throw StoreError(
        .corrupt, "object '\(object)' is damaged: \(error.message)",
        hint: "run 'stemma verify' to see what is affected")
    }
  }

  package func shard(_ object: ObjectID) throws(StoreError) -> Content {
    if let content = cache.withLock({ $0.find(object) }) { return content }
    // Who needs a shard that another is reading waits for that, for it takes as long to read it twice.
    return try turns.wait(for: object) { () throws(StoreError) in
      if let content = cache.withLock({ $0.find(object) }) { return content }
      let bytes = try artifact(object)
      let content = Content(bytes: bytes, lines: try Shard.lineRanges(bytes))
      cache.withLock { $0.add(content, object, sizeInBytes: content.bytes.count) }
      return content
    }
  }

  package func line(at location: RecordLocation) throws(StoreError) -> [UInt8] {
    Array(try lineInPlace(at: location))
  }

  /// A line as a part of its shard, which stays in memory with it.
  func lineInPlace(at location: RecordLocation) throws(StoreError) -> ArraySlice<UInt8> {
    let shard = try shard(location.object)
    guard shard.lines.indices.contains(location.row) else {
      throw StoreError(.corrupt, "object '\(location.object)' has no line \(location.row)")
    }
    return shard.bytes[shard.lines[location.row]]
  }

  /// A line of a shard of which few are looked at: it is decompressed no further than needed.
  package func singleLine(at location: RecordLocation) throws(StoreError) -> [UInt8] {
    if let line = prepared.withLock({ $0.lines[location] }) { return line }
    let object = location.object
    if let content = cache.withLock({ $0.find(object) }) {
      if let line = content.line(location.row) { return line }
    } else {
      do throws(StoreError) {
        let prefix = try prefix(of: object, in: prefixes)
        if let line = try prefix.line(location.row) { return line }
      } catch {
        guard error.code == .corrupt else { throw error }
        throw StoreError(
          .corrupt, "object '\(object)' is damaged: \(error.message)",
          hint: "run 'stemma verify' to see what is affected")
      }
    }
    throw StoreError(.corrupt, "object '\(object)' has no line \(location.row)")
  }

  /// Reads lines that are about to be asked for one by one: those of one shard together, and shards
  /// beside each other, which only the caller keeps open.
  ///
  /// What cannot be read is left to be told then.
  package func prepare(_ locations: some Sequence<RecordLocation>, in open: OpenShards) {
    var rows: [ObjectID: [Int]] = [:]
    for location in locations { rows[location.object, default: []].append(location.row) }
    let shards = rows.map { (object: $0.key, rows: $0.value.sorted()) }
    DispatchQueue.concurrentPerform(iterations: shards.count) { number in
      let shard = shards[number]
      let isKept =
        cache.withLock { $0.find(shard.object) != nil }
        || prefixes.withLock { $0.find(shard.object) != nil }
      guard !isKept, let prefix = try? prefix(of: shard.object, in: open.prefixes) else { return }
      for row in shard.rows {
        guard let line = try? prefix.line(row) else { return }
        let location = RecordLocation(object: shard.object, row: row)
        prepared.withLock { $0.add(line, location) }
      }
    }
  }

  /// So many artifacts are worth to be read beside each other.
  static let shardsAtOnce = 64

  /// A shard as a tree names it.
  typealias Place = (object: ObjectID, path: ArtifactPath)

  /// Makes something of each of some shards, beside each other, in their order; there are no more of their
  /// contents in memory at a time than cores.
  func map<Output: Sendable>(
    _ shards: ArraySlice<Place>,
    _ body: @Sendable (_ shard: Place, _ content: [UInt8]) throws(StoreError) -> Output
  ) -> [Result<Output, StoreError>] {
    let results = Mutex([Result<Output, StoreError>?](repeating: nil, count: shards.count))
    DispatchQueue.concurrentPerform(iterations: shards.count) { number in
      let shard = shards[shards.startIndex + number]
      let result = Result { () throws(StoreError) in
        try body(shard, try artifact(shard.object))
      }
      results.withLock { $0[number] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
  }

  private func prefix(
    of object: ObjectID, in prefixes: borrowing Mutex<ShardCache<ShardPrefix>>
  ) throws(StoreError) -> ShardPrefix {
    if let prefix = prefixes.withLock({ $0.find(object) }) { return prefix }
    let prefix = try ShardPrefix(try frame(object), in: rooms)
    prefixes.withLock { $0.add(prefix, object, sizeInBytes: prefix.sizeInBytes) }
    return prefix
  }
}
