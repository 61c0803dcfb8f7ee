/// Reads a member of a JSON object without making values of the others.
///
/// It knows only the form that most lines have: without white space, each object's names in ascending
/// order and without escapes, and short numbers. What it takes is taken by the whole parser as well, with
/// the same value; of what it does not take it says nothing.
package enum PlainObject {
  /// Where the value of a top-level member stands; nil for an object without it, and for bytes of another
  /// form, which may be JSON all the same.
  ///
  /// - Complexity: O(bytes), without allocations.
  package static func value(of name: StaticString, in bytes: Span<UInt8>) -> Range<Int>? {
    let found = bytes.withUnsafeBytes { bytes in
      var scanner = PlainScanner(bytes, wanted: name)
      return scanner.scan() ? scanner.found : nil
    }
    // Outside of strings there is only ASCII: when the whole is UTF-8, each string is.
    guard let found, (try? UTF8Span(validating: bytes)) != nil else { return nil }
    return found
  }
}

private struct PlainScanner {
  /// So many digits make an integer that a double holds.
  private static let mostDigits = 15

  private let bytes: UnsafeRawBufferPointer
  private let wanted: UnsafeRawBufferPointer
  private var place = 0
  /// The value of the member that is wanted.
  private(set) var found: Range<Int>?

  init(_ bytes: UnsafeRawBufferPointer, wanted: StaticString) {
    self.bytes = bytes
    self.wanted = UnsafeRawBufferPointer(
      start: wanted.utf8Start, count: wanted.utf8CodeUnitCount)
  }

  /// Whether the bytes are one object of the plain form.
  mutating func scan() -> Bool {
    place < bytes.count && bytes[place] == UInt8(ascii: "{") && object(depth: 1)
      && place == bytes.count
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func value(depth: Int) -> Bool {
    guard place < bytes.count else { return false }
    switch bytes[place] {
    case UInt8(ascii: "\""): return string(mayHaveEscapes: true) != nil
    case UInt8(ascii: "{"): return object(depth: depth + 1)
    case UInt8(ascii: "["): return array(depth: depth + 1)
    case UInt8(ascii: "t"): return word("true")
    case UInt8(ascii: "f"): return word("false")
    case UInt8(ascii: "n"): return word("null")
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> Bool {
    guard depth <= JSON.maximumDepth else { return false }
    place += 1
    if take(UInt8(ascii: "}")) { return true }
    var last: Range<Int>?
    repeat {
      guard let name = string(mayHaveEscapes: false), take(UInt8(ascii: ":")) else { return false }
      // Names that ascend are different.
      if let last, !isLess(last, name) { return false }
      last = name
      let start = place
      guard value(depth: depth) else { return false }
      if depth == 1, bytes[name].elementsEqual(wanted) { found = start..<place }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}"))
  }

  private mutating func array(depth: Int) -> Bool {
    guard depth <= JSON.maximumDepth else { return false }
    place += 1
    if take(UInt8(ascii: "]")) { return true }
    repeat {
      guard value(depth: depth) else { return false }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]"))
  }

  private func isLess(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
    bytes[left].lexicographicallyPrecedes(bytes[right])
  }

  /// What stands between quotation marks.
  private mutating func string(mayHaveEscapes: Bool) -> Range<Int>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = place
    while true {
      place = PlainText.end(bytes, from: place)
      guard place < bytes.count else { return nil }
      if take(UInt8(ascii: "\"")) { return start..<(place - 1) }
      guard mayHaveEscapes, escape() else { return nil }
    }
  }

  private mutating func escape() -> Bool {
    guard place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\") else { return false }
    switch bytes[place + 1] {
    case UInt8(ascii: "n"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"),
      UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"):
      place += 2
      return true
    case UInt8(ascii: "u"):
      // Surrogates begin with this digit.
      guard place + 6 <= bytes.count, bytes[place + 2] | 0x20 != UInt8(ascii: "d"),
        bytes[(place + 2)..<(place + 6)].allSatisfy(Self.isHexDigit)
      else { return false }
      place += 6
      return true
    default: return false
    }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  private mutating func word(_ word: StaticString) -> Bool {
    let end = place + word.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[place..<end].elementsEqual(
        UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    else { return false }
    place = end
    return true
  }

  /// An integer or a decimal fraction without an exponent.
  private mutating func number() -> Bool {
    _ = take(UInt8(ascii: "-"))
    let start = place
    let count = digits()
    guard count > 0, count <= Self.mostDigits, count == 1 || bytes[start] != UInt8(ascii: "0")
    else { return false }
    return !take(UInt8(ascii: ".")) || (1...Self.mostDigits).contains(digits())
  }

  private mutating func digits() -> Int {
    let start = place
    while place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
      place += 1
    }
    return place - start
  }
}
