import CanonicalJSON
import Dataset
import TestSupport
import Testing

@testable import Simula

@Suite("Near duplicates")
struct NearDuplicateTests {
  private static func words(_ range: Range<Int>) -> String {
    range.map { "word\($0)" }.joined(separator: " ")
  }

  @Test("runs of 13 words, without regard to case and marks; a shorter text is one run")
  func shingles() {
    #expect(Shingles("").hashes.isEmpty)
    #expect(Shingles("?! ...").hashes.isEmpty)
    #expect(Shingles("One two").hashes.count == 1)
    #expect(Shingles("One two").hashes == Shingles("  one, TWO!").hashes)
    #expect(Shingles("one two").hashes != Shingles("two one").hashes)
    #expect(Shingles(Self.words(0..<13)).hashes.count == 1)
    #expect(Shingles(Self.words(0..<14)).hashes.count == 2)
    #expect(Shingles(Self.words(0..<113)).hashes.count == 101)
    let repeated = Array(repeating: Self.words(0..<13), count: 3).joined(separator: " ")
    #expect(Shingles(repeated).hashes.count == 13)
    #expect(Shingles("Ärger ÉTÉ").hashes == Shingles("ärger été").hashes)
    // Each character of a script without spaces is a word.
    #expect(Shingles("数据集的版本控制工具和生成方法").hashes.count == 3)
    #expect(Shingles("x1 2y").hashes != Shingles("x12y").hashes)
    #expect(Shingles(["one", "two"]).hashes == Shingles("one two").hashes)
  }

  @Test("similarity is the Jaccard similarity of the runs")
  func similarity() {
    let text = Shingles(Self.words(0..<112))
    #expect(text.similarity(to: text) == 1)
    #expect(text.similarity(to: Shingles(Self.words(200..<312))) == 0)
    // 90 of 100 runs on either side.
    #expect(text.similarity(to: Shingles(Self.words(10..<122))) == 90 / 110.0)
    #expect(text.similarity(to: Shingles("")) == 0)
    #expect(Shingles("").similarity(to: Shingles("")) == 0)
  }

