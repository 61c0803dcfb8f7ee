import CPlainText

/// The bytes of texts that JSON writes as they are.
enum PlainText {
  /// Where the first byte stands that JSON does not: below 0x20, a quotation mark or a backslash.
  static func end(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard let bytes = text.baseAddress, start < text.count else { return start }
    let rest = (bytes + start).assumingMemoryBound(to: UInt8.self)
    return start + plain_text_copy(rest, text.count - start, nil)
  }

  /// Writes a text as it stands between the quotation marks of JSON.
  ///
  /// - Parameters:
  ///   - text: What is written.
  ///   - target: Has room for six times as many bytes.
  /// - Returns: How many bytes were written.
  static func write(_ text: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) -> Int {
    guard let bytes = text.baseAddress else { return 0 }
    return plain_text_write(
      bytes.assumingMemoryBound(to: UInt8.self), text.count,
      target.assumingMemoryBound(to: UInt8.self))
  }
}
