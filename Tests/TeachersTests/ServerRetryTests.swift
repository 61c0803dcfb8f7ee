import TestSupport
import Testing

@testable import Teachers

@Suite("ServerTeacher retries")
struct ServerRetryTests {
  static let allWaits: [Duration] = [
    .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8),
  ]

  @Test("a failure that passes is not seen", arguments: [408, 409, 429, 500, 502, 503, 504, 529])
  func recovery(status: Int) async throws {
    let script: FakeChatServer.Script = { asked in
      asked.index < 2 ? .status(status) : .answer("4")
    }
    try await withBench(script: script) { bench in
      let text = try await bench.text()
      #expect(text == "4")
      #expect(bench.server.requestCount == 3)
      #expect(Set(bench.server.bodies).count == 1)
      #expect(bench.clock.waits == Array(ServerRetryTests.allWaits.prefix(2)))
    }
  }

  @Test(
    "a failure that stays is given up after all tries",
    arguments: [
      (408, .timeout), (409, .rejected), (500, .serverFault), (502, .serverFault),
    ] as [(Int, TeacherError.Code)])
  func exhaustion(status: Int, code: TeacherError.Code) async throws {
    try await withBench(script: { _ in .failure(status, "try later") }) { bench in
      let error = try await bench.failure()
      #expect(error.code == code)
      #expect(error.message.contains("after 6 tries (status \(status)): try later"))
      #expect(error.hint != nil)
      #expect(bench.server.requestCount == 6)
      #expect(bench.clock.waits == ServerRetryTests.allWaits)
    }
  }

  @Test(
    "a server that has too many is asked for ten minutes, and then no more",
    arguments: [(429, .rateLimited), (503, .serverFault)] as [(Int, TeacherError.Code)])
  func busy(status: Int, code: TeacherError.Code) async throws {
    try await withBench(script: { _ in .failure(status, "try later") }) { bench in
      let error = try await bench.failure()
      #expect(error.code == code)
      let count = bench.server.requestCount
      #expect(error.message.contains("after \(count) tries (status \(status)): try later"))
      #expect((15...40).contains(count))
      let waited = bench.clock.waits.reduce(.zero, +)
      #expect((.seconds(500)...(.seconds(600))).contains(waited))
    }
  }

  @Test(
    "a request that is refused is asked once",
    arguments: [
      (400, .rejected), (401, .unauthorized), (403, .unauthorized), (404, .rejected),
      (413, .rejected), (422, .rejected), (501, .serverFault),
    ] as [(Int, TeacherError.Code)])
  func refused(status: Int, code: TeacherError.Code) async throws {
    try await withBench(script: { _ in .failure(status, "no such thing") }) { bench in
      let error = try await bench.failure()
      #expect(error.code == code)
      #expect(error.message.contains("'\(bench.server.baseURL)'"))
      #expect(error.message.hasSuffix("(status \(status)): no such thing"))
      #expect(bench.server.requestCount == 1)
      #expect(bench.clock.waits.isEmpty)
    }
  }

  @Test("a failure inside a response of success is a failure")
  func hiddenFailure() async throws {
    let body = #"{"error": {"code": 429, "message": "slow down"}}"#
    let script: FakeChatServer.Script = { asked in asked.index < 2 ? .text(body) : .answer("4") }
    try await withBench(script: script) { bench in
      let text = try await bench.text()
      #expect(text == "4")
      #expect(bench.server.requestCount == 3)
    }
    try await withBench(script: { _ in .text(#"{"error": "model is loading"}"#) }) { bench in
      let error = try await bench.failure()
      #expect(error.code == .serverFault)
      #expect(error.message.contains("(status 502): model is loading"))
    }
  }

  @Test("a spent quota is not waited for")
  func quota() async throws {
    let script: FakeChatServer.Script = { _ in
      .failure(429, "You exceeded your current quota", code: "insufficient_quota")
    }
    try await withBench(script: script) { bench in
      let error = try await bench.failure()
      #expect(error.code == .rateLimited)
      #expect(error.message.hasPrefix("the quota at '"))
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test(
    "a connection that is cut is asked again",
    arguments: [.cut, .cutMidBody] as [FakeChatServer.Behaviour])
  func cut(behaviour: FakeChatServer.Behaviour) async throws {
    try await withBench(script: { $0.index == 0 ? behaviour : .answer("4") }) { bench in
      let text = try await bench.text()
      #expect(text == "4")
      #expect(bench.server.requestCount == 2)
    }
    try await withBench(script: { _ in behaviour }) { bench in
      let error = try await bench.failure()
      #expect(error.code == .unreachable)
      #expect(
        error.message.hasPrefix(
          "no complete answer from '\(bench.server.baseURL)' after 6 tries: the "))
      #expect(bench.server.requestCount == 6)
    }
  }

  @Test(
    "a server that does not finish in time is a timeout, also after its head",
    arguments: [.silence, .drip("slow", every: .seconds(1))] as [FakeChatServer.Behaviour])
  func timeout(behaviour: FakeChatServer.Behaviour) async throws {
    let configure = { (settings: inout ServerSettings) in
      settings.timeout = .milliseconds(2500)
      settings.retry.attempts = 2
    }
    try await withBench(configure: configure, script: { _ in behaviour }) { bench in
      let error = try await bench.failure()
      #expect(error.code == .timeout)
      #expect(
        error.message == "no answer from '\(bench.server.baseURL)' within 2.5 s after 2 tries")
      #expect(bench.server.requestCount == 2)
      await bench.server.waitUntilIdle()
    }
  }

  @Test(
    "the wait that a server asks for is kept",
    arguments: [
      (["retry-after": "7"], .seconds(7)), (["retry-after-ms": "1250"], .milliseconds(1250)),
      (["retry-after": "Tue, 14 Nov 2023 22:13:29 GMT"], .seconds(9)),
      (["retry-after": "0"], .milliseconds(500)), (["retry-after": "soon"], .milliseconds(500)),
    ] as [([String: String], Duration)])
  func retryAfter(headers: [String: String], wait: Duration) async throws {
    let script: FakeChatServer.Script = { asked in
      asked.index == 0 ? .status(429, headers: headers) : .answer("4")
    }
    try await withBench(script: script) { bench in
      _ = try await bench.teacher.reply(to: request())
      #expect(bench.clock.waits == [wait])
    }
  }

  @Test("a server that asks for too long a wait is told of at once")
  func longWait() async throws {
    let script: FakeChatServer.Script = { _ in .status(429, headers: ["retry-after": "3600"]) }
    try await withBench(script: script) { bench in
      let error = try await bench.failure()
      #expect(error.code == .rateLimited)
      #expect(error.message == "'\(bench.server.baseURL)' asks to wait 3600 s (status 429)")
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("a server that is down is told of after three tries")
  func down() async throws {
    try await withBench(script: { _ in .answer("4") }) { bench in
      await bench.server.stop()
      let error = try await bench.failure()
      #expect(error.code == .unreachable)
      #expect(error.message == "cannot reach '\(bench.server.baseURL)': connection refused")
      #expect(
        error.hint == "start the server or correct teachers.generator.base-url in recipe.yaml")
      #expect(bench.clock.waits == Array(ServerRetryTests.allWaits.prefix(2)))
    }
  }

  @Test("a server without TLS behind https is not reached")
  func noTLS() async throws {
    let configure = { (settings: inout ServerSettings) in
      settings.baseURLs = settings.baseURLs.map { $0.replacing("http://", with: "https://") }
    }
    try await withBench(configure: configure, script: { _ in .answer("4") }) { bench in
      let error = try await bench.failure()
      #expect(error.code == .unreachable)
      let url = bench.server.baseURL.replacing("http://", with: "https://")
      #expect(
        error.message == "cannot reach '\(url)': the TLS handshake failed: wrong version number")
      #expect(bench.clock.waits.count == 2)
    }
  }

  @Test("each retry is logged once, without what was said")
  func log() async throws {
    let script: FakeChatServer.Script = { asked in
      asked.index == 0 ? .failure(503, "body of the server") : .answer("answer of the model")
    }
    try await withBench(script: script) { bench in
      _ = try await bench.teacher.reply(to: request("text of the prompt"))
      #expect(
        bench.log.lines == [
          "info asking again after a failure teacher.attempt=1 teacher.failure=status 503 "
            + "teacher.task=answer-question teacher.url=\(bench.server.baseURL) "
            + "teacher.wait-seconds=0.5"
        ])
    }
  }

  @Test("what a server says is one line of at most 300 characters")
  func longMessage() async throws {
    let said = "first\u{1B}[31m\r\nsecond " + String(repeating: "x", count: 1000)
    try await withBench(script: { _ in .failure(400, said) }) { bench in
      let message = try await bench.failure().message
      let end = try #require(message.components(after: "(status 400): "))
      #expect(end.hasPrefix("first [31m second xxx"))
      #expect(end.count == 300)
    }
  }

  @Test(
    "what a server says is found in each form that servers use",
    arguments: [
      #"{"error":{"message":"no model"}}"#, #"{"error":"no model"}"#, #"{"message":"no model"}"#,
      #"{"detail":"no model"}"#, #"[{"error":{"message":"no model"}}]"#, "no model\n",
    ])
  func forms(body: String) {
    #expect(ErrorText.serverMessage(in: Array(body.utf8), key: nil) == "no model")
  }
}

extension String {
  fileprivate func components(after mark: String) -> String? {
    firstRange(of: mark).map { String(self[$0.upperBound...]) }
  }
}
