import CanonicalJSON
import TestSupport
import Testing

@testable import Teachers

@Suite("Anthropic messages")
struct AnthropicMessagesTests {
  private static let form = AnthropicMessages()

  @Test("a full request is sent with these bytes")
  func fullBody() throws {
    let body = String(
      decoding: try Self.form.body(of: RequestForm(CallKeyTests.full)), as: UTF8.self)
    #expect(
      body == #"{"model":"gpt-5-mini","max_tokens":512,"system":"Be brief.","#
        + #""messages":[{"role":"user","content":"Write one problem."}],"#
        + #""temperature":0.7,"top_p":0.95,"#
        + #""output_config":{"format":{"type":"json_schema","#
        + #""schema":{"type":"object","properties":{"b":{},"a":{}}}}}}"#)
  }

  @Test("a limit is always sent, and a temperature that the protocol takes")
  func leastBody() throws {
    var asked = request("2 + 2?")
    asked.sampling.temperature = 1.6
    let body = String(decoding: try Self.form.body(of: RequestForm(asked)), as: UTF8.self)
    #expect(
      body == #"{"model":"fake-1","max_tokens":4096,"#
        + #""messages":[{"role":"user","content":"2 + 2?"}],"temperature":1}"#)
  }

  @Test(
    "a response is read for its text and its end",
    arguments: [
      ("end_turn", Answer.Finish.stop), ("stop_sequence", .stop), ("max_tokens", .length),
      ("model_context_window_exceeded", .length), ("refusal", .refusal), ("pause_turn", .stop),
    ])
  func reads(reason: String, finish: Answer.Finish) throws {
    let json = try JSON(
      parsing: """
        {"id":"msg_01","type":"message","role":"assistant","model":"m","content":[\
        {"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"fo"},\
        {"type":"text","text":"ur"}],"stop_reason":"\(reason)","stop_sequence":null,\
        "usage":{"input_tokens":10,"cache_creation_input_tokens":2,"cache_read_input_tokens":3,\
        "output_tokens":7}}
        """)
    let reply = try #require(Self.form.reply(in: json))
    #expect(reply.answer == Answer(text: "four", finish: finish))
    #expect(reply.usage == Usage(inputTokens: 15, outputTokens: 7))
  }

  @Test("a refusal without text is an answer, and an end without text is none")
  func empty() throws {
    let refused: JSON = ["type": "message", "content": [], "stop_reason": "refusal"]
    #expect(Self.form.reply(in: refused)?.answer == Answer(text: "", finish: .refusal))
    let nothing: JSON = ["type": "message", "content": [], "stop_reason": "end_turn"]
    #expect(Self.form.reply(in: nothing) == nil)
    #expect(Self.form.reply(in: ["choices": []]) == nil)
  }

  @Test("a server that is overloaded is asked again, with its key and version each time")
  func exchange() async throws {
    let script: FakeChatServer.Script = { asked in
      asked.index == 0
        ? .text(
          #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
          status: 529)
        : .text(
          #"{"type":"message","content":[{"type":"text","text":"4"}],"stop_reason":"end_turn"}"#)
    }
    try await withBench(
      apiKey: "sk-ant-0123456789abcdef", configure: { $0.form = .anthropicMessages },
      script: script
    ) { bench in
      let text = try await bench.text()
      #expect(text == "4")
      #expect(bench.server.requests.map(\.path) == ["/v1/messages", "/v1/messages"])
      for asked in bench.server.requests {
        #expect(asked.headers["x-api-key"] == "sk-ant-0123456789abcdef")
        #expect(asked.headers["anthropic-version"] == "2023-06-01")
        #expect(asked.headers["authorization"] == nil)
      }
    }
  }

  @Test("what the server says of a request that it refuses is told")
  func refused() async throws {
    let body =
      #"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: too many"}}"#
    try await withBench(
      configure: { $0.form = .anthropicMessages }, script: { _ in .text(body, status: 400) }
    ) { bench in
      let error = try await bench.failure()
      #expect(error.code == .rejected)
      #expect(error.message.contains("max_tokens: too many"))
      #expect(bench.server.requestCount == 1)
    }
  }
}
