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
    // Nothing is written behind what there is room for.
    var target = [UInt8](repeating: 0xAA, count: text.count - start + 1)
    let (found, count) = text.withUnsafeBytes { text in
      target.withUnsafeMutableBytes { target in
        (
          PlainText.end(text, from: start),
          target.baseAddress.map { PlainText.copy(text, from: start, to: $0) }
        )
      }
    }
    guard found == end, count == end - start, target.last == 0xAA,
      target.prefix(end - start).elementsEqual(text[start..<end])
    else {
      Issue.record("\(text) from \(start): \(found), not \(end), \(target)")
      return
    }
  }
}
