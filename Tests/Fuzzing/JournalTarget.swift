import Foundation

@testable import ArtifactStore
@testable import Teachers

extension FuzzTarget {
  /// The bytes are tried as a file, and then as payloads with their lengths in frames that are whole.
  static let journal = FuzzTarget(
    name: "journal", words: ["STEMMAJ1", #"{"answer":"#, #""key":""#, #","usage":{"input":"#],
    seeds: {
      let calls = (0..<3).map { call($0).line }
      return [
        file(of: calls), file(of: [[], [0]]),
        calls.flatMap { InputReader.framed($0) },
      ]
    },
    check: { bytes in
      let payloads = read(bytes)
      expect(
        payloads.isEmpty || bytes.starts(with: file(of: payloads)),
        "what is read is not what the file holds")
      for payload in payloads { check(payload: payload) }

      var pieces: [[UInt8]] = []
      var reader = InputReader(bytes)
      while !reader.rest.isEmpty { pieces.append(reader.takePiece()) }
      expect(read(file(of: pieces)) == pieces, "whole frames are not read")
      for piece in pieces { check(payload: piece) }
    })

  private static let scratch = Scratch()

  private static func call(_ number: Int) -> Record {
    let request = CallRequest(
      task: "plan", provider: "openai", model: "m", messages: [Message(.user, "text \(number)")],
      draw: "\(number)")
    let reply = Reply(
      answer: Answer(text: "an answer", finish: .stop),
      usage: Usage(inputTokens: 7, outputTokens: number))
    return RecordedCall.record(request, reply: reply)
  }

  private static func file(of payloads: [[UInt8]]) -> [UInt8] {
    payloads.reduce(into: CallJournal.magic) { CallJournal.appendFrame($1, to: &$0) }
  }

  private static func read(_ bytes: [UInt8]) -> [[UInt8]] {
    let path = scratch.write(bytes, to: "1.journal")
    return expectNoThrow("a file that is there is read") {
      try CallJournal.payloads(of: URL(filePath: path))
    }
  }

  /// What the next run does with a payload.
  private static func check(payload: [UInt8]) {
    guard let record = try? Record(.calls, line: payload), (try? CallKeys.key(record)) != nil
    else { return }
    check(line: payload)
    _ = try? RecordedCall(record, isCached: true)
  }
}
