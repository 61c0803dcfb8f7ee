import Synchronization

/// A shard that is decompressed only as far as lines were asked for.
///
/// One line of a shard costs half of the shard on average, and further ones of the same little more.
final class ShardPrefix: Sendable {
  /// So much is decompressed at a time.
  private static let stepInBytes = 1 << 16

  private struct State: ~Copyable {
    let frame: [UInt8]
    let size: Int
    var taken = 0
    var decompressor = ZstdDecompressor()
    /// Of the whole size; what was not reached yet is zero.
    var content: [UInt8]
    var reached = 0
    var lines: [Range<Int>] = []
    var lineStart = 0
  }

  private let state: Mutex<State>

  /// Takes a frame, of which nothing is decompressed yet.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for what is no frame with its content size, and for one that
  ///   is beyond what is read.
  init(_ frame: [UInt8]) throws(StoreError) {
    let size = try ZstdCodec.checkedSize(of: frame, maximumSizeInBytes: Shard.maximumSizeInBytes)
    state = Mutex(
      State(frame: frame, size: size, content: [UInt8](repeating: 0, count: size)))
  }

  /// A line without its line feed, or nil when the shard has no such one.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for what is damaged on the way to the line.
  func line(_ row: Int) throws(StoreError) -> [UInt8]? {
    try state.withLock { (state) throws(StoreError) in
      while state.lines.count <= row, try Self.advance(&state) {}
      guard state.lines.indices.contains(row) else { return nil }
      return Array(state.content[state.lines[row]])
    }
  }

  /// Decompresses some more; false at the end.
  private static func advance(_ state: inout State) throws(StoreError) -> Bool {
    guard state.reached < state.size else { return false }
    let end = min(state.size, state.reached + stepInBytes)
    let before = state.reached
    while state.reached < end {
      let (taken, made) = try step(&state, end)
      guard taken > 0 || made > 0 else {
        throw StoreError(.corrupt, "a zstd frame does not hold what it declares")
      }
      state.taken += taken
      state.reached += made
    }
    // The last step also reads the checksum.
    if state.reached == state.size {
      while state.decompressor.isInside {
        let (taken, made) = try step(&state, state.size)
        guard made == 0, taken > 0 else {
          throw StoreError(.corrupt, "a zstd frame does not hold what it declares")
        }
        state.taken += taken
      }
    }
    var place = before
    while let feed = state.content.span.bytes.extracting(0..<state.reached)
      .firstLineFeed(from: place)
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

  private static func step(
    _ state: inout State, _ end: Int
  ) throws(StoreError) -> (taken: Int, made: Int) {
    var result: Result<(taken: Int, made: Int), StoreError> = .success((0, 0))
    let (taken, reached) = (state.taken, state.reached)
    state.frame.withUnsafeBytes { frame in
      state.content.withUnsafeMutableBytes { content in
        do throws(StoreError) {
          let made = try state.decompressor.step(
            UnsafeRawBufferPointer(rebasing: frame[taken...]),
            into: UnsafeMutableRawBufferPointer(rebasing: content[reached..<end]))
          result = .success(made)
        } catch {
          result = .failure(error)
        }
      }
    }
    return try result.get()
  }
}
