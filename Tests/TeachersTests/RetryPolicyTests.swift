import Testing

@testable import Teachers

@Suite("RetryPolicy")
struct RetryPolicyTests {
  static let policy = RetryPolicy()

  static func status(_ status: Int, retryAfter: Duration? = nil) -> CallFailure {
    .status(StatusFailure(status: status, message: "", retryAfter: retryAfter))
  }

  static func decide(
    _ failure: CallFailure, attempt: Int = 1, elapsed: Duration = .zero, jitter: Double = 1
  ) -> RetryPolicy.Decision {
    policy.decision(after: failure, attempt: attempt, elapsed: elapsed, jitter: jitter)
  }

  @Test(
    "a failure that may pass is tried again",
    arguments: [.cut(""), .unreachable(""), .timeout] as [CallFailure]
      + [408, 409, 429, 500, 502, 503, 504, 520, 529].map { status($0) })
  func transient(failure: CallFailure) {
    #expect(RetryPolicyTests.decide(failure) == .retry(after: .milliseconds(500)))
  }

  @Test(
    "a failure that would repeat itself is not",
    arguments: [.oversized, .cancelled] as [CallFailure]
      + [300, 302, 304, 307, 400, 401, 402, 403, 404, 405, 413, 415, 422, 451, 501, 505, 600]
      .map { status($0) })
  func final(failure: CallFailure) {
    #expect(RetryPolicyTests.decide(failure) == .stop(.final))
  }

  @Test("a spent quota is not waited for")
  func quota() {
    let failure = StatusFailure(status: 429, message: "", isQuotaSpent: true)
    #expect(RetryPolicyTests.decide(.status(failure)) == .stop(.final))
  }

  @Test(
    "the wait doubles up to its cap",
    arguments: zip(1...9, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]))
  func doubling(attempt: Int, milliseconds: Int) {
    #expect(RetryPolicyTests.policy.backoff(attempt: attempt) == .milliseconds(milliseconds))
  }

  @Test("any number of tries has a wait")
  func extremes() {
    #expect(RetryPolicyTests.policy.backoff(attempt: .max) == .seconds(30))
    #expect(RetryPolicyTests.policy.backoff(attempt: 0) == .milliseconds(500))
  }

  @Test("the jitter takes any part of the wait", arguments: [0, 0.25, 0.5])
  func jitter(part: Double) {
    #expect(
      RetryPolicyTests.decide(.timeout, attempt: 3, jitter: part)
        == .retry(after: .seconds(2) * part))
  }

  @Test("six tries are made, three when nothing is reached")
  func attempts() {
    #expect(RetryPolicyTests.decide(.cut(""), attempt: 5) == .retry(after: .seconds(8)))
    #expect(RetryPolicyTests.decide(.cut(""), attempt: 6) == .stop(.attemptsSpent))
    #expect(RetryPolicyTests.decide(.unreachable(""), attempt: 2) == .retry(after: .seconds(1)))
    #expect(RetryPolicyTests.decide(.unreachable(""), attempt: 3) == .stop(.attemptsSpent))
  }

  @Test("fewer tries than three also bound what is not reached")
  func oneAttempt() {
    var policy = RetryPolicy()
    policy.attempts = 1
    #expect(
      policy.decision(after: .unreachable(""), attempt: 1, elapsed: .zero, jitter: 0)
        == .stop(.attemptsSpent))
  }

  @Test("a server's own wait is the least that is waited", arguments: [0, 3, 120])
  func retryAfter(seconds: Int) {
    let failure = RetryPolicyTests.status(429, retryAfter: .seconds(seconds))
    #expect(
      RetryPolicyTests.decide(failure, jitter: 0) == .retry(after: .seconds(seconds)))
    #expect(
      RetryPolicyTests.decide(failure, jitter: 1)
        == .retry(after: max(.seconds(seconds), .milliseconds(500))))
  }

  @Test("a server that asks for too long a wait is not waited for")
  func longWait() {
    let failure = RetryPolicyTests.status(503, retryAfter: .seconds(121))
    #expect(RetryPolicyTests.decide(failure) == .stop(.longWait(.seconds(121))))
  }

  @Test("a server that has too many is asked until the time is over", arguments: [429, 503, 529])
  func busyLimit(status: Int) {
    let policy = RetryPolicyTests.policy
    let failure = RetryPolicyTests.status(status)
    func decide(_ elapsed: Duration) -> RetryPolicy.Decision {
      policy.decision(after: failure, attempt: 1000, elapsed: elapsed, jitter: 1)
    }
    #expect(decide(policy.busyLimit - .seconds(31)) == .retry(after: .seconds(30)))
    #expect(decide(policy.busyLimit - .seconds(30)) == .stop(.timeSpent))
  }

  @Test(
    "a server that answered before is asked until the time is over",
    arguments: [
      .unreachable("connection refused"), .cut("the connection was closed"), .timeout,
      RetryPolicyTests.status(500),
    ] as [CallFailure])
  func downLimit(failure: CallFailure) {
    let policy = RetryPolicyTests.policy
    func decide(_ elapsed: Duration, downCount: Int) -> RetryPolicy.Decision {
      policy.decision(
        after: failure, attempt: 100, elapsed: elapsed, jitter: 1, downCount: downCount)
    }
    #expect(decide(.seconds(1), downCount: 0) == .stop(.attemptsSpent))
    #expect(decide(policy.downLimit - .seconds(31), downCount: 99) == .retry(after: .seconds(30)))
    #expect(decide(policy.downLimit - .seconds(30), downCount: 99) == .stop(.timeSpent))
  }
}

