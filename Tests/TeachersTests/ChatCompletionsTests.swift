import CanonicalJSON
import TestSupport
import Testing

@testable import Teachers

@Suite("Chat completions: requests")
struct ChatCompletionsTests {
  @Test("a full request is sent with these bytes")
  func fullBody() throws {
    let body = String(
      decoding: try ChatCompletions().body(of: RequestForm(CallKeyTests.full)), as: UTF8.self)
    #expect(
      body == #"{"model":"gpt-5-mini","messages":["#
        + #"{"role":"system","content":"Be brief."},"#
        + #"{"role":"user","content":"Write one problem."}],"#
        + #""temperature":0.7,"top_p":0.95,"max_tokens":512,"seed":1066405762,"#
        + #""response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"#
        + #""schema":{"type":"object","properties":{"b":{},"a":{}}}}},"stream":false}"#)
  }

  @Test("what is left to the server is not sent")
  func leastBody() throws {
    let body = String(
      decoding: try ChatCompletions().body(of: RequestForm(request("2 + 2?"))), as: UTF8.self)
    #expect(
      body == #"{"model":"fake-1","messages":[{"role":"user","content":"2 + 2?"}],"#
        + #""seed":910434573,"stream":false}"#)
  }

  @Test("the seed is the low 31 bits of the call's key")
  func seed() throws {
    for draw in 0..<20 {
      let asked = request(draw: "slot \(draw)")
      let seed = try #require(
        try JSON(parsing: ChatCompletions().body(of: RequestForm(asked)))["seed"]?.int)
      let digits = CallKey(of: asked).description.suffix(8)
      #expect(seed == (Int(digits, radix: 16) ?? -1) & 0x7FFF_FFFF)
    }
  }

  @Test("the schema's properties keep their order, white space aside")
  func schemaOrder() throws {
    var asked = request()
    asked.schema = #"{ "properties": {"why": {}, "answer": {}, "Z": {}, "a": {}}, "$id": "x" }"#
    let body = String(decoding: try ChatCompletions().body(of: RequestForm(asked)), as: UTF8.self)
    #expect(
      body.contains(#""schema":{"properties":{"why":{},"answer":{},"Z":{},"a":{}},"$id":"x"}"#))
  }

  @Test("a text with quotes, controls and other scripts arrives as it was")
  func escaping() throws {
    let text = "\"\\ \n\t\u{1} é 漢字 👩‍🚀 \u{2028}"
    let json = try JSON(parsing: ChatCompletions().body(of: RequestForm(request(text))))
    #expect(json["messages"]?.array?.first?["content"]?.string == text)
  }

  @Test("the task, the inputs, the draw and the try are not sent")
  func privateParts() throws {
    let body = String(
      decoding: try ChatCompletions().body(of: RequestForm(CallKeyTests.full)), as: UTF8.self)
    for part in ["write-sample", "trains", "slot 12", "2026-01-01"] {
      #expect(!body.contains(part))
    }
  }

  @Test("a schema that is not JSON cannot be sent")
  func badSchema() {
    var asked = request()
    asked.schema = "{"
    let error = #expect(throws: TeacherError.self) {
      try ChatCompletions().body(of: RequestForm(asked))
    }
    #expect(error?.code == .unusable)
  }
}
