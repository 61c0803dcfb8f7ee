import TestSupport
import Testing

@testable import Teachers

@Suite("APIKey")
struct APIKeyTests {
  static let secret = "sk-proj-0123456789abcdefABCDEF"

  @Test("a key is sent as a bearer token, without the white space around it")
  func sent() async throws {
    let key = " \(APIKeyTests.secret)\n"
    try await withBench(apiKey: key, script: { _ in .answer("4") }) { bench in
      _ = try await bench.teacher.reply(to: request())
      #expect(
        bench.server.requests.first?.headers["authorization"] == "Bearer \(APIKeyTests.secret)")
    }
  }

  @Test("an empty key is no key", arguments: ["", " ", "\r\n"])
  func empty(text: String) {
    #expect(APIKey(text) == nil)
  }

  @Test(
    "a server that echoes the key puts it in no error and no log",
    arguments: [302, 400, 401, 403, 404, 429, 500, 503])
  func echoed(status: Int) async throws {
    let secret = APIKeyTests.secret
    let script: FakeChatServer.Script = { asked in
      let sent = asked.headers["authorization"] ?? ""
      return .failure(
        status, "bad \(sent), \(secret)\u{301} and \(String(repeating: "x", count: 230))\(secret)",
        headers: ["www-authenticate": sent, "location": "http://x/\(secret)", "x-key": secret])
    }
    try await withBench(apiKey: secret, keyVariable: "MY_KEY", script: script) { bench in
      let error = try await bench.failure()
      var dumped = ""
      dump(error, to: &dumped)
      for text in [dumped, "\(error)", String(reflecting: error)] + bench.log.lines {
        #expect(!text.contains("sk-proj"))
        #expect(!text.utf8.contains(Array(secret.utf8)))
      }
      #expect(error.message.contains(APIKey.placeholder))
    }
  }

  @Test("a server that echoes a key as a malformed answer or a text puts it in no answer")
  func echoedInAnswer() async throws {
    let script: FakeChatServer.Script = { asked in
      let sent = asked.headers["authorization"] ?? ""
      return asked.index == 0 ? .text("you sent \(sent)") : .answer("you sent \(sent)")
    }
    try await withBench(apiKey: APIKeyTests.secret, script: script) { bench in
      let malformed = try await bench.teacher.reply(to: request()).answer
      #expect(malformed == Answer(text: "you sent Bearer (API key)", finish: .malformed))
      let answer = try await bench.teacher.reply(to: request()).answer
      #expect(answer == Answer(text: "you sent Bearer (API key)", finish: .stop))
    }
  }

  @Test("the dummy key of a local server is left alone in an answer")
  func dummy() throws {
    let key = try #require(APIKey("EMPTY"))
    #expect(key.removed(fromAnswer: "EMPTY") == "EMPTY")
    #expect(key.removed(fromMessage: "not EMPTY") == "not (API key)")
  }

  @Test("neither settings nor a teacher show the key")
  func dumped() async throws {
    try await withBench(apiKey: APIKeyTests.secret, script: { _ in .answer("4") }) { bench in
      let settings = ServerSettings(baseURLs: [bench.server.baseURL], apiKey: APIKeyTests.secret)
      var text = "\(settings) \(String(reflecting: settings)) \(bench.teacher)"
      dump(settings, to: &text)
      dump(bench.teacher, to: &text)
      #expect(!text.contains("sk-proj"))
    }
  }

  @Test(
    "a key that is refused is asked for by the name of its variable",
    arguments: [
      (
        nil, "MY_KEY", "asks for an API key",
        "set the environment variable 'MY_KEY' to the API key"
      ),
      (
        APIKeyTests.secret, "MY_KEY", "refuses the API key",
        "correct the API key in the environment variable 'MY_KEY'"
      ),
      (
        nil, nil, "asks for an API key",
        "name the key's environment variable as teachers.generator.api-key-variable in recipe.yaml"
      ),
    ] as [(String?, String?, String, String)])
  func hint(key: String?, variable: String?, said: String, hint: String) async throws {
    try await withBench(apiKey: key, keyVariable: variable) { _ in
      .status(401)
    } test: { bench in
      let error = try await bench.failure()
      #expect(error.code == .unauthorized)
      #expect(error.message == "'\(bench.server.baseURL)' \(said) (status 401)")
      #expect(error.hint == hint)
      #expect(bench.server.requestCount == 1)
    }
  }
}
