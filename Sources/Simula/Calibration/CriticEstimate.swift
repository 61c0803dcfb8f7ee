/// How often something was accepted.
package struct AcceptanceCount: Sendable, Hashable {
  package var accepted: Int
  /// Those with a verdict.
  package var judged: Int
  /// Those for which a critic gave no usable verdict; they count in no rate.
  package var unjudged: Int

  package init(accepted: Int = 0, judged: Int = 0, unjudged: Int = 0) {
    self.accepted = accepted
    self.judged = judged
    self.unjudged = unjudged
  }

  package var rate: Double? { judged > 0 ? Double(accepted) / Double(judged) : nil }

  package static func + (left: Self, right: Self) -> Self {
    AcceptanceCount(
      accepted: left.accepted + right.accepted, judged: left.judged + right.judged,
      unjudged: left.unjudged + right.unjudged)
  }

  /// Counts one judgement; nil is none.
  mutating func add(_ isAccepted: Bool?) {
    guard let isAccepted else { return unjudged += 1 }
    judged += 1
    if isAccepted { accepted += 1 }
  }
}

/// A value with the interval that holds it with a probability of 95%.
package struct Estimate: Sendable, Hashable {
  package let value: Double
  package let low: Double
  package let high: Double

  package func contains(_ value: Double) -> Bool { low <= value && value <= high }

  /// Takes the middle 95% of draws, which are no fewer than one.
  init(_ value: Double, draws: [Double]) {
    self.value = value
    let sorted = draws.sorted()
    let last = sorted.count - 1
    low = sorted[Int((Double(last) * 0.025).rounded(.down))]
    high = sorted[Int((Double(last) * 0.975).rounded(.up))]
  }
}

/// What acceptance rates say of the answers behind them.
///
/// With generator accuracy m, acceptance of right answers a and of wrong ones b, the accepted share
/// is S = m a + (1 - m) b; so m = (S - b) / (a - b), and m a / S of the accepted answers are right.
package struct CriticEstimate: Sendable {
  package enum Verdict: String, Sendable, CaseIterable {
    /// Right answers are accepted more often than wrong ones.
    case helps
    /// Right answers are accepted less often than wrong ones.
    case hurts = "does not help"
    /// The interval of a - b holds 0, so that nothing can be said.
    case notIdentifiable = "not identifiable"
  }

  /// The acceptance of right answers, and of wrong ones; nil when none was judged.
  package let right: Estimate?
  package let wrong: Estimate?
  package let difference: Estimate?
  /// The accepted share of judged attempts.
  package let share: Estimate?
  /// The accuracy before and after the critic; nil where they cannot be known.
  package let before: Estimate?
  package let after: Estimate?
  package let verdict: Verdict

  /// How many draws the intervals come from.
  package static let drawCount = 10_000

  private static let seed: UInt64 = 0x5EED_CA11_B8A7_E001

  /// Estimates from counts; the same counts give the same figures.
  ///
  /// - Parameters:
  ///   - right: Judgements of right answers.
  ///   - wrong: Judgements of wrong answers.
  ///   - attempts: Judgements of the answers whose accuracy is wanted.
  ///   - drawCount: More draws make the ends of intervals steadier.
  package init(
    right: AcceptanceCount, wrong: AcceptanceCount, attempts: AcceptanceCount,
    drawCount: Int = CriticEstimate.drawCount
  ) {
    var sampler = BetaSampler(seed: Self.seed)
    func draws(_ count: AcceptanceCount) -> [Double] {
      guard count.judged > 0 else { return [] }
      return (0..<drawCount).map { _ in sampler.rate(count.accepted, of: count.judged) }
    }
    let (a, b, s) = (draws(right), draws(wrong), draws(attempts))
    self.right = right.rate.map { Estimate($0, draws: a) }
    self.wrong = wrong.rate.map { Estimate($0, draws: b) }
    share = attempts.rate.map { Estimate($0, draws: s) }
    guard let rightRate = right.rate, let wrongRate = wrong.rate else {
      (difference, before, after, verdict) = (nil, nil, nil, .notIdentifiable)
      return
    }
    let difference = Estimate(rightRate - wrongRate, draws: zip(a, b).map { $0 - $1 })
    self.difference = difference
    guard !difference.contains(0) else {
      (before, after, verdict) = (nil, nil, .notIdentifiable)
      return
    }
    verdict = difference.low > 0 ? .helps : .hurts
    guard let shareRate = attempts.rate else {
      (before, after) = (nil, nil)
      return
    }
    let accuracies = s.indices.map { Self.accuracy(a[$0], b[$0], s[$0]) }
    let point = Self.accuracy(rightRate, wrongRate, shareRate)
    before = Estimate(point.before, draws: accuracies.map(\.before))
    after = Estimate(point.after, draws: accuracies.map(\.after))
  }

  /// Whether the accepted share lies outside of what any accuracy could give.
  package var isShareImpossible: Bool {
    guard let right, let wrong, let share else { return false }
    return share.low > max(right.high, wrong.high) || share.high < min(right.low, wrong.low)
  }

  /// The accuracy before and after the critic.
  private static func accuracy(
    _ right: Double, _ wrong: Double, _ share: Double
  ) -> (before: Double, after: Double) {
    guard right != wrong, share > 0 else { return (0, 0) }
    let before = min(1, max(0, (share - wrong) / (right - wrong)))
    return (before, min(1, before * right / share))
  }
}
