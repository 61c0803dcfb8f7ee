import Synchronization

/// A time of trouble, which begins when it is first asked for.
package final class Storm: Sendable {
  private let end = Mutex<ContinuousClock.Instant?>(nil)

  package init() {}

  /// Whether less time has passed than it lasts.
  package func lasts(_ time: Duration) -> Bool {
    end.withLock { end in
      let last = end ?? .now + time
      end = last
      return .now < last
    }
  }
}
