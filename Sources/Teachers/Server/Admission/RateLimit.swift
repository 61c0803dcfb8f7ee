/// So much a minute, as a provider grants it: a store that fills evenly and holds a sixth of a minute.
///
/// Times are seconds on any clock that nobody sets.
struct RateLimit: Sendable {
  private let perSecond: Double
  private let capacity: Double
  private var stock: Double
  private var filledAt: Double?

  /// - Parameter perMinute: How much is granted a minute, above zero.
  init(perMinute: Double) {
    precondition(perMinute > 0, "a limit lets something pass")
    perSecond = perMinute / 60
    // Not all at once at the start, which providers that count by seconds refuse.
    capacity = max(1, perMinute / 6)
    stock = capacity
  }

  /// How many seconds until an amount may be taken; what is more than the store holds waits for a full
  /// store and leaves it in debt.
  func wait(for amount: Double, now: Double) -> Double {
    let missing = min(amount, capacity) - level(now)
    return missing > 0 ? missing / perSecond : 0
  }

  /// Takes an amount, or with a negative one gives it back.
  mutating func take(_ amount: Double, now: Double) {
    // No server's word counts for more than a minute of waiting.
    stock = max(-60 * perSecond, min(capacity, level(now) - amount))
    filledAt = now
  }

  private func level(_ now: Double) -> Double {
    min(capacity, stock + max(0, now - (filledAt ?? now)) * perSecond)
  }
}
