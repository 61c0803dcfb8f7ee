/// The bytes of texts that JSON writes as they are.
enum PlainText {
  /// Where the first byte stands that JSON does not: below 0x20, a quotation mark or a backslash.
  ///
  /// It goes by eight bytes at a time.
  static func end(_ raw: UnsafeRawBufferPointer, from start: Int) -> Int {
    var place = start
    while place + 8 <= raw.count {
      let length = length(
        ofStartOf: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += length
      if length < 8 { return place }
    }
    while place < raw.count {
      let byte = raw[place]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      place += 1
    }
    return place
  }

  /// How many of eight bytes come before the first that JSON does not write as it is.
  @inline(__always)
  static func length(ofStartOf word: UInt64) -> Int {
    let word = word.littleEndian
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    // The high bit of a byte is set when it is below 0x20, a quotation mark or a backslash; bytes above
    // the first such one may be marked too.
    let isControl = (word &- ones &* 0x20) & ~word
    let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
    let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
    let isQuote = (quote &- ones) & ~quote
    let isBackslash = (backslash &- ones) & ~backslash
    return ((isControl | isQuote | isBackslash) & highs).trailingZeroBitCount / 8
  }
}
