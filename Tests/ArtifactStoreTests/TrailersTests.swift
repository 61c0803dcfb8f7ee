import ArtifactStore
import Testing

@Suite("Trailers")
struct TrailersTests {
  private func entries(_ message: String) -> [String] {
    Trailers(message: message).entries.map { "\($0.name)=\($0.value)" }
  }

  @Test("trailers are read back from a message")
  func roundTrip() {
    let trailers = Trailers([
      ("Run-Id", "20250102T030405Z-0a1b2c3d"), ("Samples", "10/12"), ("Stage", "mixes a b c"),
      ("Stage", "samples d e f"), ("Partial", "stopped: by a person"), ("Empty", ""),
    ])
    let read = Trailers(message: "Add 10 samples\n\nWhy, in words.\n\n\(trailers.text)")
    #expect(read == trailers)
    #expect(read["Samples"] == "10/12")
    #expect(read["samples"] == nil)
    #expect(read.all("Stage") == ["mixes a b c", "samples d e f"])
    #expect(read["Partial"] == "stopped: by a person")
  }

  @Test("only the last paragraph counts, and only when all of its lines are trailers")
  func lastParagraph() {
    #expect(entries("Title\n\nA: 1\n\nB: 2\n") == ["B=2"])
    #expect(entries("Title\n\nA: 1\nB: 2\n\n\n") == ["A=1", "B=2"])
    #expect(entries("Title\n\nA: 1\nno trailer\n").isEmpty)
    #expect(entries("Title\n\nA: 1\nB:2\n").isEmpty)
    #expect(entries("Title\n\nA b: 1\n").isEmpty)
    #expect(entries("Title\n\n: 1\n").isEmpty)
    #expect(entries("Title: of a commit\n").isEmpty)
    #expect(entries("Title\nA: 1\n").isEmpty)
    #expect(entries("").isEmpty)
    #expect(entries("\n\n\n").isEmpty)
  }

  @Test(
    "the same trailers are read by git",
    arguments: [
      "Title\n\nRun-Id: 1\nStage: a b\nStage: c: d\n", "Title\n\nWords.\n\nA: 1\n", "Title: x\n",
      "Title\n\nA:\u{20}\n",
    ])
  func git(message: String) throws {
    let program = try runProgram(
      "git", "interpret-trailers", "--parse", "--only-input", input: Array(message.utf8))
    #expect(program.status == 0)
    let lines = String(decoding: program.output, as: UTF8.self).split(separator: "\n")
    let values = lines.map { String($0).replacing(": ", with: "=", maxReplacements: 1) }
    #expect(entries(message) == values)
  }

  @Test(
    "a value cannot start a line of its own",
    arguments: [
      "a\nDataset-Tree: x", "a\r\nDataset-Tree: x", "a\rDataset-Tree: x", "\n\n", "\r\n\r\n",
    ])
  func injection(value: String) {
    let trailers = Trailers([("Partial", value), ("Samples", "1/2")])
    #expect(trailers.text.utf8.count { $0 == 0x0A } == 2)
    let read = Trailers(message: "Title\n\n\(trailers.text)")
    #expect(read.entries.map(\.name) == ["Partial", "Samples"])
    #expect(read["Dataset-Tree"] == nil)
  }
}
