import Simula
import Testing

@Suite("What acceptance rates say of accuracy")
struct CriticEstimateTests {
  private func estimate(
    _ right: (Int, Int), _ wrong: (Int, Int), _ attempts: (Int, Int)
  ) -> CriticEstimate {
    CriticEstimate(
      right: AcceptanceCount(accepted: right.0, judged: right.1),
      wrong: AcceptanceCount(accepted: wrong.0, judged: wrong.1),
      attempts: AcceptanceCount(accepted: attempts.0, judged: attempts.1))
  }

  @Test("The figures are those of the formulas")
  func formulas() throws {
    // S = 0.75 * 0.9 + 0.25 * 0.1, of which 0.75 * 0.9 are right.
    let estimate = estimate((90, 100), (10, 100), (700, 1000))
    #expect(estimate.right?.value == 0.9 && estimate.wrong?.value == 0.1)
    #expect(estimate.difference?.value == 0.8 && estimate.share?.value == 0.7)
    #expect(abs(try #require(estimate.before).value - 0.75) < 1e-12)
    #expect(abs(try #require(estimate.after).value - 0.75 * 0.9 / 0.7) < 1e-12)
    #expect(estimate.verdict == .helps)
    #expect(!estimate.isShareImpossible)
  }

  // The quantiles of Beta(k + 1/2, n - k + 1/2) by numerical integration.
  @Test(
    "Intervals of rates are those of Jeffreys",
    arguments: [
      (90, 100, 0.8299, 0.9474), (3, 10, 0.0927, 0.6058), (0, 20, 0.00002, 0.1166),
      (1, 1, 0.1467, 0.9996), (500, 1000, 0.4690, 0.5310),
    ])
  func jeffreys(_ accepted: Int, _ judged: Int, _ low: Double, _ high: Double) throws {
    let interval = try #require(
      estimate((accepted, judged), (0, 10), (1, 2)).right)
    let spread = high - low
    #expect(abs(interval.low - low) < 0.03 * spread, "\(interval)")
    #expect(abs(interval.high - high) < 0.03 * spread, "\(interval)")
  }

  static let cells = [
    (TruthCell(m: 0.5, a: 0.8, b: 0.2), 100, 400), (TruthCell(m: 0.75, a: 0.8, b: 0.05), 100, 400),
    (TruthCell(m: 0.9, a: 0.95, b: 0.05), 100, 400), (TruthCell(m: 0.9, a: 0.6, b: 0.2), 100, 400),
    (TruthCell(m: 0.75, a: 0.95, b: 0.4), 30, 200), (TruthCell(m: 0.5, a: 0.2, b: 0.8), 60, 300),
  ]

  @Test("The 95% intervals hold the truth in 88 to 100 of 100 seeds", arguments: cells)
  func coverage(_ cell: TruthCell, judged: Int, attempts: Int) throws {
    var covered = (before: 0, after: 0, right: 0, wrong: 0)
    for seed in 0..<100 {
      // Streams of neighbouring seeds are one step apart.
      var random = SplitMix(1 + 100_000 * seed)
      func count(_ total: Int, _ rate: Double) -> AcceptanceCount {
        let accepted = (0..<total).count { _ in Double.random(in: 0..<1, using: &random) < rate }
        return AcceptanceCount(accepted: accepted, judged: total)
      }
      let estimate = CriticEstimate(
        right: count(judged, cell.a), wrong: count(judged, cell.b),
        attempts: count(attempts, cell.share), drawCount: 1000)
      if try #require(estimate.before).contains(cell.m) { covered.before += 1 }
      if try #require(estimate.after).contains(cell.accuracy) { covered.after += 1 }
      if try #require(estimate.right).contains(cell.a) { covered.right += 1 }
      if try #require(estimate.wrong).contains(cell.b) { covered.wrong += 1 }
    }
    #expect(covered.after >= 88, "\(covered)")
    #expect(covered.before >= 88, "\(covered)")
    #expect(covered.right >= 88, "\(covered)")
    #expect(covered.wrong >= 88, "\(covered)")
  }

  @Test("A critic that takes right and wrong answers alike gives no figures")
  func unidentifiable() {
    for wrong in [48, 50, 55] {
      let estimate = estimate((50, 100), (wrong, 100), (200, 400))
      #expect(estimate.verdict == .notIdentifiable)
      #expect(estimate.before == nil && estimate.after == nil)
      #expect(estimate.difference?.contains(0) == true)
    }
    for (right, wrong) in [((0, 0), (1, 50)), ((49, 50), (0, 0)), ((0, 0), (0, 0))] {
      let estimate = estimate(right, wrong, (200, 400))
      #expect(estimate.verdict == .notIdentifiable)
      #expect(estimate.after == nil)
    }
  }

  @Test("A critic that prefers wrong answers is said to do harm")
  func harm() throws {
    let estimate = estimate((20, 100), (80, 100), (500, 1000))
    #expect(estimate.verdict == .hurts)
    #expect(try #require(estimate.after).value < #require(estimate.before).value)
  }

  @Test("Without judged attempts the rates stand alone")
  func noAttempts() {
    let estimate = estimate((90, 100), (10, 100), (0, 0))
    #expect(estimate.verdict == .helps)
    #expect(estimate.share == nil && estimate.before == nil && estimate.after == nil)
  }

  @Test("A share that no accuracy could give is found out, and clamped")
  func impossibleShare() throws {
    let high = estimate((70, 100), (5, 100), (990, 1000))
    #expect(high.isShareImpossible)
    #expect(try #require(high.before).value == 1)
    let low = estimate((90, 100), (40, 100), (50, 1000))
    #expect(low.isShareImpossible)
    #expect(try #require(low.after).value == 0)
  }

  @Test("The same counts give the same figures")
  func determinism() {
    let one = estimate((90, 100), (10, 100), (700, 1000))
    let two = estimate((90, 100), (10, 100), (700, 1000))
    #expect(one.after == two.after && one.difference == two.difference)
  }
}
