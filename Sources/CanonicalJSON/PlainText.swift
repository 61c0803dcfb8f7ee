/// The bytes of texts that JSON writes as they are.
enum PlainText {
  /// Where the first byte stands that JSON does not: below 0x20, a quotation mark or a backslash.
  ///
  /// It goes by eight bytes at a time.
  static func end(_ raw: UnsafeRawBufferPointer, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var place = start
    while place + 8 <= raw.count {
      let word = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      // The high bit of a byte is set when it is below 0x20, a quotation mark or a backslash; bytes
      // above such a one may be marked too, which the loop below sorts out.
      let isControl = (word &- ones &* 0x20) & ~word
      let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
      let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
      let isQuote = (quote &- ones) & ~quote
      let isBackslash = (backslash &- ones) & ~backslash
      if (isControl | isQuote | isBackslash) & highs != 0 { break }
      place += 8
    }
    while place < raw.count {
      let byte = raw[place]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      place += 1
    }
    return place
  }
}
