extension JSON {
  /// The canonical form of RFC 8785: no white space, names in UTF-16 order, shortest numbers.
  package var canonicalBytes: [UInt8] {
    JSONWriter.writing(self, sortsNames: true) { $0.bytes }
  }

  package var canonicalText: String {
    JSONWriter.writing(self, sortsNames: true) { $0.text }
  }

  /// The compact form with members in the order they were written.
  package var text: String {
    JSONWriter.writing(self, sortsNames: false) { $0.text }
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
