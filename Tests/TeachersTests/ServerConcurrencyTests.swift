import Synchronization
import TestSupport
import Testing

@testable import Teachers

@Suite("ServerTeacher concurrency")
struct ServerConcurrencyTests {
  @Test("two hundred calls share as many connections as are allowed, each with its own answer")
  func connections() async throws {
    try await withBench(connectionsPerHost: 5, configure: { $0.concurrency = 5 }) { asked in
      .delayed(.milliseconds(2), .echo(of: asked))
    } test: { bench in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<200 {
          group.addTask {
            let asked = request("question \(index)")
            let reply = try await bench.teacher.reply(to: asked)
            #expect(
              reply.answer.text
                == FakeChatServer.echo(of: try ChatCompletions().body(of: RequestForm(asked))))
          }
        }
        try await group.waitForAll()
      }
      #expect(bench.server.requestCount == 200)
      // A connection may be given up and replaced on a busy machine.
      #expect((1...20).contains(bench.server.connectionCount))
      #expect(bench.server.maxInFlight <= 5)
      #expect(bench.clock.waits.isEmpty)
    }
  }

  @Test("teachers of one client share what a model's server grants")
  func sharedClient() async throws {
    try await withBench(configure: { $0.concurrency = 3 }, script: { .echo(of: $0) }) { bench in
      let settings = ServerSettings(
        baseURLs: [bench.server.baseURL], concurrency: 3, timeout: .seconds(60))
      let other = try ServerTeacher(
        settings: settings, client: bench.client, logger: bench.log.logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<60 {
          group.addTask {
            let teacher = index % 2 == 0 ? bench.teacher : other
            _ = try await teacher.reply(to: request("question \(index)"))
          }
        }
        try await group.waitForAll()
      }
      #expect(bench.server.connectionCount <= 12)
      #expect(bench.server.maxInFlight <= 3)
    }
  }

  @Test("the time of a call begins when it is its turn")
  func timeoutStartsLate() async throws {
    let configure = { (settings: inout ServerSettings) in
      settings.concurrency = 1
      settings.timeout = .seconds(14)
      settings.retry.attempts = 1
    }
    // Together they take longer than one may.
    try await withBench(configure: configure) { asked in
      .delayed(.seconds(8), .echo(of: asked))
    } test: { bench in
      async let first = bench.teacher.reply(to: request("first"))
      async let second = bench.teacher.reply(to: request("second"))
      _ = try await (first, second)
      #expect(bench.server.maxInFlight == 1)
    }
  }

  @Test("a call that is cancelled while the server works still brings its answer")
  func cancelledInFlight() async throws {
    let script: FakeChatServer.Script = { _ in .delayed(.milliseconds(300), .answer("4")) }
    try await withBench(script: script) { bench in
      let call = Task { try await bench.teacher.reply(to: request()) }
      await bench.server.waitForRequests(1)
      call.cancel()
      let text = try await call.value.answer.text
      #expect(text == "4")
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("a call that is cancelled while the server works is not asked again when it fails")
  func failedAfterCancellation() async throws {
    let script: FakeChatServer.Script = { _ in .delayed(.milliseconds(300), .status(503)) }
    try await withBench(script: script) { bench in
      let call = Task { try await bench.teacher.reply(to: request()) }
      await bench.server.waitForRequests(1)
      try await expectCancelled(call)
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("a call that is cancelled while it waits for its turn is never sent")
  func cancelledInLine() async throws {
    let script: FakeChatServer.Script = { _ in .delayed(.seconds(1), .answer("4")) }
    try await withBench(configure: { $0.concurrency = 1 }, script: script) { bench in
      let first = Task { try await bench.teacher.reply(to: request("first")) }
      await bench.server.waitForRequests(1)
      let second = Task { try await bench.teacher.reply(to: request("second")) }
      try await expectCancelled(second)
      _ = try await first.value
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("a call that is cancelled while it waits to ask again ends at once")
  func cancelledInBackoff() async throws {
    try await withBench(script: { _ in .status(503) }) { bench in
      let (waiting, started) = AsyncStream.makeStream(of: Void.self)
      var clock = RetryClock()
      clock.sleep = { _ in
        started.yield()
        try await Task.sleep(for: .seconds(3600))
      }
      let teacher = try ServerTeacher(
        settings: ServerSettings(baseURLs: [bench.server.baseURL]), client: bench.client,
        logger: bench.log.logger, clock: clock)
      let call = Task { try await teacher.reply(to: request()) }
      for await _ in waiting { break }
      try await expectCancelled(call)
      #expect(bench.server.requestCount == 1)
    }
  }

  @Test("a cancelled call leaves its place to the next")
  func placeAfterCancellation() async throws {
    let script: FakeChatServer.Script = { _ in .delayed(.milliseconds(300), .answer("4")) }
    try await withBench(configure: { $0.concurrency = 1 }, script: script) { bench in
      let first = Task { try await bench.teacher.reply(to: request("first")) }
      await bench.server.waitForRequests(1)
      let second = Task { try await bench.teacher.reply(to: request("second")) }
      first.cancel()
      _ = try await first.value
      let text = try await second.value.answer.text
      #expect(text == "4")
    }
  }

  /// Cancels a call and expects its error long before any timeout.
  private func expectCancelled(_ call: Task<Reply, any Error>) async throws {
    let start = ContinuousClock.now
    call.cancel()
    let error = await #expect(throws: TeacherError.self) { try await call.value }
    #expect(error?.code == .cancelled)
    #expect(start.duration(to: .now) < .seconds(30))
  }
}
