import CanonicalJSON
import Dataset
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
    let text = AnswerText.withoutThoughts(answer.text)
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
