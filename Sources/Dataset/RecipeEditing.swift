import CanonicalJSON

extension Recipe {
  /// The text of a recipe with another value at a path of keys; all other bytes stay.
  ///
  /// The key is added when it is not there. The result is a YAML text that differs from the given
  /// one in this value only, but it need not be a valid recipe.
  ///
  /// The value is YAML on one line, such as `0.8`.
  ///
  /// - Throws: ``RecipeErrors`` when the text is no YAML, or when the path leads to a value that
  ///   takes more than one line or is no scalar.
  package static func setting(
    path: [String], to value: String, in yaml: String
  ) throws(RecipeErrors) -> String {
    do throws(TextProblem) {
      return try YAMLEdit(text: yaml, limit: maximumSize).setting(path[...], to: value)
    } catch {
      throw RecipeErrors([error])
    }
  }
}

/// Changes one value in a YAML text by its place.
struct YAMLEdit {
  private let text: String
  /// The byte order mark, when the text starts with one.
  private let mark: String
  private let limit: Int
  private let root: YAMLValue

  init(text: String, limit: Int) throws(TextProblem) {
    let hasMark = text.unicodeScalars.first == YAMLParser.byteOrderMark
    self.text = hasMark ? String(text.unicodeScalars.dropFirst()) : text
    mark = hasMark ? String(YAMLParser.byteOrderMark) : ""
    self.limit = limit
    root = try YAMLParser.parse(text, atMost: limit)
  }

  func setting(_ path: ArraySlice<String>, to value: String) throws(TextProblem) -> String {
    var node = root
    var rest = path
    while let member = node.members?.first(where: { $0.name == rest.first }) {
      node = member.value
      rest.removeFirst()
    }
    let edited: String
    if let last = node.members?.last {
      guard !rest.isEmpty else {
        throw TextProblem(node.place, "\(Quote.of(path.last ?? "")) is a mapping, not one value")
      }
      edited = try inserting(Self.entry(rest, value), into: node, endingAt: last)
    } else if node.members != nil {
      edited = try replacing(node, by: "{\(Self.entry(rest, value))}")
    } else if rest.isEmpty || node.isNull {
      edited = try replacing(node, by: rest.isEmpty ? value : "{\(Self.entry(rest, value))}")
    } else {
      throw TextProblem(node.place, "there is no place for \(Quote.of(rest.last ?? "")) here")
    }
    try check(edited, has: value, at: path)
    return mark + edited
  }

  /// One or several nested keys on one line.
  private static func entry(_ keys: ArraySlice<String>, _ value: String) -> String {
    guard let key = keys.first else { return value }
    let rest = keys.dropFirst()
    return "\(key): " + (rest.isEmpty ? value : "{\(entry(rest, value))}")
  }

  private func inserting(
    _ entry: String, into mapping: YAMLValue, endingAt last: YAMLMember
  ) throws(TextProblem) -> String {
    guard let first = mapping.members?.first else { return text }
    let start = try index(of: mapping.place)
    let isFlow = text.unicodeScalars[start] == "{"
    let newline = text.unicodeScalars.contains("\r") ? "\r\n" : "\n"
    if !isFlow, mapping.place == root.place {
      let endsLine = text.unicodeScalars.last.map { $0 == "\n" } ?? true
      return text + (endsLine ? "" : newline) + entry + newline
    }
    var edited = text
    let indent = String(repeating: " ", count: first.place.column - 1)
    edited.unicodeScalars.insert(
      contentsOf: (entry + (isFlow ? ", " : newline + indent)).unicodeScalars,
      at: try index(of: first.place))
    return edited
  }

  private func replacing(_ node: YAMLValue, by value: String) throws(TextProblem) -> String {
    let start = try index(of: node.place)
    guard let end = end(of: node, from: start) else {
      throw TextProblem(
        node.place, "this value cannot be changed in place", hint: "edit the file by hand")
    }
    let scalars = text.unicodeScalars
    let touches = start > scalars.startIndex && scalars[scalars.index(before: start)] == ":"
    var edited = text
    edited.unicodeScalars.replaceSubrange(
      start..<end, with: ((touches ? " " : "") + value).unicodeScalars)
    return edited
  }

  /// Where a value of one line ends, or nil for any other.
  private func end(of node: YAMLValue, from start: String.Index) -> String.Index? {
    let rest = text.unicodeScalars[start...]
    if let members = node.members {
      guard members.isEmpty, rest.first == "{" else { return nil }
      return rest.firstIndex(of: "}").map(rest.index(after:))
    }
    guard case .scalar(let value, let isPlain) = node.content else { return nil }
    if isPlain {
      return rest.starts(with: value.unicodeScalars)
        ? rest.index(start, offsetBy: value.unicodeScalars.count) : nil
    }
    guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
    var isEscaped = false
    for index in rest.indices.dropFirst() {
      if rest[index] == "\n" { return nil }
      // A doubled single quote ends and starts again: the value is then not replaced as a whole.
      if rest[index] == quote, !isEscaped {
        let next = rest.index(after: index)
        return quote == "'" && next < rest.endIndex && rest[next] == "'" ? nil : next
      }
      isEscaped = quote == "\"" && rest[index] == "\\" && !isEscaped
    }
    return nil
  }

  private func index(of place: TextPlace) throws(TextProblem) -> String.Index {
    let scalars = text.unicodeScalars
    var (line, column) = (1, 1)
    var index = scalars.startIndex
    while line < place.line || column < place.column {
      guard index < scalars.endIndex, line <= place.line else {
        throw TextProblem(place, "this value cannot be changed in place")
      }
      let scalar = scalars[index]
      scalars.formIndex(after: &index)
      let isPair = scalar == "\r" && index < scalars.endIndex && scalars[index] == "\n"
      let isBreak = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
      if isBreak, !isPair {
        (line, column) = (line + 1, 1)
      } else if !isBreak {
        column += 1
      }
    }
    return index
  }

  /// Makes sure that the new text says the same but for the value.
  private func check(
    _ edited: String, has value: String, at path: ArraySlice<String>
  ) throws(TextProblem) {
    let expected = Self.setting(
      path, to: try YAMLParser.parse(value, atMost: limit).json(), in: try root.json())
    guard try YAMLParser.parse(edited, atMost: limit).json() == expected else {
      throw TextProblem(
        root.place, "\(Quote.of(path.joined(separator: "."))) cannot be changed in place",
        hint: "edit the file by hand")
    }
  }

  private static func setting(_ path: ArraySlice<String>, to value: JSON, in json: JSON) -> JSON {
    guard let key = path.first else { return value }
    var object = json.object ?? JSONObject()
    object[key] = setting(path.dropFirst(), to: value, in: object[key] ?? .null)
    return .object(object)
  }
}
