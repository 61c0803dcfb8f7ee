import CZstd

/// Compresses bytes as they come into one zstd frame with a checksum; memory stays flat.
package struct ZstdCompressor: ~Copyable {
  private let context: OpaquePointer
  private var room = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())

  package init() {
    guard let context = ZSTD_createCCtx() else {
      fatalError("zstd has no memory for a context")
    }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZstdCodec.level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Takes bytes and lends what of the frame is ready.
  package mutating func add(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try step(bytes, ZSTD_e_continue, body)
  }

  /// Ends the frame.
  package mutating func finish(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try step(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, body)
  }

  private mutating func step(
    _ bytes: UnsafeRawBufferPointer, _ mode: ZSTD_EndDirective,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    var isDone = false
    while !isDone {
      let (rest, count) = room.withUnsafeMutableBytes { room in
        var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        let rest = ZSTD_compressStream2(context, &output, &input, mode)
        return (rest, output.pos)
      }
      precondition(ZSTD_isError(rest) == 0, "zstd compresses any bytes")
      try room.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      isDone = mode == ZSTD_e_end ? rest == 0 : input.pos == input.size
    }
  }
}

/// Decompresses zstd frames as their bytes come; memory stays flat.
struct ZstdDecompressor: ~Copyable {
  private let context: OpaquePointer
  /// Whether a frame has begun and not ended.
  private(set) var isInside = false

  init() {
    guard let context = ZSTD_createDCtx() else { fatalError("zstd has no memory for a context") }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Forgets a frame that was begun.
  mutating func reset() {
    ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters)
    isInside = false
  }

  /// Decompresses some bytes into memory that holds the whole content and stays where it is, so that zstd
  /// needs none of its own.
  ///
  /// - Parameters:
  ///   - bytes: What follows in the frame.
  ///   - whole: The same memory each time.
  ///   - reached: How much of it is made.
  /// - Returns: How many bytes were taken, and how many were made.
  /// - Throws: ``StoreError`` with code `corrupt` for what is no zstd frame, or holds more.
  mutating func fill(
    _ bytes: UnsafeRawBufferPointer, _ whole: UnsafeMutableRawBufferPointer, from reached: Int
  ) throws(StoreError) -> (taken: Int, made: Int) {
    // ZSTD_d_stableOutBuffer
    if !isInside { ZSTD_DCtx_setParameter(context, ZSTD_d_experimentalParam2, 1) }
    return try step(
      bytes, ZSTD_outBuffer(dst: whole.baseAddress, size: whole.count, pos: reached))
  }

  /// Decompresses as much as there is room for.
  ///
  /// - Returns: How many bytes were taken, and how many were made.
  /// - Throws: ``StoreError`` with code `corrupt` for what is no zstd frame.
  mutating func step(
    _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> (taken: Int, made: Int) {
    try step(bytes, ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0))
  }

  private mutating func step(
    _ bytes: UnsafeRawBufferPointer, _ room: ZSTD_outBuffer
  ) throws(StoreError) -> (taken: Int, made: Int) {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    var output = room
    let rest = ZSTD_decompressStream(context, &output, &input)
    guard ZSTD_isError(rest) == 0 else {
      throw StoreError(.corrupt, "zstd: \(String(cString: ZSTD_getErrorName(rest)))")
    }
    isInside = rest != 0
    return (input.pos, output.pos - room.pos)
  }
}
