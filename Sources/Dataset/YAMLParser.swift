import Foundation
import Yams

/// Reads the part of YAML that recipes and sources use: one document, no anchors, no tags.
enum YAMLParser {
  /// The deepest nesting that is read.
  static let maximumDepth = 64
  /// What some editors put before a text.
  static let byteOrderMark: Unicode.Scalar = "\u{FEFF}"

  /// Reads text of at most a number of bytes.
  static func parse(_ bytes: [UInt8], atMost limit: Int) throws(TextProblem) -> YAMLValue {
    try checkSize(bytes.count, limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TextProblem(
        TextPlace(line: lineOfInvalidBytes(in: bytes), column: 1), "the text is not UTF-8",
        hint: "save the file as UTF-8")
    }
    return try parse(text, atMost: limit)
  }

  static func parse(_ text: String, atMost limit: Int) throws(TextProblem) -> YAMLValue {
    try checkSize(text.utf8.count, limit)
    let text =
      text.unicodeScalars.first == byteOrderMark ? String(text.unicodeScalars.dropFirst()) : text
    try refuseAliasBomb(in: text)
    do {
      // The parser owns the anchors: nodes only refer to them.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      let root = try parser.singleRoot()
      return try withExtendedLifetime(parser) {
        guard let root else {
          throw TextProblem(.start, "the text is empty", hint: nil)
        }
        return try value(of: root, depth: 0)
      }
    } catch let problem as TextProblem {
      throw problem
    } catch let error as YamlError {
      throw YAMLProblem.of(error, in: text)
    } catch {
      throw TextProblem(.start, "cannot read YAML: \(error)")
    }
  }

  private static func checkSize(_ size: Int, _ limit: Int) throws(TextProblem) {
    guard size > limit else { return }
    throw TextProblem(.start, "the text has more than \(limit >> 10) KiB")
  }

  private static func lineOfInvalidBytes(in bytes: [UInt8]) -> Int {
    // Lines are split at a byte that no longer sequence contains.
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let place = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
    return (place ?? 0) + 1
  }

  /// Refuses text with many aliases before they are read, since nested ones take endless time.
  ///
  /// With at most 32 references no nesting of them unfolds to more than some 100,000 parts.
  private static func refuseAliasBomb(in text: String) throws(TextProblem) {
    var counts = [UInt8(ascii: "&"): 0, UInt8(ascii: "*"): 0]
    var previous = UInt8(ascii: "\n")
    var mark: UInt8?
    for byte in text.utf8 {
      if let mark, byte > 0x20, byte != mark { counts[mark, default: 0] += 1 }
      let startsToken = previous <= 0x20 || "[{,:-?".utf8.contains(previous)
      mark = startsToken && counts[byte] != nil ? byte : nil
      previous = byte
    }
    guard counts[UInt8(ascii: "&"), default: 0] > 1, counts[UInt8(ascii: "*"), default: 0] > 32
    else { return }
    throw TextProblem(.start, "the text has too many anchors and aliases", hint: anchorHint)
  }

  private static let anchorHint = "write the value out in each place"

  private static func value(of node: Node, depth: Int) throws -> YAMLValue {
    let place = place(of: node)
    guard depth <= maximumDepth else {
      throw TextProblem(place, "nested deeper than \(maximumDepth)")
    }
    guard node.anchor == nil else {
      throw TextProblem(place, "anchors and aliases are not supported", hint: anchorHint)
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = isPlain(scalar)
      try refuseTag(scalar.tag, besides: isPlain ? "" : Tag.Name.str.rawValue, at: place)
      return YAMLValue(content: .scalar(scalar.string, isPlain: isPlain), place: place)
    case .sequence(let sequence):
      try refuseTag(sequence.tag, besides: "", at: place)
      let items = try sequence.map { try value(of: $0, depth: depth + 1) }
      return YAMLValue(content: .sequence(items), place: place)
    case .mapping(let mapping):
      try refuseTag(mapping.tag, besides: "", at: place)
      let members = try mapping.map { try member($0.key, $0.value, depth: depth + 1) }
      return YAMLValue(content: .mapping(members), place: place)
    case .alias:
      throw TextProblem(place, "anchors and aliases are not supported", hint: anchorHint)
    }
  }

  private static func place(of node: Node) -> TextPlace {
    node.mark.map { TextPlace(line: $0.line, column: $0.column) } ?? .start
  }

  private static func isPlain(_ scalar: Node.Scalar) -> Bool {
    scalar.style == .plain || scalar.style == .any
  }

  private static func member(_ key: Node, _ node: Node, depth: Int) throws -> YAMLMember {
    let place = place(of: key)
    guard case .scalar(let name) = key else {
      throw TextProblem(place, "a key must be one name, not a list or a mapping")
    }
    guard name.anchor == nil else {
      throw TextProblem(place, "anchors and aliases are not supported", hint: anchorHint)
    }
    // The parser has compared the keys, which gave those without a tag that of text.
    try refuseTag(name.tag, besides: Tag.Name.str.rawValue, at: place)
    guard !isPlain(name) || name.string != "<<" else {
      throw TextProblem(place, "merge keys are not supported", hint: anchorHint)
    }
    return YAMLMember(
      name: name.string, place: place, value: try value(of: node, depth: depth))
  }

  private static func refuseTag(_ tag: Tag, besides usual: String, at place: TextPlace) throws {
    let name = tag.description
    guard name != Tag.implicit.description, name != usual else { return }
    throw TextProblem(
      place, "the tag \(Quote.of(name)) is not supported",
      hint: "leave the tag out; quote a value to make it text")
  }
}

/// Puts the errors of the YAML library into words.
private enum YAMLProblem {
  static func of(_ error: YamlError, in text: String) -> TextProblem {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
      return syntax(problem, at: TextPlace(line: mark.line, column: mark.column), in: text)
    case .composer(_, let problem, let mark, _):
      let place = TextPlace(line: mark.line, column: mark.column)
      if problem.contains("another document") {
        return TextProblem(
          place, "a second document starts", hint: "keep one document; remove '---' and '...'")
      }
      if problem.contains("undefined alias") {
        return TextProblem(
          place, "an alias to an anchor that is not there",
          hint: "quote text that starts with '*'")
      }
      return syntax(problem, at: place, in: text)
    case .reader(let problem, let offset, _, _):
      let before = text.prefix(offset ?? 0)
      let line = before.count { $0.isNewline } + 1
      let column = before.reversed().prefix { !$0.isNewline }.count + 1
      return TextProblem(
        TextPlace(line: line, column: column), plain(problem), hint: "remove the character")
    case .duplicatedKeysInMapping(let keys, let context):
      let place = TextPlace(line: context.mark.line, column: context.mark.column)
      let names = keys.map { Quote.of($0) }.joined(separator: ", ")
      return TextProblem(place, "a key stands twice: \(names)", hint: "keep one of them")
    default:
      return TextProblem(.start, "cannot read YAML")
    }
  }

  private static func syntax(
    _ problem: String, at place: TextPlace, in text: String
  ) -> TextProblem {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if lines.indices.contains(place.line - 1) {
      let line = lines[place.line - 1]
      let indent = line.prefix { $0 == " " || $0 == "\t" }
      if indent.contains("\t") {
        return TextProblem(place, "a tab stands in the indentation", hint: "indent with spaces")
      }
    }
    return TextProblem(place, "no YAML: \(plain(problem))")
  }

  private static func plain(_ problem: String) -> String {
    let text = problem.hasSuffix(".") ? String(problem.dropLast()) : problem
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
