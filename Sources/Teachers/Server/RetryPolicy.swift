/// When a failed exchange is tried again, and how long after.
///
/// | failure | tries |
/// | --- | --- |
/// | 429, 503, 529: the server has too many | any number, for some minutes |
/// | no connection | few: a server that is down is told soon |
/// | connection cut, timeout, 408, 409, other 5xx but 501 and 505 | some |
/// | no answer or 502, 504, while a server answers nobody that did before | any number, for some minutes |
/// | 429 with the quota spent, any other status, oversized, cancelled | one |
package struct RetryPolicy: Sendable, Hashable {
  /// The most tries of one call.
  package var attempts = 6
  /// The most tries when no connection comes about.
  package var unreachableAttempts = 3
  /// The longest wait after the first try; it doubles with each further try.
  package var base = Duration.milliseconds(500)
  /// What the doubling ends at.
  package var cap = Duration.seconds(30)
  /// The longest wait that a server may ask for.
  package var longestRetryAfter = Duration.seconds(120)
  /// How long a server that has too many is asked again.
  package var busyLimit = Duration.seconds(600)
  /// How long one is asked again that answered before and then nobody: it may be starting anew.
  package var downLimit = Duration.seconds(300)

  package init() {}

  enum Decision: Sendable, Hashable {
    case retry(after: Duration)
    case stop(Reason)
  }

  enum Reason: Sendable, Hashable {
    /// Another try would fail the same way.
    case final
    case attemptsSpent
    case timeSpent
    /// The server asks for a longer wait than is granted.
    case longWait(Duration)
  }

  /// Decides after a failed try.
  ///
  /// - Parameters:
  ///   - failure: How the try failed.
  ///   - attempt: The number of the try, from 1.
  ///   - elapsed: The time since the first try failed.
  ///   - jitter: A random number from 0 up to 1: the part of the backoff that is waited.
  ///   - downCount: How many of the tries failed while the server, which had answered before,
  ///     answered nobody; they do not count, or one that starts anew would have too little time.
  /// - Returns: How long to wait, or why to stop.
  func decision(
    after failure: CallFailure, attempt: Int, elapsed: Duration, jitter: Double,
    downCount: Int = 0
  ) -> Decision {
    guard isTransient(failure) else { return .stop(.final) }
    var timeLimit: Duration?
    if case .status(let status) = failure, status.isBusy {
      timeLimit = busyLimit
    } else {
      if downCount > 0 { timeLimit = downLimit }
      if attempt - downCount >= limit(for: failure) { return .stop(.attemptsSpent) }
    }
    var wait = backoff(attempt: attempt) * jitter
    if case .status(let status) = failure, let asked = status.retryAfter {
      guard asked <= longestRetryAfter else { return .stop(.longWait(asked)) }
      wait = max(wait, asked)
    }
    if let timeLimit, elapsed + wait >= timeLimit { return .stop(.timeSpent) }
    return .retry(after: wait)
  }

  /// A wait that a server asks for, where it is granted.
  func granted(_ wait: Duration?) -> Duration? {
    wait.flatMap { $0 <= longestRetryAfter ? $0 : nil }
  }

  /// The longest wait after a try.
  func backoff(attempt: Int) -> Duration {
    min(cap, base * (1 << min(max(attempt - 1, 0), 30)))
  }

  private func limit(for failure: CallFailure) -> Int {
    failure.isUnreachable ? min(unreachableAttempts, attempts) : attempts
  }

  private func isTransient(_ failure: CallFailure) -> Bool {
    switch failure {
    case .unreachable, .cut, .timeout: true
    case .oversized, .cancelled: false
    case .status(let failure):
      switch failure.status {
      case 429: !failure.isQuotaSpent
      case 408, 409: true
      case 501, 505: false
      default: (500...599).contains(failure.status)
      }
    }
  }
}