@Suite("RetryAfter")
struct RetryAfterTests {
  static let now = 784_111_777  // Sun, 06 Nov 1994 08:49:37 GMT

  static func wait(_ headers: [String: String]) -> Duration? {
    RetryAfter.wait(now: now) { headers[$0] }
  }

  @Test(
    "seconds are read, also with a fraction",
    arguments: zip(["0", "7", "1.5", "3600"], [0, 7000, 1500, 3_600_000]))
  func seconds(text: String, milliseconds: Int) {
    #expect(RetryAfterTests.wait(["retry-after": text]) == .milliseconds(milliseconds))
  }

  @Test("milliseconds win over seconds")
  func milliseconds() {
    #expect(
      RetryAfterTests.wait(["retry-after-ms": "250", "retry-after": "9"]) == .milliseconds(250))
  }

  @Test("a date is read as the time until then")
  func date() {
    let headers = ["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT"]
    #expect(RetryAfterTests.wait(headers) == .seconds(30))
  }

  @Test("a date is measured by the server's own clock where it tells")
  func serverClock() {
    let headers = [
      "retry-after": "Mon, 01 Jan 2029 00:00:10 GMT", "date": "Mon, 01 Jan 2029 00:00:00 GMT",
    ]
    #expect(RetryAfterTests.wait(headers) == .seconds(10))
  }

  @Test("a date that has passed asks for no wait")
  func past() {
    #expect(RetryAfterTests.wait(["retry-after": "Sat, 05 Nov 1994 08:49:37 GMT"]) == .zero)
  }

  @Test("an enormous wait stays a number")
  func enormous() throws {
    let wait = try #require(
      RetryAfterTests.wait(["retry-after": String(repeating: "9", count: 400)]))
    #expect(wait > .seconds(120))
  }

  @Test(
    "what is no wait is none",
    arguments: [
      "", "soon", "-5", "nan", "inf", "1e3", "0x10", "1.2.3", "06 Nov 1994", "٣",
      "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
      "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    ])
  func unreadable(text: String) {
    #expect(RetryAfterTests.wait(["retry-after": text]) == nil)
  }

  @Test(
    "days are counted through leap years",
    arguments: [
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
      ("Wed, 31 Dec 2025 23:59:59 GMT", 1_767_225_599),
      ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
    ])
  func days(text: String, seconds: Int) {
    #expect(HTTPDate.seconds(text) == seconds)
  }
}
