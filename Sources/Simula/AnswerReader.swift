import CanonicalJSON
import Foundation
import Teachers

/// Takes the JSON out of an answer.
enum AnswerReader {
  /// The JSON value that is the answer, or the one object that stands in its text.
  static func json(_ answer: Answer) throws(UnusableAnswer) -> JSON {
    switch answer.finish {
    case .stop: break
    case .length:
      throw UnusableAnswer(.cut, "it was cut by the token limit; be brief")
    case .refusal: throw UnusableAnswer(.refused, "it was a refusal")
    case .filtered: throw UnusableAnswer(.filtered, "it was held back by a content filter")
    case .malformed:
      throw UnusableAnswer(.malformed, "the response is not what the protocol says")
    }
    let text = withoutThoughts(answer.text)
    guard !text.isEmpty else { throw UnusableAnswer(.empty, "it was empty") }
    do {
      return try JSON(parsing: String(text))
    } catch {
      let objects = JSONObjects.find(in: String(text), atMost: 2)
      if objects.count == 1, let object = objects.first { return object }
      if objects.count > 1 || error.code == .trailingBytes {
        throw UnusableAnswer(.severalValues, "something follows the first JSON value")
      }
      throw UnusableAnswer(
        .notJSON, "it is not JSON: \(error.message) at byte \(error.offset)")
    }
  }

  /// The text without white space around it, and without what many models think aloud before it.
  private static func withoutThoughts(_ text: String) -> Substring {
    let body = trimmed(text[...])
    guard body.hasPrefix("<think>"), let end = body.range(of: "</think>") else { return body }
    return trimmed(body[end.upperBound...])
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

/// Finds the JSON objects that stand in other text, such as in a code fence.
enum JSONObjects {
  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")
  private static let opening = UInt8(ascii: "{")
  private static let closing = UInt8(ascii: "}")

  /// The first objects that are in no other, in the order of the text; each byte is read once.
  static func find(in text: String, atMost limit: Int) -> [JSON] {
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

extension JSON {
  /// A member that must be text.
  func text(_ name: String) throws(UnusableAnswer) -> String {
    guard let text = self[name]?.string else {
      throw UnusableAnswer(.wrongShape, "it has no text '\(name)'")
    }
    return text
  }

  /// A member that must be a list of texts; other elements are left out.
  func texts(_ name: String) throws(UnusableAnswer) -> [String] {
    guard let values = self[name]?.array else {
      throw UnusableAnswer(.wrongShape, "it has no list '\(name)'")
    }
    return values.compactMap(\.string)
  }
}
