import Foundation

/// Time and chance as retries see them; tests replace them.
package struct RetryClock: Sendable {
  /// A moment on a clock that nobody sets.
  package var now: @Sendable () -> ContinuousClock.Instant
  /// Seconds since 1970.
  package var date: @Sendable () -> Int
  /// Waits, or throws at once when the task is cancelled.
  package var sleep: @Sendable (Duration) async throws -> Void
  /// A random number from 0 up to 1.
  package var jitter: @Sendable () -> Double

  package init(
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
    date: @escaping @Sendable () -> Int = { Int(Date().timeIntervalSince1970) },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    jitter: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) {
    self.now = now
    self.date = date
    self.sleep = sleep
    self.jitter = jitter
  }
}
