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
      // The parser has refused equal keys; to look for them here would take O(n^2).
      var object: [JSONObject.Member] = []
      for member in members {
        object.append(.init(name: member.name, value: try member.value.json()))
      }
      return .object(JSONObject(distinct: object))
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
    guard let first = text.utf8.first, first < UInt8(ascii: "A") else { return .string(text) }
    if notFinite.contains(text) { return nil }
    if let digits = digits(of: text, after: "0o", radix: 8) { return integer(digits, radix: 8) }
    if let digits = digits(of: text, after: "0x", radix: 16) { return integer(digits, radix: 16) }
    var rest = text.utf8[...]
    if let sign = rest.first, "+-".utf8.contains(sign) { rest.removeFirst() }
    let whole = takeDigits(&rest)
    if whole > 0, rest.isEmpty { return integer(text, radix: 10) }
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = takeDigits(&rest)
    }
    guard whole + fraction > 0, takeExponent(&rest), rest.isEmpty else { return .string(text) }
    return float(text)
  }

  private static let notFinite: Set<String> = Set(
    ["", "+", "-"].flatMap { sign in [".inf", ".Inf", ".INF"].map { sign + $0 } }
      + [".nan", ".NaN", ".NAN"])

  private static func digits(of text: String, after prefix: String, radix: Int) -> String? {
    guard text.hasPrefix(prefix), text.utf8.count > prefix.utf8.count else { return nil }
    let digits = text.dropFirst(prefix.count)
    return digits.utf8.allSatisfy { Character(Unicode.Scalar($0)).hexDigitValue ?? 99 < radix }
      ? String(digits) : nil
  }

  /// Drops the digits at the beginning and counts them.
  private static func takeDigits(_ rest: inout Substring.UTF8View) -> Int {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    rest = rest[digits.endIndex...]
    return digits.count
  }

  /// Drops an exponent; false where something else begins as one.
  private static func takeExponent(_ rest: inout Substring.UTF8View) -> Bool {
    guard let first = rest.first, "eE".utf8.contains(first) else { return true }
    rest.removeFirst()
    if let sign = rest.first, "+-".utf8.contains(sign) { rest.removeFirst() }
    return takeDigits(&rest) > 0
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
