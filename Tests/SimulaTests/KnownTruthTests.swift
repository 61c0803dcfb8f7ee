import CanonicalJSON
import Dataset
import Simula
import Teachers
import Testing

@Suite("Critics whose truth is known")
struct KnownTruthTests {
  static let attempts = 2000

  /// The problems of each accuracy: they depend on it, and on nothing that the critics do.
  private static let problems = Shelf()

  /// The forms of the critic, in turn: 27 is odd, so that each rate meets both.
  static let forms = TruthCell.all.indices.map { [CriticKnobs.Double.ask, .solve][$0 % 2] }

  @Test(
    "The accepted share and its accuracy follow from m, a and b in all cells",
    arguments: zip(TruthCell.all, forms))
  func arithmetic(_ cell: TruthCell, double: CriticKnobs.Double) async throws {
    let asker = try DirectCalls.asker(cell.rates, double: double)
    let critic = DoubleCritic(asker, form: try SampleForm(asker.recipe.sample))
    var accepted = (all: 0, right: 0)
    for (index, problem) in try await Self.problems.of(cell.m).enumerated() {
      let judgement = try await critic.judge(
        question: problem.question, answer: .init(problem.answer), by: double,
        draw: "slot \(index)")
      guard case .accepted = try #require(judgement).outcome else { continue }
      accepted.all += 1
      accepted.right += problem.isRight ? 1 : 0
    }
    #expect(abs(TruthCell.score(accepted.all, of: Self.attempts, at: cell.share)) < 4)
    #expect(abs(TruthCell.score(accepted.right, of: accepted.all, at: cell.accuracy)) < 4)
  }

  @Test("The generator is right as often as its rate says", arguments: [0.5, 0.75, 0.9])
  func generator(_ accuracy: Double) async throws {
    let right = try await Self.problems.of(accuracy).count { $0.isRight }
    #expect(abs(TruthCell.score(right, of: Self.attempts, at: accuracy)) < 4)
  }

  /// Makes the problems of each accuracy once.
  private actor Shelf {
    private var known: [Double: Task<[GeneratedProblem], any Error>] = [:]

    func of(_ accuracy: Double) async throws -> [GeneratedProblem] {
      let task =
        known[accuracy]
        ?? Task {
          try await GeneratedProblem.make(KnownTruthTests.attempts, seed: 1, accuracy: accuracy)
        }
      known[accuracy] = task
      return try await task.value
    }
  }
}
