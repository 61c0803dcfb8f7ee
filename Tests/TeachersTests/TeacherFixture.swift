import CanonicalJSON
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Teachers

/// Time that passes only when a retry waits, which is written down, or a test says so.
final class TestClock: Sendable {
  private let state: Mutex<(now: ContinuousClock.Instant, waits: [Duration])>
  /// Seconds since 1970, the same always.
  let date: Int

  init(date: Int = 1_700_000_000) {
    self.date = date
    state = Mutex((.now, []))
  }

  /// What retries waited, in order.
  var waits: [Duration] { state.withLock(\.waits) }

  /// Lets time pass that nobody waited for.
  func pass(_ time: Duration) { state.withLock { $0.now += time } }

  var retryClock: RetryClock {
    RetryClock(
      now: { self.state.withLock(\.now) },
      date: { self.date },
      sleep: { wait in
        self.state.withLock { state in
          state.now += wait
          state.waits.append(wait)
        }
      },
      jitter: { 1 })
  }
}

/// Keeps all that is logged, as one line an event.
final class LogRecorder: Sendable {
  private let kept = Mutex<[String]>([])

  var lines: [String] { kept.withLock { $0 } }

  var logger: Logger {
    var logger = Logger(label: "test") { _ in Handler(recorder: self) }
    logger.logLevel = .trace
    return logger
  }

  private struct Handler: LogHandler {
    let recorder: LogRecorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value)" }
      let line = (["\(event.level)", "\(event.message)"] + pairs).joined(separator: " ")
      recorder.kept.withLock { $0.append(line) }
    }
  }
}

/// A request with only what must be there.
func request(_ text: String = "What is 2 + 2?", draw: String = "slot 0") -> CallRequest {
  CallRequest(
    task: "answer-question", provider: "openai", model: "fake-1",
    messages: [Message(.user, text)], draw: draw)
}

/// What the body of a chat completion says.
func chatReply(in body: [UInt8], key: APIKey?) -> Reply {
  ChatCompletions().reply(in: try? JSON(parsing: body), body: body, key: key)
}

/// A fake server, a teacher that asks it, and what was seen of both.
struct Bench: Sendable {
  let server: FakeChatServer
  let client: ServerClient
  let teacher: ServerTeacher
  let clock: TestClock
  let log: LogRecorder

  /// Asks and returns the answer's text.
  func text() async throws -> String { try await teacher.reply(to: request()).answer.text }

  /// Asks and expects a failure.
  func failure(
    _ asked: CallRequest = request(), sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> TeacherError {
    let error = await #expect(throws: TeacherError.self, sourceLocation: sourceLocation) {
      try await teacher.reply(to: asked)
    }
    return try #require(error, sourceLocation: sourceLocation)
  }
}

/// Runs a test with a server, a client and a teacher, and closes them.
func withBench(
  apiKey: String? = nil, keyVariable: String? = nil, connectionsPerHost: Int = 8,
  clock realClock: RetryClock? = nil, configure: (inout ServerSettings) -> Void = { _ in },
  script: @escaping FakeChatServer.Script,
  test: (Bench) async throws -> Void
) async throws {
  try await withFakeChatServer(script) { server in
    try await ServerClient.withClient(connectionsPerHost: connectionsPerHost) { client in
      var settings = ServerSettings(
        baseURLs: [server.baseURL], apiKey: apiKey, keyVariable: keyVariable,
        place: "teachers.generator")
      configure(&settings)
      let clock = TestClock()
      let log = LogRecorder()
      let teacher = try ServerTeacher(
        settings: settings, client: client, logger: log.logger, clock: realClock ?? clock.retryClock
      )
      try await test(
        Bench(server: server, client: client, teacher: teacher, clock: clock, log: log))
    }
  }
}
