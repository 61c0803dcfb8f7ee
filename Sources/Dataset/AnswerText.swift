package import CanonicalJSON

/// Takes JSON out of the text that a model answered.
package enum AnswerText {
  /// The text without white space around it, and without what many models think aloud before it.
  package static func withoutThoughts(_ text: String) -> Substring {
    let body = trimmed(text[...])
    guard body.hasPrefix("<think>"), let end = body.firstRange(of: "</think>") else { return body }
    return trimmed(body[end.upperBound...])
  }

  /// The JSON value that a text is, or the only object that stands in it.
  package static func json(_ text: String) -> JSON? {
    let body = String(withoutThoughts(text))
    if let json = try? JSON(parsing: body) { return json }
    let objects = JSONObjects.find(in: body, atMost: 2)
    return objects.count == 1 ? objects.first : nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    // Most texts begin and end so.
    if let first = text.utf8.first, let last = text.utf8.last, isPrinted(first), isPrinted(last) {
      return text
    }
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  /// Whether a byte is a character of ASCII that leaves ink.
  private static func isPrinted(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }
}

/// Finds the JSON objects that stand in other text, such as in a code fence.
package enum JSONObjects {
  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")
  private static let opening = UInt8(ascii: "{")
  private static let closing = UInt8(ascii: "}")

  /// The first objects that are in no other, in the order of the text; each byte is read once.
  package static func find(in text: String, atMost limit: Int) -> [JSON] {
    let bytes = Array(text.utf8)
    var objects: [JSON] = []
    var start = 0
    while objects.count < limit, let first = bytes[start...].firstIndex(of: opening) {
      guard let end = end(of: bytes[first...]) else { break }
      if let value = try? JSON(parsing: Array(bytes[first..<end])) { objects.append(value) }
      start = end
    }
    return objects
  }

  /// The place after the brace that closes the first one, or nil when none does.
  private static func end(of bytes: ArraySlice<UInt8>) -> Int? {
    var depth = 0
    var isText = false
    var isEscaped = false
    for index in bytes.indices {
      let byte = bytes[index]
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == backslash {
          isEscaped = true
        } else if byte == quote {
          isText = false
        }
        continue
      }
      switch byte {
      case quote: isText = true
      case opening: depth += 1
      case closing:
        depth -= 1
        if depth == 0 { return index + 1 }
      default: continue
      }
    }
    return nil
  }
}
