import CanonicalJSON
import TestSupport
import Testing

@Suite("JSON round trip")
struct JSONRoundTripTests {
  private static let pieces = [
    "a", "\"", "\\", "\n", "\r\n", "\0", "\u{1F}", "\u{7F}", "é", "e\u{301}", "€", "\u{2028}", "😀",
    "\u{FB33}", "\u{FFFF}", "\u{10FFFF}", "/", "{", "",
  ]

  private static func text(_ random: inout SeededRandom) -> String {
    let count = Int.random(in: 0...6, using: &random)
    return (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
  }

  private static func number(_ random: inout SeededRandom) -> Double {
    switch Int.random(in: 0...3, using: &random) {
    case 0: Double(Int.random(in: -(1 << 53)...(1 << 53), using: &random))
    case 1: Double(Int.random(in: -1000...1000, using: &random)) / 8
    case 2: Double.random(in: -1...1, using: &random)
    // Beyond 2^53 only what the writer gives a fraction or an exponent can be read again.
    default: Double.random(in: 1...10, using: &random) * 1e22
    }
  }

  private static func value(_ random: inout SeededRandom, depth: Int) -> JSON {
    switch Int.random(in: 0...(depth > 0 ? 7 : 4), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2, 3: return .number(number(&random))
    case 4: return .string(text(&random))
    case 5:
      return .array(
        (0..<Int.random(in: 0...5, using: &random)).map { _ in value(&random, depth: depth - 1) })
    default:
      return .object(
        JSONObject(
          (0..<Int.random(in: 0...8, using: &random)).map { _ in
            (text(&random), value(&random, depth: depth - 1))
          }))
    }
  }

  @Test("random values survive both forms, and the canonical one is a fixed point")
  func roundTrip() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<400 {
      let value = Self.value(&random, depth: 4)
      let canonical = value.canonicalBytes
      let again = try JSON(parsing: canonical)
      #expect(again == value)
      #expect(again.canonicalBytes == canonical)
      let compact = try JSON(parsing: value.text)
      #expect(compact.text == value.text)
      #expect(compact.canonicalBytes == canonical)
    }
  }

  @Test("the order of members does not reach the canonical form")
  func shuffled() {
    var random = SeededRandom(seed: 8)
    for _ in 0..<100 {
      guard let object = Self.value(&random, depth: 3).object else { continue }
      let members = object.members.map { ($0.name, $0.value) }.shuffled(using: &random)
      #expect(
        JSON.object(JSONObject(members)).canonicalBytes == JSON.object(object).canonicalBytes)
    }
  }

  @Test("damaged bytes are refused or read, and never trap")
  func damage() {
    var random = SeededRandom(seed: 9)
    for _ in 0..<500 {
      var bytes = Self.value(&random, depth: 3).canonicalBytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      guard let value = try? JSON(parsing: bytes) else { continue }
      #expect(throws: Never.self) { try JSON(parsing: value.canonicalBytes) }
    }
  }
}
