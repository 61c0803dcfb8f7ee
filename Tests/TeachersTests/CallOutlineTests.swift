import ArtifactStore
import CanonicalJSON
import Dataset
import Testing

@testable import Teachers

@Suite("Calls read for statistics and import")
struct CallOutlineTests {
  private static let texts = [
    "", "plain", #"","task":"other","#, #"{"model":"x","task":"y"}"#, "\\", "\"", "a\nb\u{7F}ü😀",
    #"","usage":{"input":1,"output":2}}"#,
  ]

  /// Requests that put such texts wherever a text can stand.
  private static func requests() -> [CallRequest] {
    texts.flatMap { text in
      texts.map { other in
        var request = CallRequest(
          task: "task\(text)", provider: "p", model: "model\(other)",
          messages: [Message(.system, other), Message(.user, text)], draw: text, attempt: 2)
        if !text.isEmpty {
          request.revision = text
          request.schema = #"{"type":"object"}"#
          request.inputs = ["model": .string(other), "task": .string(text)]
          request.sampling = Sampling(temperature: 0.25, topP: 1, maxTokens: 7)
        }
        return request
      }
    }
  }

  @Test("an outline is what reading the whole line gives, whatever stands in the texts")
  func outline() throws {
    for (number, request) in Self.requests().enumerated() {
      let finish = Answer.Finish.allCases[number % Answer.Finish.allCases.count]
      let reply = Reply(
        answer: Answer(text: request.draw, finish: finish),
        usage: Usage(inputTokens: number, outputTokens: 1 << 40))
      let record = RecordedCall.record(request, reply: reply)
      let around = Array("noise".utf8) + record.line + Array("\nnoise".utf8)
      let outline = try #require(CallOutline(around[5..<(5 + record.line.count)]))
      #expect(outline.finish == finish && outline.model == request.model)
      #expect(outline.task == request.task && outline.usage == reply.usage)
    }
    for text in ["", "{}", "null", #"{"answer":{"finish":"stop"#, #"{"answer":{"finish":"?"}}"#] {
      #expect(CallOutline(Array(text.utf8)[...]) == nil, "\(text)")
    }
  }

  @Test("what this program writes is taken back with the same id, line and key")
  func foreign() throws {
    for request in Self.requests() {
      let reply = Reply(answer: Answer(text: "2", finish: .stop), usage: Usage())
      let record = RecordedCall.record(request, reply: reply)
      let taken = try ForeignCall.record(record.line)
      #expect(taken.record == record && taken.record.line == record.line)
      #expect(taken.key == CallKey(of: request).digest)
    }
  }
}
