/// Why bytes are not acceptable JSON.
package struct JSONError: Error, Sendable, Hashable {
  package enum Code: Sendable {
    case syntax, encoding, duplicateName, numberOutOfRange, tooDeep, trailingBytes, empty
  }
  package let code: Code
  /// Where, in bytes from the start.
  package let offset: Int
  /// What failed, with no capital and no final period.
  package let message: String
}

extension JSON {
  /// The deepest nesting of arrays and objects that is read.
  package static let maximumDepth = 128

  /// Reads one JSON value that fills the bytes, white space aside.
  ///
  /// - Throws: ``JSONError``: besides bad syntax also for invalid UTF-8, a lone surrogate, a name
  ///   twice in one object, an integer beyond 2^53, a number outside the range of a double, and
  ///   nesting beyond ``maximumDepth``.
  /// - Complexity: O(bytes).
  package init(parsing bytes: borrowing Span<UInt8>) throws(JSONError) {
    var parser = JSONParser(bytes: copy bytes)
    self = try parser.wholeDocument()
  }

  package init(parsing bytes: [UInt8]) throws(JSONError) {
    try self.init(parsing: bytes.span)
  }

  package init(parsing text: String) throws(JSONError) {
    try self.init(parsing: text.utf8.span)
  }
}

/// A strict recursive descent parser over bytes.
struct JSONParser: ~Escapable {
  private let bytes: Span<UInt8>
  private var position = 0
  private var depth = 0

  @_lifetime(copy bytes)
  init(bytes: Span<UInt8>) { self.bytes = bytes }

  mutating func wholeDocument() throws(JSONError) -> JSON {
    skipWhiteSpace()
    guard position < bytes.count else { throw failure(.empty, "no JSON value") }
    let value = try value()
    skipWhiteSpace()
    guard position == bytes.count else {
      throw failure(.trailingBytes, "something follows the JSON value")
    }
    return value
  }

