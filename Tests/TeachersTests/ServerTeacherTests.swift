import CanonicalJSON
import TestSupport
import Testing

@testable import Teachers

@Suite("ServerTeacher")
struct ServerTeacherTests {
  @Test("a request is one POST of its body to the completions of the base URL")
  func exactRequest() async throws {
    try await withBench(script: { _ in .answer("4", inputTokens: 3, outputTokens: 1) }) { bench in
      let reply = try await bench.teacher.reply(to: CallKeyTests.full)
      #expect(reply.answer == Answer(text: "4", finish: .stop))
      #expect(reply.usage == Usage(inputTokens: 3, outputTokens: 1))
      let sent = try #require(bench.server.requests.first)
      #expect(bench.server.requestCount == 1)
      #expect(sent.method == "POST")
      #expect(sent.path == "/v1/chat/completions")
      #expect(sent.body == (try ChatCompletions().body(of: RequestForm(CallKeyTests.full))))
      #expect(sent.headers["content-type"] == "application/json")
      #expect(sent.headers["content-length"] == String(sent.body.count))
      #expect(sent.headers["authorization"] == nil)
    }
  }

  @Test("a slash at the end of the base URL changes nothing")
  func trailingSlash() async throws {
    try await withBench(configure: { $0.baseURLs[0] += "/" }, script: { _ in .answer("4") }) {
      bench in
      _ = try await bench.teacher.reply(to: request())
      #expect(bench.server.requests.first?.path == "/v1/chat/completions")
    }
  }

  @Test("a complete body that is no chat completion is an answer, and not asked again")
  func malformed() async throws {
    try await withBench(script: { _ in .text("<html>", contentType: "text/html") }) { bench in
      let reply = try await bench.teacher.reply(to: request())
      #expect(reply.answer == Answer(text: "<html>", finish: .malformed))
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("an answer that is not UTF-8 is a malformed answer")
  func notUTF8() async throws {
    try await withBench(script: { _ in .notUTF8 }) { bench in
      let reply = try await bench.teacher.reply(to: request())
      #expect(reply.answer.finish == .malformed)
      #expect(reply.answer.text.contains("a\u{FFFD}b"))
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("a refusal is an answer, and not asked again")
  func refusal() async throws {
    let message: JSON = ["role": "assistant", "content": nil, "refusal": "I cannot."]
    try await withBench(script: { _ in .message(message, finish: "stop") }) { bench in
      let reply = try await bench.teacher.reply(to: request())
      #expect(reply.answer == Answer(text: "I cannot.", finish: .refusal))
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("an answer that comes late but in time is taken")
  func late() async throws {
    try await withBench(script: { _ in .delayed(.milliseconds(50), .answer("4")) }) { bench in
      let text = try await bench.text()
      #expect(text == "4")
    }
  }

  @Test("a body that ends with its connection is an answer only when it is a chat completion")
  func unframed() async throws {
    let whole = Array(FakeChatServer.completion("4").utf8)
    let script: FakeChatServer.Script = { asked in
      asked.index == 0 ? .unframed(Array(whole.prefix(40))) : .unframed(whole)
    }
    try await withBench(script: script) { bench in
      let text = try await bench.text()
      #expect(text == "4")
      #expect(bench.server.requestCount == 2)
    }
  }

  @Test("a response larger than the limit is an error, and not asked again")
  func oversized() async throws {
    try await withBench(configure: { $0.largestResponse = 100_000 }) { asked in
      asked.index == 0
        ? .huge(20 << 20) : .body(Array(repeating: UInt8(ascii: " "), count: 100_001))
    } test: { bench in
      for count in 1...2 {
        let error = try await bench.failure()
        #expect(error.code == .oversized)
        #expect(error.message.hasSuffix("is larger than 100000 bytes"))
        #expect(bench.server.requestCount == count)
      }
    }
  }

  @Test("a response as large as the limit is read")
  func atLimit() async throws {
    let body = Array(FakeChatServer.completion("4").utf8)
    try await withBench(configure: { $0.largestResponse = body.count }) { _ in
      .body(body)
    } test: { bench in
      let text = try await bench.text()
      #expect(text == "4")
    }
  }

  @Test("a redirect is not followed")
  func redirect() async throws {
    try await withFakeChatServer { other in
      let target = other.baseURL + "/chat/completions"
      let script: FakeChatServer.Script = { _ in .status(307, headers: ["location": target]) }
      try await withBench(apiKey: "sk-0123456789abcdef", script: script) { bench in
        let error = try await bench.failure()
        #expect(error.code == .rejected)
        #expect(
          error.message
            == "'\(bench.server.baseURL)' sends requests elsewhere (status 307): \(target)")
        #expect(bench.server.requestCount == 1)
      }
      #expect(other.requestCount == 0)
    }
  }

  @Test("settings that cannot work are refused before anything is sent")
  func badSettings() async throws {
    await ServerClient.withClient(connectionsPerHost: 1) { client in
      let usable = ServerSettings(baseURLs: ["http://127.0.0.1:1/v1"], keyVariable: "MY_KEY")
      var noPlace = usable
      noPlace.concurrency = 0
      var noTime = usable
      noTime.timeout = .zero
      let badKey = ServerSettings(
        baseURLs: usable.baseURLs, apiKey: "sk-secret\r\nx: y", keyVariable: "MY_KEY")
      var badURL = usable
      badURL.baseURLs = ["127.0.0.1"]
      var noURL = usable
      noURL.baseURLs = []
      for settings in [noPlace, noTime, badKey, badURL, noURL] {
        let error = #expect(throws: TeacherError.self) {
          try ServerTeacher(settings: settings, client: client, logger: LogRecorder().logger)
        }
        #expect(error?.code == .unusable)
        #expect(error.map { "\($0)".contains("secret") } == false)
      }
    }
  }

  @Test("a client that is shut down twice answers no more calls")
  func shutDown() async throws {
    try await withBench(script: { _ in .answer("4") }) { bench in
      await bench.client.shutdown()
      await bench.client.shutdown()
      let error = try await bench.failure()
      #expect(error.code == .cancelled)
      #expect(bench.server.requestCount == 0)
    }
  }
}
