import Foundation

/// Finds the members of a JSON object in its bytes, without reading its values.
///
/// Only what stands before a member is looked at; what stands behind it may be anything.
struct MemberScanner {
  /// A member's name without its quotation marks, and its value, as they are written.
  struct Member {
    let name: Range<Int>
    let value: Range<Int>
  }

  private let bytes: UnsafeRawBufferPointer
  private var place = 0
  private var isBegun = false

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next member, or nil at the end and where the bytes are no object.
  mutating func next() -> Member? {
    skipSpace()
    guard take(isBegun ? UInt8(ascii: ",") : UInt8(ascii: "{")) else { return nil }
    isBegun = true
    skipSpace()
    guard let name = string() else { return nil }
    skipSpace()
    guard take(UInt8(ascii: ":")) else { return nil }
    skipSpace()
    let start = place
    guard skipValue(), place > start else { return nil }
    return Member(name: name, value: start..<place)
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while place < bytes.count, Self.isSpace(bytes[place]) { place += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D
  }

  /// Skips a string and gives what stands between its quotation marks.
  private mutating func string() -> Range<Int>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = place
    while place < bytes.count, let base = bytes.baseAddress,
      let found = memchr(base + place, Int32(UInt8(ascii: "\"")), bytes.count - place)
    {
      let end = UnsafeRawPointer(found) - base
      // As many backslashes in a row as are even escape each other.
      var escapes = 0
      while end - escapes > start, bytes[end - escapes - 1] == UInt8(ascii: "\\") { escapes += 1 }
      place = end + 1
      if escapes % 2 == 0 { return start..<end }
    }
    return nil
  }

  private mutating func skipValue() -> Bool {
    var depth = 0
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        guard string() != nil else { return false }
        if depth == 0 { return true }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        place += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return true }
        depth -= 1
        place += 1
        if depth == 0 { return true }
      case UInt8(ascii: ","), 0x20, 0x09, 0x0D:
        if depth == 0 { return true }
        place += 1
      default: place += 1
      }
    }
    return false
  }
}
