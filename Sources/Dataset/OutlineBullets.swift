import CanonicalJSON

/// Reads a nested list of bullets, with the factor as a heading or as the only outer bullet.
struct OutlineBullets {
  let log: ProblemLog

  private struct Line {
    let indent: Int
    let item: Outline.Item
  }

  func read(_ bytes: [UInt8]) throws(TextProblem) -> Outline.Item? {
    guard bytes.count <= SourceText.maximumSize else {
      throw TextProblem(.start, "the text has more than \(SourceText.maximumSize >> 10) KiB")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TextProblem(.start, "the text is not UTF-8", hint: "save the file as UTF-8")
    }
    var heading: Outline.Item?
    var lines: [Line] = []
    for (index, raw) in text.split(separator: /\r\n|\n/, omittingEmptySubsequences: false)
      .enumerated()
    {
      let place = TextPlace(line: index + 1, column: 1)
      let line = index == 0 && raw.first == "\u{FEFF}" ? raw.dropFirst() : raw
      let body = line.drop { $0 == " " || $0 == "\t" }
      if body.allSatisfy(\.isWhitespace) || body.hasPrefix("<!--") { continue }
      if let match = body.prefixMatch(of: /#+[ \t]+/) {
        guard heading == nil, lines.isEmpty else {
          log.add(place, "a second heading", hint: "give each factor a file of its own")
          continue
        }
        heading = item(body[match.range.upperBound...], at: place)
      } else if let match = body.prefixMatch(of: /[-*+][ \t]+/) {
        guard OutlineCheck(log: log).count(lines.count, at: place), !log.isFull else { break }
        guard let item = item(body[match.range.upperBound...], at: place) else { continue }
        lines.append(Line(indent: Self.width(line.prefix(line.count - body.count)), item: item))
      } else {
        log.add(
          place, "\(Quote.of(String(body), longest: 40)) is neither a heading nor a bullet",
          hint: "begin the line with '- '")
      }
    }
    guard log.isEmpty else { return nil }
    return tree(lines, under: heading)
  }

  private static func width(_ indent: Substring) -> Int {
    indent.reduce(0) { $1 == "\t" ? ($0 / 4 + 1) * 4 : $0 + 1 }
  }

  /// A name with an optional weight behind it and an optional comment with its id.
  private func item(_ text: Substring, at place: TextPlace) -> Outline.Item? {
    var rest = Self.trimmed(text)
    var item = Outline.Item(name: "", place: place)
    var quoted: String?
    if rest.first == "\"" {
      guard let match = rest.prefixMatch(of: /"(?:[^"\\]|\\.)*"/),
        case .string(let name)? = try? JSON(parsing: String(match.output))
      else {
        log.add(place, "\(Quote.of(String(rest), longest: 40)) is no name in quotes")
        return nil
      }
      quoted = name
      rest = Self.trimmed(rest[match.range.upperBound...])
    }
    if let match = rest.firstMatch(of: /<!--(.*?)-->$/) {
      rest = Self.trimmed(rest[..<match.range.lowerBound])
      for word in match.output.1.split(whereSeparator: { $0 == " " || $0 == "," }) {
        if word == "pin" { item.isPinned = true }
        let digits = word.hasPrefix("id:") ? word.dropFirst(3) : word
        if let id = NodeID(String(digits)) { item.id = id }
      }
    }
    if let match = rest.firstMatch(of: /[ \t]*\(weight[ \t]+([^()]*)\)$/) {
      guard case .number(let weight)? = PlainScalar.value(of: String(match.output.1)),
        weight > 0, weight <= SourceText.largestWeight
      else {
        log.add(
          place, "the weight \(Quote.of(String(match.output.1))) is no number more than 0",
          hint: "write it as (weight 2)")
        return nil
      }
      item.weight = weight
      rest = rest[..<match.range.lowerBound]
    }
    guard quoted == nil || rest.isEmpty else {
      log.add(place, "\(Quote.of(String(rest), longest: 40)) stands behind a name in quotes")
      return nil
    }
    item.name = quoted ?? String(rest)
    return OutlineCheck(log: log).name(item.name, at: place) ? item : nil
  }

  static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  private func tree(_ lines: [Line], under heading: Outline.Item?) -> Outline.Item? {
    guard let first = lines.first ?? heading.map({ Line(indent: 0, item: $0) }) else {
      log.add(.start, "there is no bullet", hint: "write one '- name' a line")
      return nil
    }
    var root = heading ?? Outline.Item(name: "", place: first.item.place)
    // The open bullets from the root down, each with what is under it so far.
    var open: [Line] = [Line(indent: -1, item: root)]
    func close() {
      let last = open.removeLast().item
      OutlineCheck(log: log).siblings(last.children)
      if open.isEmpty {
        root = last
      } else {
        let parent = open.removeLast()
        var item = parent.item
        item.children.append(last)
        open.append(Line(indent: parent.indent, item: item))
      }
    }
    for line in lines {
      var closed: Int?
      while open.count > 1, let last = open.last, last.indent >= line.indent {
        closed = last.indent
        close()
      }
      if let closed, closed != line.indent {
        log.add(
          line.item.place, "the indentation is that of no bullet above",
          hint: "indent children alike, by two spaces more than their parent")
        return nil
      }
      guard OutlineCheck(log: log).depth(open.count, at: line.item.place) else { return nil }
      open.append(line)
    }
    while !open.isEmpty { close() }
    guard log.isEmpty else { return nil }
    // Without a heading, one outer bullet is the factor itself.
    return heading == nil && root.children.count == 1 ? root.children[0] : root
  }
}
