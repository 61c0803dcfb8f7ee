import TestSupport
import Testing

@testable import CanonicalJSON

@Suite("Plain text")
struct PlainTextTests {
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  @Test("it ends at the first byte that is escaped, wherever that is and whatever follows")
  func ends() {
    for size in 0...40 {
      for place in 0..<max(size, 1) {
        for byte in UInt8.min ... .max {
          var text = (0..<size).map {
            [0x7F, 0x80, 0xFF, 0x41, 0x21, 0x23, 0x5B, 0x5D][$0 % 8] as UInt8
          }
          if size > 0 { text[place] = byte }
          if place + 1 < size { text[place + 1] = [0x00, 0x22, 0x41][Int(byte) % 3] }
          let start = place / 3
          let end = text[min(start, size)...].firstIndex { !Self.isPlain($0) } ?? size
          expect(text, from: start, endsAt: end)
        }
      }
    }
  }

  private func expect(_ text: [UInt8], from start: Int, endsAt end: Int) {
    let found = text.withUnsafeBytes { PlainText.end($0, from: start) }
    if found != end { Issue.record("\(text) from \(start): \(found), not \(end)") }
  }

  @Test("it is written with escapes, and nothing behind what there is room for")
  func writes() {
    var random = SeededRandom(seed: 3)
    for size in 0...70 {
      for _ in 0..<100 {
        // From none that is escaped to all.
        let share = Int.random(in: 0...100, using: &random)
        let text = (0..<size).map { _ in
          Int.random(in: 0..<100, using: &random) < share
            ? Self.escaped.randomElement(using: &random) ?? 0
            : UInt8.random(in: .min ... .max, using: &random)
        }
        let expected = text.flatMap(Self.written)
        var target = [UInt8](repeating: 0xAA, count: 6 * size + 1)
        let count = text.withUnsafeBytes { text in
          target.withUnsafeMutableBytes { target in
            target.baseAddress.map { PlainText.write(text, to: $0) } ?? -1
          }
        }
        guard count == expected.count, target.starts(with: expected),
          target.last == 0xAA
        else {
          Issue.record("\(text): \(target.prefix(max(count, 0)))")
          return
        }
      }
    }
  }

  private static let escaped = (0..<0x20) + [UInt8(ascii: "\""), UInt8(ascii: "\\")]

  private static func written(_ byte: UInt8) -> [UInt8] {
    let letters: [UInt8: Character] = [
      8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 0x22: "\"", 0x5C: "\\",
    ]
    if let letter = letters[byte] { return Array("\\\(letter)".utf8) }
    let digits = String(byte, radix: 16)
    return byte < 0x20 ? Array("\\u00\(digits.count < 2 ? "0" : "")\(digits)".utf8) : [byte]
  }
}
