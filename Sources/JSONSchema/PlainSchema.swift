import CanonicalJSON

/// A schema of the commonest keywords, which tells of most valid documents that they are valid.
///
/// That takes a tenth of what the whole validator does, which parses each document again. Of a document
/// that is not taken nothing is said: it is left to the whole validator, as are all other schemas.
struct PlainSchema: Sendable {
  private struct Types: OptionSet, Sendable {
    let rawValue: UInt8
    static let null = Types(rawValue: 1)
    static let boolean = Types(rawValue: 2)
    static let integer = Types(rawValue: 4)
    static let number = Types(rawValue: 8)
    static let string = Types(rawValue: 16)
    static let array = Types(rawValue: 32)
    static let object = Types(rawValue: 64)
    static let all = Types(rawValue: 127)

    static let named: [String: Types] = [
      "null": null, "boolean": boolean, "integer": integer, "number": [integer, number],
      "string": string, "array": array, "object": object,
    ]
  }

  /// What one schema asks for, without anything to count references of: all threads use the same.
  private struct Part: Sendable {
    var types = Types.all
    var numbers = -Double.infinity...Double.infinity
    var lengths = 0...Int.max
    var counts = 0...Int.max
    /// A range of ``choices``, when only these texts are allowed.
    var choices: Range<Int>?
    /// A range of ``properties``.
    var properties = 0..<0
    var requiredCount = 0
    var mayHaveMore = true
    /// The part of all items.
    var items = PlainSchema.anything
  }

  private struct Property: Sendable {
    let name: String
    let part: Int
    let isRequired: Bool
  }

  /// The part that takes everything.
  private static let anything = 0
  /// Longer objects are compared with properties by the whole validator, which sorts them.
  private static let mostMembers = 64

  private var parts = [Part()]
  private var properties: [Property] = []
  private var choices: [String] = []

  /// Takes a schema apart, which is valid; nil when it has other keywords.
  init?(_ schema: JSON) {
    guard let root = add(schema), root == 1 else { return nil }
  }

  /// Adds a schema and what is in it, and returns its place.
  private mutating func add(_ schema: JSON) -> Int? {
    if schema == true { return Self.anything }
    guard case .object(let object) = schema else { return nil }
    let place = parts.count
    var part = Part()
    parts.append(part)
    for member in object.members {
      switch (member.name, member.value) {
      case ("title", _), ("description", _), ("default", _), ("examples", _), ("$comment", _): break
      case ("type", .string(let name)): part.types = Types.named[name] ?? []
      case ("type", .array(let names)):
        part.types = names.reduce(into: []) { $0.formUnion(Types.named[$1.string ?? ""] ?? []) }
      case ("minimum", .number(let least)) where least <= part.numbers.upperBound:
        part.numbers = least...part.numbers.upperBound
      case ("maximum", .number(let most)) where most >= part.numbers.lowerBound:
        part.numbers = part.numbers.lowerBound...most
      case ("minLength", _), ("maxLength", _):
        guard Self.narrow(&part.lengths, member) else { return nil }
      case ("minItems", _), ("maxItems", _):
        guard Self.narrow(&part.counts, member) else { return nil }
      case ("enum", .array(let values)):
        let texts = values.compactMap(\.string)
        guard texts.count == values.count else { return nil }
        part.choices = choices.count..<(choices.count + texts.count)
        choices += texts
      case ("items", let items):
        guard let items = add(items) else { return nil }
        part.items = items
      case ("additionalProperties", .bool(let mayHaveMore)): part.mayHaveMore = mayHaveMore
      case ("properties", .object), ("required", .array): break
      default: return nil
      }
    }
    guard addProperties(of: object, to: &part) else { return nil }
    parts[place] = part
    return place
  }

  private static func narrow(
    _ range: inout ClosedRange<Int>, _ member: JSONObject.Member
  ) -> Bool {
    guard let bound = member.value.int, bound >= 0 else { return false }
    let isLeast = member.name.hasPrefix("min")
    let (least, most) = isLeast ? (bound, range.upperBound) : (range.lowerBound, bound)
    guard least <= most else { return false }
    range = least...most
    return true
  }

