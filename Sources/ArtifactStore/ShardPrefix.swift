import Synchronization

/// A shard that is decompressed only as far as lines were asked for.
///
/// One line of a shard costs half of the shard on average, and further ones of the same little more.
final class ShardPrefix: Sendable {
  /// So much of the frame is decompressed at a time.
  private static let stepInBytes = 1 << 14

  private struct State: ~Copyable, @unchecked Sendable {  // reached only through the mutex
    let frame: [UInt8]
    var taken = 0
    var decompressor = ZstdDecompressor()
    /// Of the whole size; what was not reached yet is undefined.
    let content: UnsafeMutableRawBufferPointer
    var reached = 0
    var lines: [Range<Int>] = []
    var lineStart = 0
    /// What was wrong; nothing is read after that.
    var failure: StoreError?
    var size: Int { content.count }

    init(_ frame: [UInt8], size: Int) {
      self.frame = frame
      content = .allocate(byteCount: size, alignment: 16)
    }

    deinit { content.deallocate() }
  }

  private let state: Mutex<State>

  /// Takes a frame, of which nothing is decompressed yet.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for what is no frame with its content size, and for one that
  ///   is beyond what is read.
  init(_ frame: [UInt8]) throws(StoreError) {
    let size = try ZstdCodec.checkedSize(of: frame, maximumSizeInBytes: Shard.maximumSizeInBytes)
    state = Mutex(State(frame, size: size))
  }

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
    while state.reached == state.size, state.decompressor.isInside { try step(&state) }
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
    let (content, reached) = (state.content, state.reached)
    state.frame.withUnsafeBytes { frame in
      do throws(StoreError) {
        result = .success(
          try state.decompressor.fill(
            UnsafeRawBufferPointer(rebasing: frame[next]), content, from: reached))
      } catch {
        result = .failure(error)
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
