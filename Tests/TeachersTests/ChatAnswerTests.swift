import CanonicalJSON
import TestSupport
import Testing

@testable import Teachers

@Suite("ChatAnswer")
struct ChatAnswerTests {
  struct Case: Sendable {
    let message: JSON
    let finishReason: String?
    let expected: Answer

    init(_ message: JSON, _ finishReason: String?, _ finish: Answer.Finish, _ text: String) {
      self.message = message
      self.finishReason = finishReason
      expected = Answer(text: text, finish: finish)
    }
  }

  static let cases = [
    Case(["content": "four"], "stop", .stop, "four"),
    Case(["content": "four"], "length", .length, "four"),
    Case(["content": "four"], "content_filter", .filtered, "four"),
    Case(["content": "four"], "eos", .stop, "four"),
    Case(["content": "four"], nil, .stop, "four"),
    Case(["content": ""], "stop", .stop, ""),
    Case(["content": nil, "refusal": "I cannot."], "stop", .refusal, "I cannot."),
    Case(["content": "", "refusal": "I cannot."], "stop", .refusal, "I cannot."),
    Case(["content": "four", "refusal": nil], "stop", .stop, "four"),
    Case(["content": "four", "refusal": ""], "stop", .stop, "four"),
    Case(["content": nil], "length", .length, ""),
    Case(["content": nil], "content_filter", .filtered, ""),
    Case([:], "length", .length, ""),
    Case(
      ["content": [["type": "text", "text": "fo"], ["type": "text", "text": "ur"]]], "stop", .stop,
      "four"),
    Case(
      ["content": [["type": "thinking", "thinking": "hm"], ["type": "text", "text": "4"]]], "stop",
      .stop, "4"),
    Case(
      ["content": [["type": "refusal", "refusal": "I cannot."]]], "stop", .refusal, "I cannot."),
    Case(["content": "four", "reasoning_content": "hm"], "stop", .stop, "four"),
  ]

  @Test("a chat completion is read for its text and its end", arguments: cases)
  func reads(example: Case) {
    let body = FakeChatServer.completion(message: example.message, finish: example.finishReason)
    let reply = chatReply(in: Array(body.utf8), key: nil)
    #expect(reply.answer == example.expected)
    #expect(reply.usage == Usage(inputTokens: 11, outputTokens: 7))
  }

  @Test(
    "a body that is no chat completion is kept as a malformed answer",
    arguments: [
      "", "hello", "{}", "[]", "null", #"{"choices":[]}"#, #"{"choices":[{}]}"#,
      #"{"choices":[{"message":{"content":null},"finish_reason":"stop"}]}"#,
      #"{"choices":[{"message":{"content":7},"finish_reason":"stop"}]}"#,
      #"{"choices":[{"message":{"content":[]},"finish_reason":"stop"}]}"#,
      #"{"choices":[{"message":{"content":"cut"#, "data: {}\n\ndata: [DONE]\n\n",
      #"{"error":{"message":"overloaded"}}"#,
    ])
  func malformed(body: String) {
    let reply = chatReply(in: Array(body.utf8), key: nil)
    #expect(reply.answer == Answer(text: body, finish: .malformed))
    #expect(reply.usage == Usage())
  }

  @Test("bytes that are not UTF-8 are replaced in a malformed answer")
  func notUTF8() {
    let reply = chatReply(in: [0x61, 0xFF, 0x62], key: nil)
    #expect(reply.answer == Answer(text: "a\u{FFFD}b", finish: .malformed))
  }

  @Test("a malformed answer is cut between characters", arguments: [0x61, 0xFF, 0xC3] as [UInt8])
  func cap(byte: UInt8) {
    let limit = MalformedReply.limit
    let text = chatReply(in: [byte] + Array(repeating: byte, count: limit * 2), key: nil)
      .answer.text
    #expect((limit - 3...limit).contains(text.utf8.count))
    let whole = chatReply(in: Array(repeating: byte, count: 100), key: nil).answer.text
    #expect(whole.unicodeScalars.count == 100)
  }

  @Test("a cut does not split a character")
  func capInsideCharacter() {
    let limit = MalformedReply.limit
    let body = Array("a".utf8) + Array(String(repeating: "漢", count: limit / 3 + 9).utf8)
    let text = chatReply(in: body, key: nil).answer.text
    #expect(text.utf8.count == limit)
    #expect(!text.contains("\u{FFFD}"))
  }

  @Test(
    "a count of tokens that makes no sense counts as none",
    arguments: [#"{"prompt_tokens":-3,"completion_tokens":1.5}"#, "null", "7", "{}"])
  func badUsage(usage: String) {
    let body = #"{"choices":[{"message":{"content":"x"}}],"usage":\#(usage)}"#
    #expect(chatReply(in: Array(body.utf8), key: nil).usage == Usage())
  }
}