  private mutating func addProperties(of object: JSONObject, to part: inout Part) -> Bool {
    let required = (object["required"]?.array ?? []).compactMap(\.string)
    let schemas = object["properties"]?.object ?? JSONObject()
    // Each is compared with each.
    guard max(schemas.members.count, required.count) <= Self.mostMembers else { return false }
    var own: [Property] = []
    for member in schemas.members {
      guard let place = add(member.value) else { return false }
      own.append(
        Property(name: member.name, part: place, isRequired: required.contains(member.name)))
    }
    // Where others are not allowed, a name that is required all the same is one that nothing has.
    for name in required where schemas[name] == nil {
      guard part.mayHaveMore else { return false }
      own.append(Property(name: name, part: Self.anything, isRequired: true))
    }
    guard own.count <= Self.mostMembers else { return false }
    part.properties = properties.count..<(properties.count + own.count)
    part.requiredCount = own.count(where: \.isRequired)
    properties += own
    return true
  }

  // MARK: - Documents

  /// Whether a document is valid for certain.
  ///
  /// - Parameters:
  ///   - document: What is looked at, nested no deeper than a document may be.
  ///   - sizeInBytes: How large its text may be.
  /// - Returns: True for a valid document; false says nothing.
  func accepts(_ document: borrowing JSON, sizeInBytes: Int) -> Bool {
    var room = sizeInBytes
    return accepts(document, 1, &room)
  }

  private func accepts(_ value: borrowing JSON, _ place: Int, _ room: inout Int) -> Bool {
    let part = parts[place]
    // A number has 25 characters at most, and each byte of text up to six.
    room -= 32
    switch value {
    case .null: return part.types.contains(.null) && part.choices == nil && room >= 0
    case .bool: return part.types.contains(.boolean) && part.choices == nil && room >= 0
    case .number(let number):
      // Of larger ones it is the text that tells what they are.
      guard number.magnitude <= 0x1p53 else { return false }
      let isWhole = Int(exactly: number) != nil
      return part.types.contains(isWhole ? .integer : .number) && part.choices == nil
        && part.numbers.contains(number) && room >= 0
    case .string(let text):
      room -= 6 * text.utf8.count
      return room >= 0 && part.types.contains(.string) && isAllowed(text, part)
    case .array(let values):
      guard part.types.contains(.array), part.choices == nil, part.counts.contains(values.count)
      else { return false }
      for index in values.indices {
        guard accepts(values[index], part.items, &room) else { return false }
      }
      return room >= 0
    case .object(let object):
      return part.types.contains(.object) && part.choices == nil
        && object.members.count <= Self.mostMembers && accepts(object, part, &room) && room >= 0
    }
  }

  private func isAllowed(_ text: String, _ part: Part) -> Bool {
    if let range = part.choices, !choices[range].contains(where: { JSONObject.same($0, text) }) {
      return false
    }
    guard part.lengths != 0...Int.max else { return true }
    // The whole validator counts no further than to a NUL.
    if text.utf8.contains(0) { return false }
    // A character has up to four bytes.
    let size = text.utf8.count
    if size / 4 >= part.lengths.lowerBound, size <= part.lengths.upperBound { return true }
    return part.lengths.contains(text.unicodeScalars.count)
  }

  private func accepts(_ object: borrowing JSONObject, _ part: Part, _ room: inout Int) -> Bool {
    var requiredCount = 0
    for index in object.members.indices {
      room -= 6 * object.members[index].name.utf8.count
      var place = Self.anything
      if let known = property(object.members[index].name, of: part) {
        place = properties[known].part
        if properties[known].isRequired { requiredCount += 1 }
      } else if !part.mayHaveMore {
        return false
      }
      guard accepts(object.members[index].value, place, &room) else { return false }
    }
    return requiredCount == part.requiredCount
  }

  private func property(_ name: String, of part: Part) -> Int? {
    for place in part.properties where JSONObject.same(properties[place].name, name) {
      return place
    }
    return nil
  }
}
