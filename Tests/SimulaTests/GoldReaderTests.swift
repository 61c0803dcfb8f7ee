import CanonicalJSON
import Dataset
import Foundation
import Simula
import Testing

@Suite("A file of right answers")
struct GoldReaderTests {
  private func read(_ bytes: [UInt8]) throws -> [KnownAnswer] {
    let form = try SampleForm(try Lab.parsed().sample)
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).jsonl")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    return try GoldReader.read(handle.fileDescriptor, name: "'gold.jsonl'", form: form)
  }

  @Test("Lines need question and answer only; blank lines and repeated questions do not count")
  func lines() throws {
    let text = """
      {"question":"What is one and one in all?","answer":2}

      {"answer":5,"question":"What is two and three in all?","source":"a book"}\r
      {"question":"What is one and one in all?","answer":2}
      """
    let known = try read(Array(text.utf8))
    #expect(Set(known.map(\.answer)) == [2, 5])
    let turned = text.split(separator: "\n").reversed().joined(separator: "\n")
    #expect(try read(Array(turned.utf8)) == known)
  }

  @Test(
    "A line that cannot be used is named with what is wrong",
    arguments: [
      ("{\"question\":\"a\"", "line 2 is no JSON"), ("[1]", "line 2 is no JSON object"),
      ("{\"answer\":1}", "line 2 lacks the question's 'question'"),
      ("{\"question\":\"a\"}", "line 2 lacks the answer 'answer'"),
      ("{\"question\":\"a\",\"answer\":null}", "line 2 lacks the answer 'answer'"),
      ("{\"question\":\"a\",\"answer\":\"#### 12\"}", "line 2 has another 'answer'"),
      ("\u{0}", "line 2 is no JSON"),
    ])
  func broken(_ line: String, _ message: String) throws {
    let text = "{\"question\":\"What is one and one in all?\",\"answer\":2}\n\(line)\n"
    let error = try #require(throws: SimulaError.self) {
      try read(Array(text.utf8))
    }
    #expect(error.code == .gold)
    #expect(error.message.contains("'gold.jsonl': \(message)"), "\(error.message)")
    #expect(error.hint?.contains("question, answer") == true)
  }

  @Test("Files without answers, of other bytes, or with too many lines are refused")
  func refused() throws {
    for (bytes, message) in [
      ([], "holds no answers"), ([0x0A, 0x0A, 0x20], "holds no answers"),
      ([0xFF, 0xFE, 0x0A], "is no JSON"),
      ([UInt8](repeating: 0x0A, count: GoldReader.lineLimit) + Array("{}".utf8), "more than"),
    ] as [([UInt8], String)] {
      let error = try #require(throws: SimulaError.self) { try read(bytes) }
      #expect(error.message.contains(message), "\(error.message)")
    }
  }
}
