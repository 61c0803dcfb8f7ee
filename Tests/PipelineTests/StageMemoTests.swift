import ArtifactStore
import Pipeline
import Testing

@Suite("Memos of stages")
struct StageMemoTests {
  static func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

  static let memo = StageMemo(
    name: "meta-prompts", key: digest("key"), inputs: digest("inputs"), outputs: digest("outputs"))

  @Test("A memo reads back from its text")
  func roundTrip() {
    let memo = Self.memo
    #expect(StageMemo(memo.text) == memo)
    #expect(memo.text.split(separator: " ").count == 4)
  }

  @Test(
    "Text that is no memo is refused",
    arguments: [
      "", " ", "samples", "samples \(digest("a")) \(digest("b"))",
      "samples \(digest("a")) \(digest("b")) \(digest("c")) \(digest("d"))",
      "\(digest("a")) \(digest("b")) \(digest("c"))",
      "samples \(digest("a").hex.uppercased()) \(digest("b")) \(digest("c"))",
      "samples \(digest("a").hex.dropLast()) \(digest("b")) \(digest("c"))",
      "samples \(digest("a").hex)0 \(digest("b")) \(digest("c"))",
      "samples \(digest("a").hex.dropLast())g \(digest("b")) \(digest("c"))",
      "samples\t\(digest("a"))\t\(digest("b"))\t\(digest("c"))",
      "samples \(digest("a")) \(digest("b")) \(digest("c"))\n",
      "samples \(digest("a")) \(digest("b")) \u{FF11}\(digest("c").hex.dropFirst())",
    ])
  func hostile(_ text: String) {
    #expect(StageMemo(text) == nil)
  }

  @Test("No change of one character goes unnoticed")
  func changes() {
    let text = Self.memo.text
    for place in text.indices {
      for other in ["x", " ", "0", "\n", "\0", "\u{301}"] {
        var changed = text
        changed.replaceSubrange(place...place, with: other)
        guard changed != text else { continue }
        #expect(StageMemo(changed) != Self.memo)
      }
    }
  }
}

@Suite("Keys of stages")
struct StageKeyTests {
  private func key(
    _ name: String = "samples", _ version: Int = 1, knobs: [(String, String)] = [("a", "1")],
    templates: [(String, [UInt8])] = [("t", [1, 2])], teachers: [(String, String)] = [("r", "m")]
  ) -> Digest {
    StageKey(
      name: name, codeVersion: version, knobs: knobs, templates: templates, teachers: teachers
    ).digest
  }

  @Test("Each part moves the key, and equal parts give equal keys")
  func parts() {
    let keys = [
      key(), key("sample"), key(knobs: []), key("samples", 2), key(knobs: [("a", "2")]),
      key(knobs: [("b", "1")]), key(knobs: [("a", "1"), ("a", "1")]), key(templates: []),
      key(templates: [("t", [1, 3])]), key(templates: [("u", [1, 2])]),
      key(templates: [("t", [1, 2]), ("t", [1, 2])]), key(teachers: []),
      key(teachers: [("r", "n")]), key(teachers: [("s", "m")]),
    ]
    #expect(Set(keys).count == keys.count)
    #expect(key() == key())
  }

  @Test("The order of entries is part of the key")
  func order() {
    #expect(key(knobs: [("a", "1"), ("b", "2")]) != key(knobs: [("b", "2"), ("a", "1")]))
  }

  @Test("No two ways of splitting the same text into fields give one key")
  func framing() {
    let texts = ["", "a", "b", "ab", "knobs", "teachers", "templates", "1", "0", "1:a", "\0"]
    var keys = Set<Digest>()
    var count = 0
    for first in texts {
      for second in texts {
        let pair = (first, second)
        let bytes = (first, Array(second.utf8))
        for digest in [
          key(first, knobs: [("k", second)], templates: [], teachers: []),
          key("n", knobs: [pair], templates: [], teachers: []),
          key("n", knobs: [], templates: [], teachers: [pair]),
          key("n", knobs: [], templates: [bytes], teachers: []),
          key("n", knobs: [pair, pair], templates: [], teachers: []),
          key("n", knobs: [pair], templates: [], teachers: [pair]),
          key("n", knobs: [pair], templates: [bytes], teachers: []),
          key("n", knobs: [(first + second, "")], templates: [bytes], teachers: [pair]),
        ] {
          keys.insert(digest)
          count += 1
        }
      }
    }
    #expect(keys.count == count)
  }
}

@Suite("Freshness of stages")
struct FreshnessTests {
  private let key = StageKey(name: "mixes", codeVersion: 1, knobs: [])
  private let other = StageKey(name: "mixes", codeVersion: 2, knobs: [])
  private let inputs = StageMemoTests.digest("inputs")

  @Test("A stage is fresh only when its memo has the same key and the same inputs")
  func table() {
    let memo = StageMemo(
      name: "mixes", key: key.digest, inputs: inputs, outputs: StageMemoTests.digest("outputs"))
    let others = StageMemoTests.digest("other inputs")
    #expect(Freshness(memo: nil, key: key, inputs: inputs) == .missing)
    #expect(Freshness(memo: nil, key: key, inputs: nil) == .missing)
    #expect(Freshness(memo: memo, key: key, inputs: inputs) == .fresh)
    #expect(Freshness(memo: memo, key: key, inputs: others) == .newInputs)
    #expect(Freshness(memo: memo, key: key, inputs: nil) == .newInputs)
    #expect(Freshness(memo: memo, key: other, inputs: inputs) == .redefined)
    #expect(Freshness(memo: memo, key: other, inputs: others) == .redefined)
    #expect(Freshness(memo: memo, key: other, inputs: nil) == .redefined)
  }
}
