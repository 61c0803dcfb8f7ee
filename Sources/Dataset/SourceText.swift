/// What the texts of all sources have in common.
enum SourceText {
  /// The most bytes of one file.
  static let maximumSize = 16 << 20
  /// Weights are written as JSON numbers, which are exact up to here.
  static let largestWeight = 1e15

  /// A name in double quotes, with escapes that JSON and YAML read the same.
  static func quoted(_ name: String) -> String {
    var text = "\""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{0}"..<"\u{20}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}",
        "\u{FFFF}":
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

extension NodeName {
  /// The most characters of a name.
  package static let maximumLength = 200

  /// What is wrong with a name, such as `is empty`, or nil when it may be used.
  package static func fault(in name: String) -> String? {
    if name.allSatisfy(\.isWhitespace) { return "is empty" }
    if name.unicodeScalars.count > maximumLength {
      return "has more than \(maximumLength) characters"
    }
    let isPlain = name.unicodeScalars.allSatisfy {
      ![.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        && !$0.properties.isNoncharacterCodePoint && $0 != "\u{FEFF}"
    }
    return isPlain ? nil : "holds a control character"
  }

  /// What stands between the names of a path.
  package static let separator = " > "

  /// What is wrong with a name that a person gives; models may give names that hold the separator.
  static func faultOfNew(_ name: String) -> String? {
    fault(in: name)
      ?? (name.contains(separator) ? "holds '>', which separates names of a path" : nil)
  }

  /// A name as it may stand in a file's name: lower-case ASCII letters, digits and hyphens.
  static func slug(_ name: String) -> String {
    var words: [String] = []
    for word in name.lowercased().split(whereSeparator: {
      !$0.isASCII || !($0.isLetter || $0.isNumber)
    }) {
      words.append(String(word))
    }
    let slug = words.joined(separator: "-").prefix(60)
    let trimmed = slug.hasSuffix("-") ? slug.dropLast() : slug
    return trimmed.isEmpty ? "factor" : String(trimmed)
  }
}

extension FieldReader {
  /// A node's identity; anything but 16 hexadecimal digits is noted.
  func id(_ key: String) -> NodeID? {
    guard let text = text(key), has(key) else { return nil }
    if let id = NodeID(text) { return id }
    log.add(
      place(of: key), "\(name(of: key)) is \(Quote.of(text)), not 16 hexadecimal digits",
      hint: "keep the id that stands in the file; a new line needs none")
    return nil
  }

  /// The name of a node or strategy; what may not be used is noted.
  func nodeName() -> String? {
    guard has("name") else {
      missing("name", hint: #"write name: "..." on the line"#)
      return nil
    }
    guard let text = text("name") else { return nil }
    if let fault = NodeName.fault(in: text) {
      log.add(place(of: "name"), "the name \(Quote.of(text, longest: 40)) \(fault)")
      return nil
    }
    return text
  }

  /// The weight of a node or strategy, 1 when none is written; what cannot be one is noted.
  func weight() -> Double? {
    guard let weight = number("weight", 0...SourceText.largestWeight) else {
      return has("weight") ? nil : 1
    }
    guard weight > 0 else {
      log.add(
        place(of: "weight"), "the weight must be more than 0",
        hint: "remove the line to leave it out")
      return nil
    }
    return weight
  }
}
