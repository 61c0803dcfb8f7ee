import Synchronization
import TestSupport
import Testing

@testable import Teachers

@Suite("ServerTeacher when a server changes")
struct ServerRecoveryTests {
  @Test("one that answered before has five minutes to come back")
  func away() async throws {
    try await withBench(script: { $0.index == 0 ? .answer("4") : .cut }) { bench in
      _ = try await bench.text()
      let error = try await bench.failure()
      #expect(error.code == .unreachable)
      #expect(error.message.hasSuffix("tries: the connection was closed"))
      let waited = bench.clock.waits.reduce(.zero, +)
      #expect((.seconds(240)...(.seconds(330))).contains(waited), "\(waited)")
    }
  }

  @Test("one that fails is no absence, and is told of after six tries")
  func failing() async throws {
    try await withBench(script: { $0.index == 0 ? .answer("4") : .status(500) }) { bench in
      _ = try await bench.text()
      let error = try await bench.failure()
      #expect(error.message.contains("failed after 6 tries (status 500)"))
      #expect(bench.server.requestCount == 7)
    }
  }

  @Test("after two seconds of refusals as much is asked at once as before")
  func throughput() async throws {
    let storm = Storm()
    try await withBench(
      connectionsPerHost: 32, clock: RetryClock(), configure: { $0.concurrency = 32 }
    ) { asked in
      asked.index >= 200 && storm.lasts(.seconds(2))
        ? .status(503) : .delayed(.milliseconds(5), .echo(of: asked))
    } test: { bench in
      try await ask(1000, bench.teacher)
      let refused = bench.server.requestCount - 1000
      #expect((1...160).contains(refused), "\(refused)")
      // On a busy machine neither is much.
      let first = bench.server.requests.prefix(200).map(\.inFlight).max() ?? 0
      let last = bench.server.requests.suffix(200).map(\.inFlight).max() ?? 0
      #expect(last >= min(12, max(3, first / 2)), "\(first) before, \(last) after")
    }
  }

  @Test("one that answers no more a second the more it is asked at once is asked less")
  func growingLatency() async throws {
    // Time passes by what the server does only, however busy the machine is.
    let clock = TestClock()
    let client = Mutex<ServerClient?>(nil)
    let atOnce = Mutex<[Int]>([])
    try await withBench(
      connectionsPerHost: 64, clock: clock.retryClock, configure: { $0.concurrency = 64 }
    ) { asked in
      clock.pass(.milliseconds(20))
      if let count = client.withLock({ $0?.requestCount }) { atOnce.withLock { $0.append(count) } }
      return .delayed(.milliseconds(20), .echo(of: asked))
    } test: { bench in
      client.withLock { $0 = bench.client }
      var hasTriedAll = false
      var isLess = false
      for _ in 0..<40 where !isLess {
        try await ask(400, bench.teacher)
        // While the first come and the last are at the server, nobody waits for a place.
        let counts = atOnce.withLock { $0.dropFirst(64).dropLast(64) }
        let highest = counts.firstIndex(of: 64)
        hasTriedAll = hasTriedAll || highest != nil
        isLess = hasTriedAll && counts[(highest ?? counts.startIndex)...].contains { $0 < 32 }
        atOnce.withLock { $0 = [] }
      }
      #expect(hasTriedAll && isLess)
    }
  }

  @Test("one of two that goes away leaves its share to the other")
  func twoServers() async throws {
    try await withFakeChatServer { other in
      let configure = { (settings: inout ServerSettings) in
        settings.baseURLs.append(other.baseURL)
        settings.concurrency = 8
      }
      try await withBench(clock: RetryClock(), configure: configure) { asked in
        .delayed(.milliseconds(5), .echo(of: asked))
      } test: { bench in
        try await ask(100, bench.teacher)
        #expect(other.requestCount > 20)
        await other.stop()
        let before = bench.server.requestCount
        try await ask(200, bench.teacher)
        #expect(bench.server.requestCount == before + 200)
      }
    }
  }

  /// Asks so many questions at once, each of which must be answered.
  private func ask(_ count: Int, _ teacher: ServerTeacher) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        group.addTask { _ = try await teacher.reply(to: request("question \(number)")) }
      }
      try await group.waitForAll()
    }
  }
}
