extension String {
  /// The words with single blanks between them, and no white space around.
  var singleSpaced: String {
    isSpacedASCII ? self : split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// Whether this is ASCII with no white space but single blanks between words; most texts are.
  var isSpacedASCII: Bool {
    let isSpaced = utf8.withContiguousStorageIfAvailable { utf8 in
      Self.isSpacedASCII(UnsafeRawBufferPointer(utf8))
    }
    return isSpaced ?? Array(utf8).withUnsafeBytes(Self.isSpacedASCII)
  }

  /// It goes by eight bytes at a time.
  private static func isSpacedASCII(_ text: UnsafeRawBufferPointer) -> Bool {
    let blank = UInt8(ascii: " ")
    guard text.first != blank, text.last != blank else { return false }
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var place = 0
    // In the low byte whether the last one was a blank.
    var before: UInt64 = 0
    while place + 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian
      guard word & highs == 0 else { return false }
      // The high bit of a byte is set when it is a blank, and when it is none of the controls.
      let isBlank = ~((word ^ (ones &* UInt64(blank))) &+ (ones &* 0x7F)) & highs
      let isVisible = (word &+ (ones &* 0x60)) & highs
      guard isVisible == highs, isBlank & (isBlank << 8 | before) == 0 else { return false }
      before = isBlank >> 56
      place += 8
    }
    var wasBlank = before != 0
    while place < text.count {
      let byte = text[place]
      guard byte >= blank, byte < 0x80, byte != blank || !wasBlank else { return false }
      wasBlank = byte == blank
      place += 1
    }
    return true
  }
}
