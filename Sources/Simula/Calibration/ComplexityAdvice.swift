/// Whether a teacher is too weak for complexified scenarios, and what then to do.
package struct ComplexityAdvice: Sendable {
  /// How often attempts with plain and with complexified scenarios are accepted.
  package let plain: Estimate
  package let complexified: Estimate
  /// How much more often plain ones are.
  package let difference: Estimate
  /// The share of complexified meta-prompts to try, or nil when the present one is as good.
  package let fraction: Double?

  /// Compares attempts; nil when one kind is missing.
  ///
  /// - Parameters:
  ///   - plain: Attempts with a plain scenario.
  ///   - complexified: Attempts with a complexified one.
  ///   - fraction: The present share of complexified meta-prompts.
  package init?(plain: AcceptanceCount, complexified: AcceptanceCount, fraction: Double) {
    guard let rates = RateDifference(plain, complexified) else { return nil }
    (self.plain, self.complexified, difference) = (rates.first, rates.second, rates.difference)
    // As much less as complexified attempts yield less, in steps of a twentieth.
    let wanted = (fraction * rates.second.value / rates.first.value * 20).rounded() / 20
    self.fraction = difference.low > 0 && wanted < fraction ? wanted : nil
  }
}

/// Two rates and by how much the first is higher.
struct RateDifference {
  let first: Estimate
  let second: Estimate
  let difference: Estimate

  /// Compares two counts; nil when one is empty.
  init?(_ first: AcceptanceCount, _ second: AcceptanceCount) {
    guard let firstRate = first.rate, let secondRate = second.rate else { return nil }
    var sampler = BetaSampler(seed: 0x5EED_C0DE_0000_0001)
    let draws = (0..<CriticEstimate.drawCount).map { _ in
      (
        sampler.rate(first.accepted, of: first.judged),
        sampler.rate(second.accepted, of: second.judged)
      )
    }
    self.first = Estimate(firstRate, draws: draws.map(\.0))
    self.second = Estimate(secondRate, draws: draws.map(\.1))
    difference = Estimate(firstRate - secondRate, draws: draws.map { $0.0 - $0.1 })
  }
}
