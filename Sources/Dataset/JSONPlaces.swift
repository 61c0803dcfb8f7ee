import CanonicalJSON

/// Reads JSON as a value with the place of each part, so that errors can name lines.
struct JSONPlaces {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0

  /// Reads JSON text; the strict parser decides first whether it is such.
  static func parse(_ bytes: [UInt8]) throws(TextProblem) -> YAMLValue {
    guard bytes.count <= SourceText.maximumSize else {
      throw TextProblem(.start, "the text has more than \(SourceText.maximumSize >> 10) KiB")
    }
    do throws(JSONError) {
      _ = try JSON(parsing: bytes)
    } catch {
      let before = bytes.prefix(error.offset)
      let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      throw TextProblem(
        TextPlace(
          line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: error.offset - start + 1),
        "no JSON: \(error.message)")
    }
    var reader = JSONPlaces(bytes: bytes)
    return reader.value()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var place: TextPlace { TextPlace(line: line, column: position - lineStart + 1) }
  private var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] <= 0x20 {
      if bytes[position] == UInt8(ascii: "\n") {
        line += 1
        lineStart = position + 1
      }
      position += 1
    }
  }

  /// Reads a value; the text is known to be JSON, so that every sign is where it must be.
  private mutating func value() -> YAMLValue {
    skipSpace()
    let start = place
    switch next {
    case UInt8(ascii: "{"):
      var members: [YAMLMember] = []
      each(until: UInt8(ascii: "}")) { reader in
        let key = reader.place
        let name = reader.string()
        reader.skipSpace()
        reader.position += 1
        members.append(YAMLMember(name: name, place: key, value: reader.value()))
      }
      return YAMLValue(content: .mapping(members), place: start)
    case UInt8(ascii: "["):
      var items: [YAMLValue] = []
      each(until: UInt8(ascii: "]")) { reader in items.append(reader.value()) }
      return YAMLValue(content: .sequence(items), place: start)
    case UInt8(ascii: "\""):
      return YAMLValue(content: .scalar(string(), isPlain: false), place: start)
    default:
      let first = position
      while position < bytes.count, bytes[position] > 0x20, !",]}".utf8.contains(bytes[position]) {
        position += 1
      }
      let text = String(decoding: bytes[first..<position], as: UTF8.self)
      return YAMLValue(content: .scalar(text, isPlain: true), place: start)
    }
  }

  private mutating func each(until end: UInt8, _ body: (inout JSONPlaces) -> Void) {
    position += 1
    skipSpace()
    while position < bytes.count, next != end {
      body(&self)
      skipSpace()
      if next == UInt8(ascii: ",") { position += 1 }
      skipSpace()
    }
    position += 1
  }

  private mutating func string() -> String {
    let start = position
    position += 1
    while position < bytes.count, next != UInt8(ascii: "\"") {
      position += next == UInt8(ascii: "\\") ? 2 : 1
    }
    position = min(position + 1, bytes.count)
    let literal = Array(bytes[start..<position])
    do throws(JSONError) {
      return try JSON(parsing: literal).string ?? ""
    } catch {
      return ""
    }
  }
}
