package import CanonicalJSON

/// A place in a JSON value, as RFC 6901 writes it.
package enum JSONPointer {
  /// The steps of a pointer, or nil when the text is none.
  package static func steps(of pointer: String) -> [String]? {
    guard !pointer.isEmpty else { return [] }
    guard pointer.hasPrefix("/") else { return nil }
    return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(
      unescaped)
  }

  /// The value at a pointer, or nil when the pointer leads nowhere.
  package static func find(_ pointer: String, in value: JSON) -> JSON? {
    guard let steps = steps(of: pointer) else { return nil }
    var value = value
    for step in steps {
      switch value {
      case .object(let object):
        guard let next = object[step] else { return nil }
        value = next
      case .array(let values):
        guard let index = Int(step), values.indices.contains(index) else { return nil }
        value = values[index]
      default: return nil
      }
    }
    return value
  }

  static func escaped(_ step: String) -> String {
    var text = ""
    for character in step.unicodeScalars {
      switch character {
      case "~": text += "~0"
      case "/": text += "~1"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }

  private static func unescaped(_ step: Substring) -> String {
    var text = ""
    var isEscape = false
    for character in step.unicodeScalars {
      switch (isEscape, character) {
      case (true, "0"): text += "~"
      case (true, "1"): text += "/"
      case (true, _): text.unicodeScalars.append(character)
      case (false, "~"): break
      case (false, _): text.unicodeScalars.append(character)
      }
      isEscape = !isEscape && character == "~"
    }
    return text
  }
}
