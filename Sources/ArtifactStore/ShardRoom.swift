import Synchronization

/// What it takes to decompress a shard: memory for its content, and zstd's own.
///
/// Who decompresses many, one after another, uses the same again: new memory costs the operating system
/// as much as the decompression takes.
final class ShardRoom: @unchecked Sendable {  // used by one prefix at a time
  var decompressor = ZstdDecompressor()
  private let memory: UnsafeMutableRawBufferPointer

  fileprivate init(_ sizeInBytes: Int) {
    memory = .allocate(byteCount: sizeInBytes, alignment: 16)
  }

  deinit { memory.deallocate() }

  fileprivate var sizeInBytes: Int { memory.count }

  func content(_ sizeInBytes: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[..<sizeInBytes])
  }
}

/// The rooms that are free.
final class ShardRooms: Sendable {
  private static let freeCount = 8
  /// Larger ones are hardly ever needed again.
  private static let largestSizeInBytes = 4 << 20

  private let free = Mutex<[ShardRoom]>([])

  /// A room for a content of some size.
  func take(_ sizeInBytes: Int) -> ShardRoom {
    let known = free.withLock { free in
      free.lastIndex { $0.sizeInBytes >= sizeInBytes }.map { free.remove(at: $0) }
    }
    guard let known else { return ShardRoom(max(sizeInBytes, 1)) }
    known.decompressor.reset()
    return known
  }

  func giveBack(_ room: ShardRoom) {
    guard room.sizeInBytes <= Self.largestSizeInBytes else { return }
    free.withLock { free in
      if free.count < Self.freeCount { free.append(room) }
    }
  }
}
