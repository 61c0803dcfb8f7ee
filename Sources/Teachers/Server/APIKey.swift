/// A secret that is sent to one server and shown nowhere.
struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What stands where the key would have been.
  static let placeholder = "(API key)"
  /// Shorter keys are the dummies that local servers want, and also ordinary words.
  static let shortestSecret = 16

  private let text: String

  /// Takes a key without the white space around it, or returns nil when nothing is left.
  init?(_ text: String?) {
    guard let text else { return nil }
    let isSpace = { (character: Character) in character.isWhitespace }
    let start = text.drop(while: isSpace)
    let end = start.reversed().prefix(while: isSpace).count
    guard !start.isEmpty else { return nil }
    self.text = String(start.dropLast(end))
  }

  var description: String { APIKey.placeholder }
  var debugDescription: String { APIKey.placeholder }
  var customMirror: Mirror { Mirror(self, children: [:]) }

  /// Whether a header can carry the key: only visible ASCII.
  var fitsHeader: Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

  var authorization: String { "Bearer \(text)" }

  /// The secret itself, for a header that holds nothing else.
  var plain: String { text }

  /// The text of an error without the key.
  func removed(fromMessage message: String) -> String {
    text.utf8.count < 4 ? message : removed(from: message)
  }

  /// The text of an answer without the key, since answers are recorded.
  func removed(fromAnswer answer: String) -> String {
    text.utf8.count < APIKey.shortestSecret ? answer : removed(from: answer)
  }

  /// Compares bytes, since a combining mark after the key would hide it from characters.
  private func removed(from haystack: String) -> String {
    let key = Array(text.utf8)
    let bytes = Array(haystack.utf8)
    guard bytes.contains(key) else { return haystack }
    let clean = bytes.replacing(key, with: Array(APIKey.placeholder.utf8))
    return String(decoding: clean, as: UTF8.self)
  }
}
