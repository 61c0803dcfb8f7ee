import CanonicalJSON
import TestSupport
import Testing

@testable import Teachers

@Suite("Gemini contents")
struct GeminiContentsTests {
  private static let form = GeminiContents()

  @Test("a full request is sent with these bytes")
  func fullBody() throws {
    let body = String(
      decoding: try Self.form.body(of: RequestForm(CallKeyTests.full)), as: UTF8.self)
    #expect(
      body == #"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"#
        + #""contents":[{"role":"user","parts":[{"text":"Write one problem."}]}],"#
        + #""generationConfig":{"temperature":0.7,"topP":0.95,"maxOutputTokens":512,"#
        + #""seed":1066405762,"responseMimeType":"application/json","#
        + #""responseJsonSchema":{"type":"object","properties":{"b":{},"a":{}}}}}"#)
  }

  @Test("an assistant's part of a conversation has the name that the protocol wants")
  func roles() throws {
    var asked = request("2 + 2?")
    asked.messages += [Message(.assistant, "5"), Message(.user, "No.")]
    let json = try JSON(parsing: Self.form.body(of: RequestForm(asked)))
    #expect(json["contents"]?.array?.map { $0["role"] } == ["user", "model", "user"])
    #expect(json["systemInstruction"] == nil)
  }

  @Test(
    "a model's name is one step of the path, whatever it holds",
    arguments: [
      ("gemini-2.5-flash", "/models/gemini-2.5-flash:generateContent"),
      ("../x?key=1#é", "/models/..%2Fx%3Fkey%3D1%23%C3%A9:generateContent"),
    ])
  func path(model: String, path: String) {
    var asked = request()
    asked.model = model
    #expect(Self.form.path(of: asked) == path)
  }

  @Test(
    "a response is read for its text and its end",
    arguments: [
      ("STOP", Answer.Finish.stop), ("MAX_TOKENS", .length), ("SAFETY", .filtered),
      ("RECITATION", .filtered), ("PROHIBITED_CONTENT", .filtered), ("SPII", .filtered),
      ("BLOCKLIST", .filtered), ("OTHER", .stop),
    ])
  func reads(reason: String, finish: Answer.Finish) throws {
    let json = try JSON(
      parsing: """
        {"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"fo"},\
        {"text":"ur"}],"role":"model"},"finishReason":"\(reason)","index":0}],\
        "usageMetadata":{"promptTokenCount":11,"candidatesTokenCount":4,"thoughtsTokenCount":3,\
        "totalTokenCount":18},"modelVersion":"m"}
        """)
    let reply = try #require(Self.form.reply(in: json))
    #expect(reply.answer == Answer(text: "four", finish: finish))
    #expect(reply.usage == Usage(inputTokens: 11, outputTokens: 7))
  }

  @Test("a prompt that is blocked and an answer that is held back are filtered")
  func filtered() throws {
    let blocked: JSON = [
      "promptFeedback": ["blockReason": "SAFETY"], "usageMetadata": ["promptTokenCount": 5],
    ]
    #expect(Self.form.reply(in: blocked)?.answer == Answer(text: "", finish: .filtered))
    #expect(Self.form.reply(in: blocked)?.usage.inputTokens == 5)
    let held: JSON = ["candidates": [["finishReason": "SAFETY"]]]
    #expect(Self.form.reply(in: held)?.answer == Answer(text: "", finish: .filtered))
    #expect(Self.form.reply(in: ["candidates": [["finishReason": "STOP"]]]) == nil)
    #expect(Self.form.reply(in: ["promptFeedback": [:]]) == nil)
  }

  @Test("a rate limit is waited out, with the key in its header and not in the path")
  func exchange() async throws {
    let script: FakeChatServer.Script = { asked in
      asked.index == 0
        ? .text(
          #"{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}"#,
          status: 429)
        : .text(#"{"candidates":[{"content":{"parts":[{"text":"4"}]},"finishReason":"STOP"}]}"#)
    }
    try await withBench(
      apiKey: "AIza0123456789abcdef", configure: { $0.form = .geminiContents }, script: script
    ) { bench in
      let text = try await bench.text()
      #expect(text == "4")
      #expect(bench.server.requestCount == 2)
      for asked in bench.server.requests {
        #expect(asked.path == "/v1/models/fake-1:generateContent")
        #expect(asked.headers["x-goog-api-key"] == "AIza0123456789abcdef")
        #expect(asked.headers["authorization"] == nil)
      }
    }
  }
}
