import ArtifactStore
import CanonicalJSON
import Testing

@testable import Teachers

/// The line of a call is canonical JSON, and what is read from it as bytes is what JSON says.
@Suite("The text of calls")
struct CallTextTests {
  static let requests = [
    CallRequest(task: "solve", provider: "openai", model: "m", messages: [], draw: ""),
    CallRequest(
      task: "generate", provider: "embedded", model: "a \"quoted\" é model", revision: "r1",
      messages: [
        Message(.system, "line\nline\u{7}\u{1F600}"), Message(.user, "\\ \" / é\u{301}\u{0}"),
        Message(.assistant, ""),
      ], sampling: Sampling(temperature: 0.7, topP: 0.95, maxTokens: 4096),
      schema: #"{"type":"object","properties":{"b":{},"a":{}}}"#,
      inputs: [
        "z": ["x", 1, 2.5, nil, true], "a": ["long name": "v", "b": ["c": []]], "\u{E000}": 1,
        "\u{1F600}": 2, "count": -3,
      ], draw: "slot 1 attempt 2", attempt: 2),
    CallRequest(
      task: "t", provider: "p", model: "", revision: "", messages: [Message(.user, "x")],
      sampling: Sampling(temperature: 0, topP: 1e-7, maxTokens: 1), inputs: [], draw: "d"),
  ]
  static let answers = [
    Answer(text: "", finish: .stop), Answer(text: "{\"answer\":\"\\n\"}", finish: .length),
    Answer(text: #"","key":"","request":{},"usage":{"input":1,"output":2}}"#, finish: .malformed),
    Answer(text: "é\u{301}\u{1F600}\u{0}\u{1F}\u{7F}\n\t", finish: .refusal),
  ]

  @Test("A record is the canonical JSON of request and answer", arguments: requests, answers)
  func record(request: CallRequest, answer: Answer) throws {
    let reply = Reply(answer: answer, usage: Usage(inputTokens: 12, outputTokens: 0))
    let value: JSON = [
      "answer": ["finish": .string(answer.finish.rawValue), "text": .string(answer.text)],
      "key": .string(CallKey(of: request).description), "request": request.json,
      "usage": ["input": 12, "output": 0],
    ]
    let record = RecordedCall.record(request, reply: reply)
    #expect(record == Record(.calls, value))
    #expect(try record == Record(.calls, line: value.canonicalBytes))
  }

  @Test("What is read as bytes is what JSON says", arguments: requests, answers)
  func reading(request: CallRequest, answer: Answer) throws {
    let reply = Reply(answer: answer, usage: Usage(inputTokens: 1 << 40, outputTokens: 7))
    let record = RecordedCall.record(request, reply: reply)
    let call = try #require(CallText.call(FoundCall(record), to: RequestForm(request)))
    #expect(try call == RecordedCall(record, isCached: true))
    #expect(call.answer == answer)
    for other in Self.requests where other != request {
      #expect(CallText.call(FoundCall(record), to: RequestForm(other)) == nil)
    }
  }

  @Test("A line of another form or request is left to be read as JSON")
  func others() throws {
    let request = Self.requests[1]
    let reply = Reply(answer: Answer(text: "a", finish: .stop), usage: Usage())
    let text = String(decoding: RecordedCall.record(request, reply: reply).line, as: UTF8.self)
    for (old, new) in [
      ("\"finish\":\"stop\"", "\"finish\":\"whim\""), ("\"text\":\"a\"", "\"text\":1"),
      ("\"text\":\"a\"", "\"text\":\"a\",\"x\":\"b\""), ("\"key\":\"", "\"key\":\"0"),
      ("\"try\":2", "\"try\":3"), ("{\"answer\"", "{ \"answer\""),
      ("\"output\":0", "\"output\":-1"),
    ] {
      let line = Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
      #expect(line != Array(text.utf8))
      let record = try Record(.calls, line: line)
      #expect(CallText.call(FoundCall(record), to: RequestForm(request)) == nil, "\(new)")
    }
  }

  @Test("Numbers are written as ECMAScript writes them")
  func numbers() {
    for (value, text) in [
      (0.5, "0.5"), (-0.125, "-0.125"), (0.1 + 0.2, "0.30000000000000004"), (1e-3, "0.001"),
      (1.0005, "1.0005"), (123456789012.345, "123456789012.345"), (0.1234, "0.1234"),
      (9007199254740992, "9007199254740992"), (-7, "-7"), (-0.0, "0"), (2.05, "2.05"),
      (1e21, "1e+21"), (Double.leastNonzeroMagnitude, "5e-324"),
      (999999999999.999, "999999999999.999"),
    ] { #expect(JSON.number(value).text == text) }
  }
}
