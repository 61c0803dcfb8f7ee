import Foundation

/// Brings calls together that were asked for one slot.
///
/// Answers come in any order, since many slots are worked on at a time. Who looks at a sample reads all
/// of its calls: side by side they are in one shard, which is smaller too, for they say much the same.
enum CallOrder {
  private static let draw = Array(#","draw":""#.utf8)
  /// The place of the letter in it that is rarest elsewhere.
  private static let rare = 5

  /// Calls in the order of the first number in what they were drawn for, and of one number as they come.
  static func sorted<Call>(_ calls: [Call], line: (Call) -> [UInt8]) -> [Call] {
    let numbers = calls.map { number(in: line($0)) }
    return calls.indices.sorted { (numbers[$0], $0) < (numbers[$1], $1) }.map { calls[$0] }
  }

  /// The number in the draw of a call's request; 0 without one.
  static func number(in line: [UInt8]) -> UInt64 {
    line.withUnsafeBytes { bytes in
      guard let end = endOfName(in: bytes) else { return 0 }
      let text = bytes[end...].prefix { $0 != UInt8(ascii: "\"") }
      let digits = text.drop { !isDigit($0) }.prefix(while: isDigit).prefix(18)
      return digits.reduce(0) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
    }
  }

  /// Where the name and the quotation mark behind it end, of which a text holds none unescaped.
  private static func endOfName(in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var place = rare
    while place < bytes.count,
      let found = memchr(base + place, Int32(draw[rare]), bytes.count - place)
    {
      place = UnsafeRawPointer(found) - base
      let start = place - rare
      if bytes[start...].starts(with: draw) { return start + draw.count }
      place += 1
    }
    return nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
