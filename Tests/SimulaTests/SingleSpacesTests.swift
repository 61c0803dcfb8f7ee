import TestSupport
import Testing

@testable import Simula

@Suite("Texts with single blanks")
struct SingleSpacesTests {
  private static let letters = Array("ab \u{9}\u{A}\u{D}\u{1}\u{1F}~\u{7F}é\u{A0}\u{2003}   ")

  @Test("are what their words give, at any length and alignment")
  func words() {
    var random = SplitMix(21)
    var asciiCount = 0
    for _ in 0..<20_000 {
      // Mostly plain words, so that many texts are as they should be.
      let isPlain = Bool.random(using: &random)
      let text = String(
        (0..<Int.random(in: 0...40, using: &random)).map { _ in
          isPlain
            ? ["a", "b", "c", "d", "e", "f", " "].randomElement(using: &random) ?? "a"
            : Self.letters.randomElement(using: &random) ?? "a"
        })
      let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(text.singleSpaced == words)
      if text.isSpacedASCII {
        asciiCount += 1
        #expect(text.utf8.elementsEqual(words.utf8) && text.utf8.allSatisfy { $0 < 0x80 })
      }
    }
    #expect(asciiCount > 1000)
  }

  @Test("that end or begin in the middle of eight bytes keep their borders")
  func borders() {
    for length in 0..<40 {
      let text = String(repeating: "x", count: length)
      #expect(text.isSpacedASCII)
      #expect(!(text + " ").isSpacedASCII && !(" " + text).isSpacedASCII)
      #expect((text + "x y").isSpacedASCII && !(text + "x  y").isSpacedASCII)
      #expect(!(text + "é").isSpacedASCII && !(text + "x\ty").isSpacedASCII)
    }
  }
}
