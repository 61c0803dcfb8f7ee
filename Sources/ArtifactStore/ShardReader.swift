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

  private struct Cache {
    var contents: [ObjectID: Content] = [:]
    var order: [ObjectID] = []
  }

  private static let cachedShardCount = 24
  private let repository: Repository
  private let codec = ZstdCodec()
  private let cache = Mutex(Cache())

  package init(_ repository: Repository) { self.repository = repository }

  /// The uncompressed bytes of an artifact.
  package func artifact(_ object: ObjectID) throws(StoreError) -> [UInt8] {
    let frame: [UInt8]
    do {
      frame = try repository.read(
        object, as: .blob, maximumSizeInBytes: Shard.maximumSizeInBytes)
    } catch {
      throw StoreError(error)
    }
    return try content(of: frame, from: object)
  }

  /// The number of uncompressed bytes that an artifact declares.
  func contentSize(_ object: ObjectID) throws(StoreError) -> Int {
    try convert { () throws(GitError) in
      try repository.withObject(
        object, as: .blob, maximumSizeInBytes: Shard.maximumSizeInBytes
      ) { frame in ZstdCodec.contentSize(frame) ?? 0 }
    }
  }

  /// The uncompressed bytes of an artifact whose object was read.
  package func content(
    of frame: [UInt8], from object: ObjectID
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
    if let content = cache.withLock({ $0.contents[object] }) { return content }
    let bytes = try artifact(object)
    let content = Content(bytes: bytes, lines: try Shard.lineRanges(bytes))
    cache.withLock { cache in
      guard cache.contents.updateValue(content, forKey: object) == nil else { return }
      cache.order.append(object)
      if cache.order.count > Self.cachedShardCount {
        cache.contents[cache.order.removeFirst()] = nil
      }
    }
    return content
  }

  package func line(at location: RecordLocation) throws(StoreError) -> [UInt8] {
    guard let line = try shard(location.object).line(location.row) else {
      throw StoreError(.corrupt, "object '\(location.object)' has no line \(location.row)")
    }
    return line
  }
}
