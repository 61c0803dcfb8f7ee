extension String {
  /// The words with single blanks between them, and no white space around.
  var singleSpaced: String {
    hasSingleSpaces ? self : split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// Whether this is ASCII with no white space but single blanks between words; most texts are.
  private var hasSingleSpaces: Bool {
    var last = UInt8(ascii: " ")
    for byte in utf8 {
      if byte >= 0x80 || (0x09...0x0D).contains(byte) { return false }
      if byte == UInt8(ascii: " "), last == byte { return false }
      last = byte
    }
    return last != UInt8(ascii: " ") || isEmpty
  }
}