  @Test("MinHash bands find what a comparison of all pairs finds", arguments: [0.4, 0.5, 0.8, 0.9])
  func recall(threshold: Double) throws {
    var random = SplitMix(11)
    var texts: [[Int]] = []
    for _ in 0..<400 {
      guard var text = texts.randomElement(using: &random), Bool.random(using: &random) else {
        texts.append((0..<120).map { _ in Int.random(in: 0..<5000, using: &random) })
        continue
      }
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = text.indices.randomElement(using: &random) ?? 0
        text[place] = Int.random(in: 0..<5000, using: &random)
      }
      texts.append(Array(text.dropLast(Int.random(in: 0...12, using: &random))))
    }
    let all = texts.map { Shingles($0.map { "w\($0)" }.joined(separator: " ")) }
    var near = try NearDuplicates(threshold: threshold)
    var kept: [Shingles] = []
    var found = 0
    for shingles in all {
      let keys = near.keys(shingles)
      let expected = kept.firstIndex { $0.similarity(to: shingles) >= threshold }
      let match = try near.match(shingles, keys: keys)
      #expect(match?.number == expected)
      if let match {
        found += 1
        #expect(match.similarity == kept[match.number].similarity(to: shingles))
      } else {
        kept.append(shingles)
        try near.add(shingles, keys: keys)
      }
    }
    #expect(found > 30)
    #expect(near.count == kept.count)
  }

  @Test("what was written to the file comes back")
  func file() throws {
    var random = SplitMix(3)
    var file = try ShingleFile()
    let all = (0..<300).map { _ in
      Shingles(sorted: (0..<Int.random(in: 0..<900, using: &random)).map { _ in random.next() })
    }
    for shingles in all { try file.append(shingles) }
    #expect(file.count == 300)
    for (number, shingles) in all.enumerated().shuffled(using: &random) {
      #expect(try file[number].hashes == shingles.hashes)
    }
  }

  @Test("a held-out set with fewer properties is compared with as many of the first")
  func parts() throws {
    let stem = Self.words(0..<40)
    var knobs = DuplicateKnobs()
    knobs.heldOut = [
      HeldOutSet(path: "stems.jsonl", question: ["text"], items: [["text": .string(stem)]]),
      HeldOutSet(
        path: "whole.jsonl", question: nil, items: [["question": "Which one?", "A": "x", "B": "y"]]),
    ]
    let all = try Duplicates(
      question: ["question", "A", "B"], knobs: knobs, table: try QuestionTable(threshold: 0.8))
    func refusal(_ question: String, _ first: String, _ second: String) throws -> String? {
      let sample: JSON = [
        "question": .string(question), "A": .string(first), "B": .string(second),
      ]
      return try Self.admit(sample, slot: 0, to: all)?.detail
    }
    #expect(try refusal(stem, "one", "two") == "item 1 of 'stems.jsonl' asks the same")
    #expect(
      try refusal(stem + " indeed", "long options that are nowhere else", "at all")
        == "97% of its question is that of item 1 of 'stems.jsonl'")
    #expect(try refusal("which ONE?", "x", "Y") == "item 1 of 'whole.jsonl' asks the same")
    #expect(try refusal("Which one?", "x", "z") == nil)
  }

  private static func admit(
    _ sample: JSON, slot: Int, to all: Duplicates
  ) throws -> Duplicates.Refusal? {
    try all.admit(all.question(of: sample), slot: .numbered(slot))
  }

  private static func sample(_ question: String) -> JSON { ["question": .string(question)] }

  @Test("the earliest slot keeps a question; held-out sets come first; 'off' compares whole texts")
  func admission() throws {
    let text = Self.words(0..<60)
    let similar = Self.words(0..<58) + " other words"
    var knobs = DuplicateKnobs()
    knobs.heldOut = [
      HeldOutSet(
        path: "test.jsonl", question: ["prompt"],
        items: [["prompt": "Short?"], ["prompt": .string(Self.words(500..<560))]])
    ]
    let all = try Duplicates(
      question: ["question"], knobs: knobs, table: try QuestionTable(threshold: knobs.near))
    #expect(try Self.admit(Self.sample(text), slot: 0, to: all) == nil)
    #expect(
      try Self.admit(Self.sample(text.uppercased()), slot: 1, to: all)
        == .init(reason: .duplicate, detail: "slot 0 keeps the same question"))
    #expect(
      try Self.admit(Self.sample(similar), slot: 2, to: all)
        == .init(reason: .duplicate, detail: "92% of its question is that of slot 0"))
    #expect(
      try Self.admit(Self.sample(" short? "), slot: 3, to: all)
        == .init(reason: .heldOut, detail: "item 1 of 'test.jsonl' asks the same"))
    #expect(
      try Self.admit(Self.sample(Self.words(502..<560)), slot: 4, to: all)?.reason == .heldOut)
    #expect(try Self.admit(Self.sample(Self.words(30..<90)), slot: 5, to: all) == nil)
    #expect(try Self.admit(Self.sample("?!"), slot: 6, to: all) == nil)
    #expect(try Self.admit(Self.sample("!?"), slot: 7, to: all) == nil)
    #expect(
      try Self.admit(Self.sample("?!"), slot: 8, to: all)?.detail
        == "slot 6 keeps the same question")
    knobs.near = nil
    let exact = try Duplicates(
      question: ["question"], knobs: knobs, table: try QuestionTable(threshold: nil))
    #expect(try Self.admit(Self.sample(text), slot: 0, to: exact) == nil)
    #expect(try Self.admit(Self.sample(similar), slot: 1, to: exact) == nil)
    #expect(try Self.admit(Self.sample("short?"), slot: 2, to: exact)?.reason == .heldOut)
    #expect(try Self.admit(Self.sample(Self.words(502..<560)), slot: 3, to: exact) == nil)
  }
}
