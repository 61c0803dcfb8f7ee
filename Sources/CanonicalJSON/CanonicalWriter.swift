extension JSON {
  /// The canonical form of RFC 8785: no white space, names in UTF-16 order, shortest numbers.
  package var canonicalBytes: [UInt8] {
    var writer = JSONWriter(sortsNames: true)
    writer.write(self)
    return writer.bytes
  }

  package var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

  /// The compact form with members in the order they were written.
  package var text: String {
    var writer = JSONWriter(sortsNames: false)
    writer.write(self)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

/// Appends JSON to a buffer.
package struct JSONWriter {
  private let sortsNames: Bool
  package private(set) var bytes: [UInt8] = []

  /// - Parameters:
  ///   - sortsNames: Whether members stand in the order of their names.
  ///   - sizeInBytes: About what is written.
  package init(sortsNames: Bool, sizeInBytes: Int = 256) {
    self.sortsNames = sortsNames
    bytes.reserveCapacity(sizeInBytes)
  }

  package mutating func write(_ value: JSON) {
    switch value {
    case .null: write(raw: "null")
    case .bool(let value): write(raw: value ? "true" : "false")
    case .number(let value): write(number: value)
    case .string(let value): write(string: value)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      var isFirst = true
      for value in values {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        write(value)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object): write(object: object)
    }
  }

  /// Appends text that is JSON, or a part of it, as it stands.
  package mutating func write(raw text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// Appends bytes that are JSON as they stand.
  package mutating func write(raw json: [UInt8]) { bytes.append(contentsOf: json) }

  private mutating func write(object: JSONObject) {
    guard sortsNames, !isSorted(object.members) else { return write(members: object.members) }
    write(members: object.members.sorted { precedes($0.name, $1.name) })
  }

  private mutating func write(members: [(name: String, value: JSON)]) {
    bytes.append(UInt8(ascii: "{"))
    var isFirst = true
    for member in members {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      write(string: member.name)
      bytes.append(UInt8(ascii: ":"))
      write(member.value)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  private func isSorted(_ members: [(name: String, value: JSON)]) -> Bool {
    for place in members.indices.dropFirst()
    where !precedes(members[place - 1].name, members[place].name) {
      return false
    }
    return true
  }

  /// Order by UTF-16 code units, which differs from that of UTF-8 above the basic plane.
  private func precedes(_ left: String, _ right: String) -> Bool {
    var (lefts, rights) = (left.utf8.makeIterator(), right.utf8.makeIterator())
    while let first = lefts.next() {
      guard let second = rights.next() else { return false }
      if first < 0x80, second < 0x80, first == second { continue }
      guard first < 0x80, second < 0x80 else {
        return left.utf16.lexicographicallyPrecedes(right.utf16)
      }
      return first < second
    }
    return rights.next() != nil
  }

  package mutating func write(string: String) {
    bytes.append(UInt8(ascii: "\""))
    var string = string
    string.withUTF8 { utf8 in
      var start = 0
      while start < utf8.count {
        let end = PlainText.end(UnsafeRawBufferPointer(utf8), from: start)
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<end]))
        guard end < utf8.count else { break }
        writeEscaped(utf8[end])
        start = end + 1
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func writeEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): write(raw: "\\\"")
    case UInt8(ascii: "\\"): write(raw: "\\\\")
    case 0x08: write(raw: "\\b")
    case 0x09: write(raw: "\\t")
    case 0x0A: write(raw: "\\n")
    case 0x0C: write(raw: "\\f")
    case 0x0D: write(raw: "\\r")
    default:
      let hex = String(byte, radix: 16)
      bytes += ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8
    }
  }

  /// Appends a number; whole ones, which most are, digit by digit.
  package mutating func write(number value: Double) {
    if let whole = Int(exactly: value), abs(whole) <= 1 << 53 {
      if whole < 0 { bytes.append(UInt8(ascii: "-")) }
      write(digits: whole.magnitude)
    } else if let thousandths = Self.thousandths(value) {
      if value < 0 { bytes.append(UInt8(ascii: "-")) }
      write(digits: thousandths / 1000)
      bytes.append(UInt8(ascii: "."))
      var rest = thousandths % 1000
      while rest > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(rest / 100))
        rest = rest % 100 * 10
      }
    } else {
      bytes += JSONNumber.text(value).utf8
    }
  }

  /// The thousandths that a number is exactly as close to as doubles can be, or nil when it needs more
  /// digits, or more than 15 in all, below which decimal numbers and doubles correspond.
  private static func thousandths(_ value: Double) -> UInt? {
    let scaled = (value.magnitude * 1000).rounded()
    guard scaled < 1e15, scaled / 1000 == value.magnitude else { return nil }
    return UInt(scaled)
  }

  private mutating func write(digits number: UInt) {
    var rest = number
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }
}

/// The number format of ECMAScript, which RFC 8785 prescribes.
enum JSONNumber {
  static func text(_ value: Double) -> String {
    precondition(value.isFinite, "JSON has no infinite numbers")
    if value == 0 { return "0" }
    if let integer = Int(exactly: value), abs(integer) <= 1 << 53 { return String(integer) }
    let (digits, point) = shortestDigits(abs(value))
    let sign = value < 0 ? "-" : ""
    let count = digits.count
    switch point {
    case count...21: return sign + digits + String(repeating: "0", count: point - count)
    case 1..<max(count, 2) where point <= 21:
      return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0: return sign + "0." + String(repeating: "0", count: -point) + digits
    default:
      let exponent = point - 1
      let mantissa = count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
      return sign + mantissa + "e" + (exponent < 0 ? "-" : "+") + String(abs(exponent))
    }
  }

  /// The shortest digits that read back as the value, and how many stand before the point.
  private static func shortestDigits(_ value: Double) -> (digits: String, point: Int) {
    let parts = value.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : ""
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let all = mantissa[0] + fraction
    let leadingZeros = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(leadingZeros))
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    return (digits, mantissa[0].count + exponent - leadingZeros)
  }
}
