/// One server as requests are admitted to it.
///
/// Times are seconds on any clock that nobody sets.
struct Endpoint: Sendable {
  /// What a recipe grants each server.
  struct Limits: Sendable, Hashable {
    /// The most requests at once.
    var concurrency: Int
    var requestsPerMinute: Double?
    /// Tokens of requests and answers together.
    var tokensPerMinute: Double?
  }

  /// So many failures without an answer in between are no chance.
  private static let patience = 5
  /// In seconds.
  private static let longestPause = 30.0

  private(set) var concurrency: ConcurrencyLimit
  private(set) var inFlight = 0
  /// When a request was answered last.
  private(set) var answeredAt: Double?
  private var pausedUntil = -Double.infinity
  /// How many requests failed, and how often the server was left alone, since one was answered.
  private var failures = 0
  private var pauses = 0
  private var requests: RateLimit?
  private var tokens: RateLimit?

  init(_ limits: Limits) {
    concurrency = ConcurrencyLimit(maximum: limits.concurrency)
    requests = limits.requestsPerMinute.map(RateLimit.init)
    tokens = limits.tokensPerMinute.map(RateLimit.init)
  }

  /// How much of what the server takes is in use.
  var load: Double { Double(inFlight) / Double(concurrency.current) }

  /// How many seconds until a request may go; nil when another one must come back first.
  func wait(tokens count: Double, now: Double) -> Double? {
    guard inFlight < concurrency.current else { return nil }
    return max(
      pausedUntil - now, requests?.wait(for: 1, now: now) ?? 0,
      tokens?.wait(for: count, now: now) ?? 0, 0)
  }

  mutating func enter(tokens count: Double, now: Double) {
    inFlight += 1
    requests?.take(1, now: now)
    tokens?.take(count, now: now)
  }

  /// What became of a request.
  enum Outcome: Sendable {
    /// It was answered, with so many tokens both ways.
    case answered(tokens: Int)
    /// The server has too many, or too little time: it says so, fails, or does not answer in time.
    case overloaded
    /// No connection came about, or it ended: the server may be starting anew.
    case unanswered
    /// Something else that says nothing of the server.
    case other
  }

  /// Takes a request back.
  ///
  /// - Parameters:
  ///   - outcome: What became of it.
  ///   - estimate: How many tokens it was thought to take.
  ///   - sentAt: When it went out.
  ///   - pause: For how many seconds the server wants no request at all.
  ///   - now: When it came back.
  mutating func leave(
    _ outcome: Outcome, estimate: Double, sentAt: Double, pause: Double?, now: Double
  ) {
    inFlight -= 1
    if let pause { pausedUntil = max(pausedUntil, now + pause) }
    switch outcome {
    case .answered(let count):
      answeredAt = now
      failures = 0
      pauses = 0
      tokens?.take(Double(count) - estimate, now: now)
      concurrency.answered(sentAt: sentAt, now: now, others: inFlight)
    case .overloaded:
      tokens?.take(-estimate, now: now)
      concurrency.refused(sentAt: sentAt, now: now)
      leaveAlone(sentAt: sentAt, now: now)
    case .unanswered:
      tokens?.take(-estimate, now: now)
      leaveAlone(sentAt: sentAt, now: now)
    case .other: tokens?.take(-estimate, now: now)
    }
  }

  /// Pauses for ever longer while nobody is answered.
  ///
  /// Those that went out together with the one that began a pause say nothing new, so that a short
  /// outage costs a short time, however many were there.
  private mutating func leaveAlone(sentAt: Double, now: Double) {
    failures += 1
    guard failures >= Self.patience, sentAt >= pausedUntil else { return }
    pausedUntil = now + min(Self.longestPause, 0.5 * Double(1 << min(pauses, 10)))
    pauses += 1
  }
}
