import CanonicalJSON

/// A template of nothing but text, variables, and sections whose tags stand on lines of their own.
///
/// Most templates are that, and this renders them in a tenth of the time that Mustache takes, to the
/// same text. What is anything else, in the template or in its variables, is left to Mustache.
struct PlainTemplate: Sendable {
  private enum Part: Sendable {
    case text([UInt8])
    /// No name is the item that the section goes over.
    case variable(String?)
    indirect case section(String, [Part], isInverted: Bool)
  }

  /// A part without anything to count references of, for all threads render the same templates.
  private enum Step: Sendable {
    /// A range of ``text``.
    case text(start: Int, end: Int)
    /// The place of its name, or -1 for the item.
    case variable(Int)
    /// The steps up to an end are the section's.
    case section(name: Int, end: Int, isInverted: Bool)
  }

  private var steps: [Step] = []
  private var text: [UInt8] = []
  private var names: [String] = []
  /// What comes of any variables; nil for a template that names some.
  private(set) var constant: String?

  /// Takes a template apart, or returns nil when it has other tags.
  init?(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    // What a template begins with may share its line with a setting.
    guard let start = text.first, !start.isWhitespace, Self.sectionTag(lines[0]) == nil,
      // Of blanks at its end Mustache leaves out what stands alone on the last line.
      text.last?.isNewline == true || !(lines.last ?? "").allSatisfy(\.isWhitespace),
      !text.utf8.contains(UInt8(ascii: "\r")), let parts = Self.parts(&lines, until: nil)
    else { return nil }
    for part in parts { add(part) }
    if names.isEmpty { constant = render([:]) }
  }

  private mutating func add(_ part: Part) {
    switch part {
    case .text(let bytes):
      steps.append(.text(start: text.count, end: text.count + bytes.count))
      text += bytes
    case .variable(let name): steps.append(.variable(name.map { place(of: $0) } ?? -1))
    case .section(let name, let inner, let isInverted):
      let (start, name) = (steps.count, place(of: name))
      steps.append(.section(name: name, end: 0, isInverted: isInverted))
      for part in inner { add(part) }
      steps[start] = .section(name: name, end: steps.count, isInverted: isInverted)
    }
  }

  private mutating func place(of name: String) -> Int {
    if let known = names.firstIndex(of: name) { return known }
    names.append(name)
    return names.count - 1
  }

  private static func parts(
    _ lines: inout ArraySlice<Substring>, until name: Substring?
  ) -> [Part]? {
    var parts: [Part] = []
    while let line = lines.popFirst() {
      if let tag = sectionTag(line) {
        switch tag.sign {
        case "/":
          return tag.name == name ? parts : nil
        default:
          guard let inner = Self.parts(&lines, until: tag.name) else { return nil }
          parts.append(.section(String(tag.name), inner, isInverted: tag.sign == "^"))
        }
      } else {
        guard append(line, to: &parts) else { return nil }
        if !lines.isEmpty { parts.append(.text([UInt8(ascii: "\n")])) }
      }
    }
    return name == nil ? joined(parts) : nil
  }

  /// The tag that a line consists of, when it opens or closes a section.
  private static func sectionTag(_ line: Substring) -> (sign: Character, name: Substring)? {
    guard line.hasPrefix("{{"), line.hasSuffix("}}"), line.count > 5,
      let sign = line.dropFirst(2).first, "#^/".contains(sign)
    else { return nil }
    let name = line.dropFirst(3).dropLast(2)
    return isName(name) ? (sign, name) : nil
  }

  /// Takes apart a line of text and variables.
  private static func append(_ line: Substring, to parts: inout [Part]) -> Bool {
    var rest = line
    while let start = rest.firstRange(of: "{{") {
      let tail = rest[start.upperBound...]
      guard let end = tail.firstRange(of: "}}") else { return false }
      let name = tail[..<end.lowerBound]
      guard name == "." || isName(name) else { return false }
      parts.append(.text(Array(rest[..<start.lowerBound].utf8)))
      parts.append(.variable(name == "." ? nil : String(name)))
      rest = tail[end.upperBound...]
    }
    parts.append(.text(Array(rest.utf8)))
    return true
  }

  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2D
      }
  }

  private static func joined(_ parts: [Part]) -> [Part] {
    var joined: [Part] = []
    for part in parts {
      switch (joined.last, part) {
      case (_, .text(let text)) where text.isEmpty: continue
      case (.text(let before)?, .text(let text)):
        joined[joined.count - 1] = .text(before + text)
      case (_, .section(let name, let inner, let isInverted)):
        joined.append(.section(name, Self.joined(inner), isInverted: isInverted))
      default: joined.append(part)
      }
    }
    return joined
  }

  // MARK: - Rendering

  /// The text, or nil when a variable is of a kind that is left to Mustache.
  func render(_ variables: JSONObject) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2048)
    var stack = [JSON.object(variables)]
    let isPlain = steps.withUnsafeBufferPointer { steps in
      text.withUnsafeBufferPointer { text in
        render(0..<steps.count, steps, text, &stack, into: &bytes)
      }
    }
    return isPlain ? String(decoding: bytes, as: UTF8.self) : nil
  }

  private func render(
    _ range: Range<Int>, _ steps: UnsafeBufferPointer<Step>, _ text: UnsafeBufferPointer<UInt8>,
    _ stack: inout [JSON], into bytes: inout [UInt8]
  ) -> Bool {
    var next = range.lowerBound
    while next < range.upperBound {
      switch steps[next] {
      case .text(let start, let end):
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<end]))
      case .variable(let name):
        guard Self.render(name < 0 ? stack.last : find(name, in: stack), into: &bytes) else {
          return false
        }
      case .section(let name, let end, let isInverted):
        let inner = (next + 1)..<end
        switch find(name, in: stack) {
        case nil:
          if isInverted, !render(inner, steps, text, &stack, into: &bytes) { return false }
        case .bool(let isShown):
          if isShown != isInverted, !render(inner, steps, text, &stack, into: &bytes) {
            return false
          }
        case .array(let items):
          guard !isInverted else {
            // That is left to Mustache.
            if items.isEmpty { return false }
            break
          }
          for item in items {
            stack.append(item)
            defer { stack.removeLast() }
            guard render(inner, steps, text, &stack, into: &bytes) else { return false }
          }
        case .object(let object):
          guard !isInverted else { break }
          stack.append(.object(object))
          defer { stack.removeLast() }
          guard render(inner, steps, text, &stack, into: &bytes) else { return false }
        case .null, .string, .number: return false
        }
        next = end - 1
      }
      next += 1
    }
    return true
  }

  private static func render(_ value: JSON?, into bytes: inout [UInt8]) -> Bool {
    switch value {
    case nil: return true
    case .string(let text): bytes += text.utf8
    case .number(let number):
      guard let whole = Int(exactly: number) else { return false }
      bytes += String(whole).utf8
    case .object: bytes += (value?.text ?? "").utf8
    case .null, .bool, .array: return false
    }
    return true
  }

  private func find(_ name: Int, in stack: [JSON]) -> JSON? {
    for place in stack.indices.reversed() {
      if let found = stack[place][names[name]] { return found }
    }
    return nil
  }
}
