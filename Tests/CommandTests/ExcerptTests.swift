import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("texts on one line")
struct ExcerptTests {
  /// What 'list' shows at most of an imported text.
  private static let length = 110

  /// The plain meaning: lines joined by spaces, and cut.
  private func excerpt(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count <= Self.length ? line : line.prefix(Self.length - 1) + "…"
  }

  @Test("a text is shown on one line, and cut where it is longer than the line")
  func excerpts() async throws {
    var texts: [String] = []
    for count in [1, 2, Self.length - 2, Self.length - 1, Self.length, Self.length + 1, 300] {
      texts += ["x", "é", "日", "👩‍👩‍👧", "e\u{301}"].map { String(repeating: $0, count: count) }
      let plain = String((0..<count).map { "abcdefg hij"[$0 % 11] })
      texts += [
        plain, plain + "\n", "\n\n" + plain, plain + "\r\n" + plain, plain + "\u{2028}é",
        plain + "\n\n\nz", plain + "\u{301}", plain + "\u{301}\u{301}tail", plain + "\nzz",
      ]
    }
    try await withLineDataset { set in
      try await set.importLines(texts.map { JSON.string($0).text })
      let values = try await set.dataset.objects("list", "imports").compactMap {
        $0["value"]?.string
      }
      #expect(Set(values) == Set(texts))
      let lines = try await set.stemma("list", "imports").lines
      #expect(lines.count == values.count)
      for (line, value) in zip(lines, values) {
        #expect(line.hasSuffix("  " + excerpt(value)), "\(value.debugDescription)")
      }
    }
  }

  @Test("no character of a text can steer a terminal, and all others are shown as they are")
  func controls() async throws {
    let controls =
      (Array(0..<0x20) + Array(0x7F..<0xA0) + Array(0x202A...0x202E))
      + Array(0x2066...0x2069) as [UInt32]
    let others: [UInt32] = [
      0x20, 0x7E, 0xA0, 0xBF, 0xC2, 0xE2, 0x100, 0x2010, 0x2026, 0x2029, 0x202F, 0x2065, 0x206A,
      0x22AA, 0x26A6, 0xFFFD, 0x1F600,
    ]
    func text(_ scalar: UInt32) -> String {
      "a" + (Unicode.Scalar(scalar).map { String($0) } ?? "") + "b"
    }
    try await withLineDataset { set in
      try await set.importLines((controls + others).map { JSON.string(text($0)).text })
      let values = try await set.dataset.objects("list", "imports").compactMap {
        $0["value"]?.string
      }
      let lines = try await set.stemma("list", "imports").lines
      #expect(values.count == lines.count)
      for (value, line) in zip(values, lines) {
        let scalar = try #require(value.unicodeScalars.dropFirst().first)
        let shown: String
        if others.contains(scalar.value), scalar.value != 0x2029 {
          shown = value
        } else if Character(scalar).isNewline {
          shown = "a b"
        } else if scalar.value == 0x09 {
          shown = value
        } else {
          shown = "a\\u{\(String(scalar.value, radix: 16))}b"
        }
        #expect(line.hasSuffix("  " + shown), "\(scalar.value)")
      }
    }
  }
}

extension String {
  /// A character by its number.
  fileprivate subscript(number: Int) -> Character { self[index(startIndex, offsetBy: number)] }
}
