package import CanonicalJSON

extension FakeChatServer {
  /// What a server does with one request.
  package indirect enum Behaviour: Sendable {
    /// A chat completion.
    case answer(
      _ text: String, finish: String = "stop", inputTokens: Int = 11, outputTokens: Int = 7)
    /// A chat completion with a message of the test's own.
    case message(JSON, finish: String?)
    /// Any bytes, with their length declared.
    case body(
      _ bytes: [UInt8], status: Int = 200, headers: [String: String] = [:],
      contentType: String = "application/json")
    /// A body without a declared length, which ends with the connection.
    case unframed(_ bytes: [UInt8])
    case status(Int, headers: [String: String] = [:])
    case delayed(Duration, Behaviour)
    /// Ends the connection without a response.
    case cut
    /// Ends the connection in the middle of a chat completion.
    case cutMidBody
    /// Sends a chat completion byte by byte.
    case drip(_ text: String, every: Duration)
    /// Never answers.
    case silence
    /// Falls silent in the middle of a chat completion.
    case stall
    /// A body of so many letters, made while it is sent.
    case huge(_ bytes: Int, status: Int = 200, isLengthDeclared: Bool = false)

    /// A body of text.
    package static func text(
      _ text: String, status: Int = 200, headers: [String: String] = [:],
      contentType: String = "application/json"
    ) -> Behaviour {
      .body(Array(text.utf8), status: status, headers: headers, contentType: contentType)
    }

    /// A failure in the form that OpenAI uses.
    package static func failure(
      _ status: Int, _ message: String, code: String? = nil, headers: [String: String] = [:]
    ) -> Behaviour {
      let error: JSON = ["message": .string(message), "code": code.map(JSON.string) ?? .null]
      return .text((["error": error] as JSON).text, status: status, headers: headers)
    }

    /// A chat completion that holds bytes which are not UTF-8.
    package static var notUTF8: Behaviour {
      let text = completion("a?b")
      return .body(Array(text.utf8).map { $0 == UInt8(ascii: "?") ? 0xFF : $0 })
    }

    /// An answer that is a function of the request's bytes alone.
    package static func echo(of request: RequestInfo) -> Behaviour {
      .answer(
        FakeChatServer.echo(of: request.body), inputTokens: request.body.count, outputTokens: 1)
    }
  }

  /// The text of ``Behaviour/echo(of:)``: a small JSON object with a 64-bit FNV-1a hash.
  package static func echo(of body: [UInt8]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in body { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01B3 }
    return #"{"echo":"\#(String(hash, radix: 16))"}"#
  }

  /// The JSON of a chat completion with a text.
  package static func completion(
    _ text: String, finish: String? = "stop", input: Int = 11, output: Int = 7
  ) -> String {
    completion(
      message: ["role": "assistant", "content": .string(text)], finish: finish, input: input,
      output: output)
  }

  /// The JSON of a chat completion.
  package static func completion(
    message: JSON, finish: String?, input: Int = 11, output: Int = 7
  ) -> String {
    let choice: JSON = [
      "index": 0, "message": message, "finish_reason": finish.map(JSON.string) ?? .null,
    ]
    let usage: JSON = [
      "prompt_tokens": JSON(input), "completion_tokens": JSON(output),
      "total_tokens": JSON(input + output),
    ]
    let body: JSON = [
      "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000,
      "model": "fake", "choices": [choice], "usage": usage,
    ]
    return body.text
  }
}
