import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers
import TestSupport
import Testing

@Suite("Critic arithmetic through the whole pipeline")
struct CriticArithmeticTests {
  struct Cell: CustomTestStringConvertible {
    let double: String
    /// The rates of wrong answers, and of accepting right and wrong ones.
    let wrong: Double
    let right: Double
    let mistaken: Double
    var testDescription: String { "\(double) \(wrong) \(right) \(mistaken)" }
  }

  @Test(
    "The accepted share and its accuracy follow from the rates of generator and critic",
    arguments: [
      Cell(double: "ask", wrong: 0.2, right: 0.9, mistaken: 0.1),
      Cell(double: "solve", wrong: 0.4, right: 0.8, mistaken: 0.2),
    ])
  func arithmetic(_ cell: Cell) async throws {
    let slots = 400
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder,
        recipe: try Lab.recipe([
          (["samples"], "\(slots)"), (["slots", "attempts"], "1"), (["slots", "extra"], "0"),
          (["critics", "refine"], "0"), (["critics", "requirements"], "false"),
          (["critics", "double"], cell.double), (["complexity", "fraction"], "0"),
          (["teachers", "default", "wrong-answers"], "\(cell.wrong)"),
          (["teachers", "default", "accepts-right"], "\(cell.right)"),
          (["teachers", "default", "accepts-wrong"], "\(cell.mistaken)"),
          (["taxonomy", "depth"], "1"), (["factors"], "[Operation, Setting]"),
        ]))
      let report = try await lab.run()
      #expect(report.kept + report.exhaustedSlots == slots)
      let duplicates = report.rejections[.duplicate] ?? 0
      let accepted = report.kept + duplicates
      let refused = [Rejection.incorrect, .inconsistent].compactMap { report.rejections[$0] }
      #expect(accepted + refused.reduce(0, +) == slots)

      let rightRate = 1 - cell.wrong
      let share = rightRate * cell.right + cell.wrong * cell.mistaken
      #expect(abs(score(accepted, of: slots, at: share)) < 4)

      var correct = 0
      for sample in try lab.records(.samples) {
        let value = try #require(sample["value"])
        let truth = EmbeddedTeacher.solve(question: value["question"]?.string ?? "")
        if truth == value["answer"]?.int { correct += 1 }
      }
      let accuracy = rightRate * cell.right / share
      #expect(abs(score(correct, of: report.kept, at: accuracy)) < 4)
      #expect(accuracy > rightRate)
    }
  }

  /// How many standard deviations a count is away from what a rate makes one expect.
  private func score(_ count: Int, of total: Int, at rate: Double) -> Double {
    let expected = Double(total) * rate
    return (Double(count) - expected) / (expected * (1 - rate)).squareRoot()
  }
}
