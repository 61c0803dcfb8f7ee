/// The member of imported JSON lines by which a record is the same one after a change.
package struct RecordKey: Sendable, Hashable {
  /// The name of a top-level member.
  package let field: String
  private let quoted: [UInt8]

  package init(field: String) {
    self.field = field
    quoted = Array(field.utf8)
  }

  /// The hash of the member's value as it is written: the first 8 bytes of its SHA-256; nil when the
  /// line does not end as an object does, or has no such member, or null there.
  ///
  /// Only what stands before the member is read; what stands behind it may be anything.
  package func hash(of line: RawSpan) -> UInt64? {
    line.withUnsafeBytes { bytes in
      guard let last = bytes.last(where: { ![0x20, 0x09, 0x0D].contains($0) }),
        last == UInt8(ascii: "}"), let range = Scanner(bytes).value(of: quoted),
        !bytes[range].elementsEqual("null".utf8)
      else { return nil }
      var hasher = Hasher256()
      hasher.update(UnsafeRawBufferPointer(rebasing: bytes[range]))
      return hasher.finish().leadingWord
    }
  }
}

/// Finds a member in the bytes of a JSON object without reading its values.
private struct Scanner {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  consuming func value(of name: [UInt8]) -> Range<Int>? {
    skipSpace()
    guard take(UInt8(ascii: "{")) else { return nil }
    repeat {
      skipSpace()
      guard let key = string() else { return nil }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { return nil }
      skipSpace()
      let start = place
      guard skipValue(), place > start else { return nil }
      if bytes[key].elementsEqual(name) { return start..<place }
      skipSpace()
    } while take(UInt8(ascii: ","))
    return nil
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x09, 0x0D].contains(bytes[place]) { place += 1 }
  }

  /// Skips a string and gives what stands between its quotation marks.
  private mutating func string() -> Range<Int>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = place
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        place += 1
        return start..<(place - 1)
      case UInt8(ascii: "\\"): place += 2
      default: place += 1
      }
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
