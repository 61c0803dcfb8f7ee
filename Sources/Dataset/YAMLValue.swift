import CanonicalJSON

/// A YAML value with its place in the text.
struct YAMLValue: Sendable {
  enum Content: Sendable {
    /// Text and whether it stands without quotes, so that it may mean a number or a truth value.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLValue])
    case mapping([YAMLMember])
  }
  let content: Content
  let place: TextPlace

  var members: [YAMLMember]? { if case .mapping(let members) = content { members } else { nil } }
  var items: [YAMLValue]? { if case .sequence(let items) = content { items } else { nil } }

  /// The text of a scalar, whatever it would mean.
  var text: String? { if case .scalar(let text, _) = content { text } else { nil } }

  /// Whether the value is left out or says `null`.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return PlainScalar.isNull(text)
  }

  /// What the value is, for messages.
  var kind: String {
    switch content {
    case .scalar(let text, _): isNull ? "nothing" : Quote.of(text)
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// The place of a JSON pointer's target, or of the last step that is there.
  func place(of steps: some Sequence<String>) -> TextPlace {
    var value = self
    var place = place
    for step in steps {
      if let member = value.members?.first(where: { $0.name == step }) {
        value = member.value
        place = member.place
      } else if let items = value.items, let index = Int(step), items.indices.contains(index) {
        value = items[index]
        place = value.place
      } else {
        break
      }
    }
    return place
  }
}

/// One key of a mapping with its value.
struct YAMLMember: Sendable {
  let name: String
  /// Where the key stands.
  let place: TextPlace
  let value: YAMLValue
}

extension YAMLValue {
  /// The value as JSON, members in the order as written, plain scalars by YAML's core schema.
  func json() throws(TextProblem) -> JSON {
    switch content {
    case .scalar(let text, isPlain: false): return .string(text)
    case .scalar(let text, isPlain: true):
      guard let value = PlainScalar.value(of: text) else {
        throw TextProblem(
          place, "the number \(Quote.of(text)) has no exact form in JSON",
          hint: "use numbers within 2^53, or quote it to make it text")
      }
      return value
    case .sequence(let items):
      var values: [JSON] = []
      for item in items { values.append(try item.json()) }
      return .array(values)
    case .mapping(let members):
      var object: [(String, JSON)] = []
      for member in members { object.append((member.name, try member.value.json())) }
      return .object(JSONObject(object))
    }
  }
}

/// What unquoted text means by the core schema of YAML 1.2, in which `no` and `off` are text.
enum PlainScalar {
  static func isNull(_ text: String) -> Bool {
    ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The JSON value, or nil for a number that JSON cannot hold.
  static func value(of text: String) -> JSON? {
    if isNull(text) { return .null }
    switch text {
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default: break
    }
    if text.wholeMatch(of: /[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN/) != nil { return nil }
    if let match = text.wholeMatch(of: /0o([0-7]+)/) { return integer(String(match.1), radix: 8) }
    if let match = text.wholeMatch(of: /0x([0-9a-fA-F]+)/) {
      return integer(String(match.1), radix: 16)
    }
    if text.wholeMatch(of: /[-+]?[0-9]+/) != nil { return integer(text, radix: 10) }
    if text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil {
      return float(text)
    }
    return .string(text)
  }

  private static func integer(_ text: String, radix: Int) -> JSON? {
    guard let value = Int(text, radix: radix), value.magnitude <= 1 << 53 else { return nil }
    return JSON(value)
  }

  private static func float(_ text: String) -> JSON? {
    var text = text
    // Swift wants digits on both sides of the point.
    if let point = text.firstIndex(of: ".") {
      let after = text.index(after: point)
      if after == text.endIndex || !text[after].isNumber { text.insert("0", at: after) }
      if point == text.startIndex || !text[text.index(before: point)].isNumber {
        text.insert("0", at: point)
      }
    }
    guard let value = Double(text), value.isFinite else { return nil }
    return .number(value)
  }
}
