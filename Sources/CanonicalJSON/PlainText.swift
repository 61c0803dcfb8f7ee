import CPlainText

/// The bytes of texts that JSON writes as they are.
enum PlainText {
  /// Where the first byte stands that JSON does not: below 0x20, a quotation mark or a backslash.
  static func end(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    start + length(text, from: start, copiedTo: nil)
  }

  /// Copies what comes before that byte.
  ///
  /// - Parameters:
  ///   - text: What is copied from.
  ///   - start: Where.
  ///   - target: Has room for all the rest, of which more may be copied.
  /// - Returns: How many bytes come before that byte.
  static func copy(
    _ text: UnsafeRawBufferPointer, from start: Int, to target: UnsafeMutableRawPointer
  ) -> Int {
    length(text, from: start, copiedTo: target)
  }

  @inline(__always)
  private static func length(
    _ text: UnsafeRawBufferPointer, from start: Int, copiedTo target: UnsafeMutableRawPointer?
  ) -> Int {
    guard let bytes = text.baseAddress, start < text.count else { return 0 }
    return plain_text_copy(
      (bytes + start).assumingMemoryBound(to: UInt8.self), text.count - start,
      target?.assumingMemoryBound(to: UInt8.self))
  }
}
