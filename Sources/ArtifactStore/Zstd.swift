import CZstd
import Synchronization

/// One-shot zstd frames with content size and checksum.
///
/// Contexts are reused. One codec compresses for one caller at a time, and decompresses for as many as come.
package final class ZstdCodec: Sendable {
  /// What a frame starts with; a skippable frame and those of old formats start otherwise.
  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  /// The level of all that Stemma writes.
  package static let level: Int32 = 3

  private struct Compression: ~Copyable, @unchecked Sendable {  // reached only through the mutex
    let context: OpaquePointer
    /// Room for a frame, kept for the next one.
    var frame: [UInt8] = []

    init() {
      guard let context = ZSTD_createCCtx() else {
        fatalError("zstd has no memory for a context")
      }
      ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZstdCodec.level)
      ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
      ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
      self.context = context
    }

    deinit { ZSTD_freeCCtx(context) }
  }

  private final class Decompression: @unchecked Sendable {  // lent to one caller at a time
    let context: OpaquePointer

    init() {
      guard let context = ZSTD_createDCtx() else { fatalError("zstd has no memory for a context") }
      self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }
  }

  private let compression = Mutex(Compression())
  /// Those that are free: as many as ever were in use at once.
  private let decompressions = Mutex<[Decompression]>([])

  package init() {}

  /// One frame that holds the bytes.
  package func compress(_ bytes: [UInt8]) -> [UInt8] {
    compress(bytes) { frame in frame.withUnsafeBytes { [UInt8]($0) } }
  }

  /// Lends one frame that holds the bytes.
  func compress<Result, Failure: Error>(
    _ bytes: [UInt8], lending body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try compression.withLock { (compression) throws(Failure) in
      let bound = ZSTD_compressBound(bytes.count)
      if compression.frame.count < bound { compression.frame = [UInt8](repeating: 0, count: bound) }
      let context = compression.context
      let size = compression.frame.withUnsafeMutableBytes { buffer in
        bytes.withUnsafeBytes { source in
          ZSTD_compress2(
            context, buffer.baseAddress, buffer.count, source.baseAddress, source.count)
        }
      }
      precondition(ZSTD_isError(size) == 0, "zstd compresses into a buffer of its own bound")
      return try body(compression.frame.span.bytes.extracting(0..<size))
    }
  }

  /// The content size that a frame declares; nil without one.
  static func contentSize(_ frame: RawSpan) -> Int? {
    let size = frame.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    guard size != UInt64.max, size != UInt64.max - 1 else { return nil }
    return Int(clamping: size)
  }

  /// The content size of one frame that fills the bytes.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for anything else, a frame without a content
  ///   size, and one whose content is larger than the limit.
  static func checkedSize(
    of frame: RawSpan, maximumSizeInBytes: Int
  ) throws(StoreError) -> Int {
    let declared = frame.withUnsafeBytes {
      ZSTD_getFrameContentSize($0.baseAddress, $0.count)
    }
    let frameSize = frame.withUnsafeBytes { ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) }
    let isFrame = frame.withUnsafeBytes { $0.starts(with: Self.magic) }
    guard isFrame, ZSTD_isError(frameSize) == 0, frameSize == frame.byteCount,
      declared != UInt64.max, declared != UInt64.max - 1
    else { throw StoreError(.corrupt, "not one zstd frame with its content size") }
    guard declared <= UInt64(maximumSizeInBytes) else {
      throw StoreError(.corrupt, "a zstd frame of \(declared) bytes is beyond what is read")
    }
    return Int(declared)
  }

  /// The content of one frame that fills the bytes.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for anything else, a frame without a content
  ///   size, and one whose content is larger than the limit.
  package func decompress(
    _ frame: [UInt8], maximumSizeInBytes: Int
  ) throws(StoreError) -> [UInt8] {
    try decompress(frame.span.bytes, maximumSizeInBytes: maximumSizeInBytes)
  }

  /// The content of one frame that fills bytes that somebody else holds.
  func decompress(_ frame: RawSpan, maximumSizeInBytes: Int) throws(StoreError) -> [UInt8] {
    let size = try Self.checkedSize(of: frame, maximumSizeInBytes: maximumSizeInBytes)
    let decompression = decompressions.withLock { $0.popLast() } ?? Decompression()
    defer { decompressions.withLock { $0.append(decompression) } }
    var failure: StoreError?
    let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let result = frame.withUnsafeBytes { source in
        ZSTD_decompressDCtx(
          decompression.context, buffer.baseAddress, buffer.count, source.baseAddress, source.count)
      }
      if ZSTD_isError(result) != 0 {
        failure = StoreError(.corrupt, "zstd: \(String(cString: ZSTD_getErrorName(result)))")
      } else if result != size {
        failure = StoreError(.corrupt, "a zstd frame does not hold what it declares")
      } else {
        count = result
      }
    }
    if let failure { throw failure }
    return content
  }
}
