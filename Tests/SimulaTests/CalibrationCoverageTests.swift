import CanonicalJSON
import Dataset
import Simula
import Teachers
import Testing

@Suite("A calibration whose truth is known")
struct CalibrationCoverageTests {
  /// Under `solve` the two rates leave room for each other.
  static let cell = TruthCell(m: 0.75, a: 0.85, b: 0.1)
  static let gold = 40
  static let attempts = 120

  @Test(
    "Measured through the critic, the interval of the accuracy holds the truth in 88 of 100 seeds",
    arguments: [CriticKnobs.Double.ask, .solve])
  func coverage(_ double: CriticKnobs.Double) async throws {
    let asker = try DirectCalls.asker(Self.cell.rates, double: double)
    var covered = 0
    var rates = (right: AcceptanceCount(), wrong: AcceptanceCount())
    for seed in 0..<100 {
      let measured = try await Self.measure(asker, seed: seed)
      rates.right = rates.right + measured.rates.right
      rates.wrong = rates.wrong + measured.rates.allWrong
      let estimate = CriticEstimate(
        right: measured.rates.right, wrong: measured.rates.allWrong, attempts: measured.attempts,
        drawCount: 1000)
      #expect(estimate.verdict == .helps)
      if try #require(estimate.after).contains(Self.cell.accuracy) { covered += 1 }
    }
    #expect(covered >= 88)
    let (right, wrong) = rates
    #expect(right.judged == 100 * Self.gold && right.unjudged == 0)
    #expect(wrong.judged == 100 * Self.gold && wrong.unjudged == 0)
    #expect(abs(TruthCell.score(right.accepted, of: right.judged, at: Self.cell.a)) < 4)
    #expect(abs(TruthCell.score(wrong.accepted, of: wrong.judged, at: Self.cell.b)) < 4)
  }

  /// Calibrates on problems of one seed, and counts attempts on others.
  private static func measure(
    _ asker: Asker, seed: Int
  ) async throws -> (rates: DoubleCalibration.Rates, attempts: AcceptanceCount) {
    let form = try SampleForm(asker.recipe.sample)
    let known = try await GeneratedProblem.make(gold, seed: 1000 + seed, accuracy: 1)
      .compactMap { problem in
        KnownAnswer(
          ["question": .string(problem.question), "answer": .init(problem.truth)], form)
      }
    let calibration = DoubleCalibration(
      asker, form: form, workers: 1, progress: ProgressBoard(SilentObserver()))
    let rates = try await calibration.run(known, from: .gold, count: gold, isAltering: true)
    let critic = DoubleCritic(asker, form: form)
    var attempts = AcceptanceCount(judged: Self.attempts)
    let problems = try await GeneratedProblem.make(
      Self.attempts, seed: seed, accuracy: cell.m)
    for (index, problem) in problems.enumerated() {
      let judgement = try await critic.judge(
        question: problem.question, answer: .init(problem.answer),
        by: asker.recipe.critics.double, draw: "slot \(index)")
      if case .accepted = judgement?.outcome { attempts.accepted += 1 }
    }
    return (rates, attempts)
  }

  @Test("A critic that takes wrong answers as readily as right ones is found out")
  func unidentifiable() async throws {
    let cell = TruthCell(m: 0.75, a: 0.5, b: 0.48)
    let asker = try DirectCalls.asker(cell.rates, double: .ask)
    let measured = try await Self.measure(asker, seed: 7)
    let estimate = CriticEstimate(
      right: measured.rates.right, wrong: measured.rates.allWrong, attempts: measured.attempts)
    #expect(estimate.verdict == .notIdentifiable)
    #expect(estimate.after == nil)
  }
}
