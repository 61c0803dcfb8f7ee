import Git
import Synchronization

/// A shard that is decompressed only as far as lines were asked for.
///
/// One line of a shard costs half of the shard on average, and further ones of the same little more.
final class ShardPrefix: Sendable {
  /// So much of the frame is decompressed at a time.
  private static let stepInBytes = 1 << 14

  private struct State: ~Copyable, @unchecked Sendable {  // reached only through the mutex
    let frame: ObjectBytes
    var taken = 0
    let room: ShardRoom
    let size: Int
    var reached = 0
    var lines: [Range<Int>] = []
    var lineStart = 0
    /// What was wrong; nothing is read after that.
    var failure: StoreError?
    /// What was not reached yet is undefined.
    var content: UnsafeMutableRawBufferPointer { room.content(size) }

    init(_ frame: ObjectBytes, size: Int, _ room: ShardRoom) {
      self.frame = frame
      self.size = size
      self.room = room
    }
  }

  private let state: Mutex<State>
  private let rooms: ShardRooms

  /// Takes a frame, of which nothing is decompressed yet.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for what is no frame with its content size, and for one that
  ///   is beyond what is read.
  init(_ frame: ObjectBytes, in rooms: ShardRooms = ShardRooms()) throws(StoreError) {
    let size = try frame.withBytes { (bytes) throws(StoreError) in
      try ZstdCodec.checkedSize(of: bytes, maximumSizeInBytes: Shard.maximumSizeInBytes)
    }
    self.rooms = rooms
    sizeInBytes = size
    state = Mutex(State(frame, size: size, rooms.take(size)))
  }

  deinit { rooms.giveBack(state.withLock { $0.room }) }

  /// The size of the whole content, for all of which there is room.
  let sizeInBytes: Int

  /// A line without its line feed, or nil when the shard has no such one.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for what is damaged on the way to the line.
  func line(_ row: Int) throws(StoreError) -> [UInt8]? {
    try state.withLock { (state) throws(StoreError) in
      if let failure = state.failure { throw failure }
      do throws(StoreError) {
        while state.lines.count <= row, try Self.advance(&state) {}
      } catch {
        state.failure = error
        throw error
      }
      guard state.lines.indices.contains(row) else { return nil }
      return Array(state.content[state.lines[row]])
    }
  }

  /// Decompresses some more; false at the end.
  private static func advance(_ state: inout State) throws(StoreError) -> Bool {
    guard state.reached < state.size else { return false }
    let before = state.reached
    repeat {
      try step(&state)
    } while state.reached == before
    // The last step also reads the checksum.
    while state.reached == state.size, state.room.decompressor.isInside { try step(&state) }
    var place = before
    while let feed = RawSpan(_unsafeBytes: state.content[..<state.reached]).firstLineFeed(
      from: place)
    {
      guard feed > state.lineStart, feed - state.lineStart <= Shard.maximumLineSizeInBytes else {
        throw StoreError(.corrupt, "a shard has empty lines or too long ones")
      }
      state.lines.append(state.lineStart..<feed)
      state.lineStart = feed + 1
      place = feed + 1
    }
    if state.reached == state.size, state.lineStart != state.size {
      throw StoreError(.corrupt, "a shard's last line does not end")
    }
    return true
  }

  private static func step(_ state: inout State) throws(StoreError) {
    var result: Result<(taken: Int, made: Int), StoreError> = .success((0, 0))
    let next = state.taken..<min(state.frame.count, state.taken + stepInBytes)
    let (room, content, reached) = (state.room, state.content, state.reached)
    state.frame.withBytes { frame in
      frame.extracting(next).withUnsafeBytes { bytes in
        do throws(StoreError) {
          result = .success(try room.decompressor.fill(bytes, content, from: reached))
        } catch {
          result = .failure(error)
        }
      }
    }
    let (taken, made) = try result.get()
    guard taken > 0 || made > 0 else {
      throw StoreError(.corrupt, "a zstd frame does not hold what it declares")
    }
    state.taken += taken
    state.reached += made
  }
}

/// Shards of which lines are read in several steps: each goes on where the one before ended.
package final class OpenShards: Sendable {
  let prefixes = Mutex(ShardCache<ShardPrefix>(mostShards: 12))

  package init() {}
}