  private func failure(_ code: JSONError.Code, _ message: String) -> JSONError {
    JSONError(code: code, offset: position, message: message)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhiteSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func value() throws(JSONError) -> JSON {
    switch next {
    case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case .some(let byte) where byte == UInt8(ascii: "-") || isDigit(byte): return try number()
    case .some: throw failure(.syntax, "expected a JSON value")
    case .none: throw failure(.syntax, "the JSON ends too early")
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSON
  ) throws(JSONError) -> JSON {
    depth += 1
    guard depth <= JSON.maximumDepth else {
      throw failure(.tooDeep, "nested deeper than \(JSON.maximumDepth)")
    }
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    for expected in word.description.utf8 {
      guard next == expected else { throw failure(.syntax, "expected '\(word)'") }
      position += 1
    }
    return value
  }

  private mutating func object() throws(JSONError) -> JSON {
    position += 1
    var members: [JSONObject.Member] = []
    var names = Set<[UInt8]>()
    skipWhiteSpace()
    if next == UInt8(ascii: "}") {
      position += 1
      return .object(JSONObject())
    }
    members.reserveCapacity(Self.usualCount)
    while true {
      skipWhiteSpace()
      guard next == UInt8(ascii: "\"") else { throw failure(.syntax, "expected a member name") }
      let name = try string()
      // A few names are compared, many are hashed: hostile input must not cost O(n^2).
      let isNew =
        members.count < 16
        ? !members.contains { JSONObject.same($0.name, name) }
        : insert(name, into: &names, after: members)
      guard isNew else { throw failure(.duplicateName, "a member name stands twice") }
      skipWhiteSpace()
      guard next == UInt8(ascii: ":") else { throw failure(.syntax, "expected ':'") }
      position += 1
      skipWhiteSpace()
      members.append(JSONObject.Member(name: name, value: try value()))
      skipWhiteSpace()
      if next == UInt8(ascii: ",") {
        position += 1
      } else if next == UInt8(ascii: "}") {
        position += 1
        return .object(JSONObject(distinct: members))
      } else {
        throw failure(.syntax, "expected ',' or '}'")
      }
    }
  }

  private func insert(
    _ name: String, into names: inout Set<[UInt8]>, after members: [JSONObject.Member]
  ) -> Bool {
    if names.isEmpty { for member in members { names.insert(Array(member.name.utf8)) } }
    return names.insert(Array(name.utf8)).inserted
  }

  private mutating func array() throws(JSONError) -> JSON {
    position += 1
    var values: [JSON] = []
    skipWhiteSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return .array([])
    }
    values.reserveCapacity(Self.usualCount)
    while true {
      skipWhiteSpace()
      values.append(try value())
      skipWhiteSpace()
      if next == UInt8(ascii: ",") {
        position += 1
      } else if next == UInt8(ascii: "]") {
        position += 1
        return .array(values)
      } else {
        throw failure(.syntax, "expected ',' or ']'")
      }
    }
  }
}

extension JSONParser {
  /// Few strings with escapes are longer.
  private static let usualSizeInBytes = 960
  /// Most objects and arrays have no more members.
  private static let usualCount = 4
  /// So many digits are a whole number that a double holds.
  private static let mostExactDigits = 15

  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    skipPlainText()
    if next == UInt8(ascii: "\"") {
      defer { position += 1 }
      return try text(bytes.extracting(start..<position))
    }
    var buffer: [UInt8] = []
    buffer.reserveCapacity(min(bytes.count - start, Self.usualSizeInBytes))
    append(start..<position, to: &buffer)
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return try text(buffer.span)
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &buffer)
      case 0..<0x20: throw failure(.syntax, "a control character stands unescaped in a string")
      default:
        let start = position
        skipPlainText()
        append(start..<position, to: &buffer)
      }
    }
    throw failure(.syntax, "a string does not end")
  }

  private mutating func skipPlainText() {
    let start = position
    position = bytes.withUnsafeBytes { PlainText.end($0, from: start) }
  }

  private func append(_ range: Range<Int>, to buffer: inout [UInt8]) {
    bytes.withUnsafeBytes { buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  private func text(_ bytes: Span<UInt8>) throws(JSONError) -> String {
    guard let utf8 = try? UTF8Span(validating: bytes) else {
      throw failure(.encoding, "a string is not UTF-8")
    }
    return String(copying: utf8)
  }

  private mutating func escape(into buffer: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw failure(.syntax, "a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0C)
    case UInt8(ascii: "n"): buffer.append(0x0A)
    case UInt8(ascii: "r"): buffer.append(0x0D)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "u"):
      var unit = UInt32(try hexUnit())
      if (0xD800..<0xDC00).contains(unit), next == UInt8(ascii: "\\") {
        position += 1
        guard next == UInt8(ascii: "u") else { throw failure(.encoding, "a lone surrogate") }
        position += 1
        let low = UInt32(try hexUnit())
        guard (0xDC00..<0xE000).contains(low) else { throw failure(.encoding, "a lone surrogate") }
        unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(unit) else { throw failure(.encoding, "a lone surrogate") }
      buffer.append(contentsOf: Character(scalar).utf8)
    default: throw failure(.syntax, "an unknown escape")
    }
  }

  private mutating func hexUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure(.syntax, "expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func digits() throws(JSONError) {
    guard isDigit(next) else { throw failure(.syntax, "expected a digit") }
    while isDigit(next) { position += 1 }
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    var isInteger = true
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    if isInteger, bytes[start] != UInt8(ascii: "-"), position - start <= Self.mostExactDigits {
      var whole = 0
      for place in start..<position { whole = 10 * whole + Int(bytes[place] & 15) }
      return .number(Double(whole))
    }
    let text = try text(bytes.extracting(start..<position))
    guard let value = Double(text), value.isFinite else {
      throw failure(.numberOutOfRange, "a number is outside the range of a double")
    }
    guard isExact(value, isInteger ? text : nil) else {
      throw failure(.numberOutOfRange, "an integer is beyond 2^53")
    }
    return .number(value)
  }

  /// Whether a number is no integer that a double may not hold.
  ///
  /// Integers below 10^21 have no exponent in the canonical form, however they were written; if
  /// larger ones than 2^53 were taken then, that form could not be read again.
  private func isExact(_ value: Double, _ integer: String?) -> Bool {
    let magnitude = abs(value)
    guard magnitude >= 0x1p53 else { return true }
    // 2^53 + 1 rounds to 2^53, so that the value alone does not tell.
    if let integer { return integer == "9007199254740992" || integer == "-9007199254740992" }
    return magnitude == 0x1p53 || magnitude >= 1e21
  }
}
