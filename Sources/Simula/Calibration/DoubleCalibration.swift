import CanonicalJSON
import Dataset

/// Measures how often the double critic accepts right and wrong answers.
package struct DoubleCalibration: Sendable {
  private let asker: Asker
  private let form: SampleForm
  private let workers: Int
  private let progress: ProgressBoard

  /// - Parameters:
  ///   - asker: Asks the recipe's critic, and its generator for wrong answers.
  ///   - form: The recipe's sample.
  ///   - workers: How many questions are worked on at once.
  ///   - progress: Told of each judgement.
  package init(_ asker: Asker, form: SampleForm, workers: Int, progress: ProgressBoard) {
    self.asker = asker
    self.form = form
    self.workers = workers
    self.progress = progress
  }

  /// What the judgements came to.
  package struct Rates: Sendable {
    package let right: AcceptanceCount
    /// By the source of the wrong answers; none is empty.
    package let wrong: [WrongSource: AcceptanceCount]
    /// How many of the generator's answers to gold questions are right; without gold nil.
    package let generator: AcceptanceCount?

    package var allWrong: AcceptanceCount { wrong.values.reduce(AcceptanceCount(), +) }
  }

  /// Judges right answers, and as many wrong ones.
  ///
  /// The two kinds are judged in draws of their own, so that one says nothing about the other.
  ///
  /// - Parameters:
  ///   - known: Right answers, of which the first ones are used.
  ///   - source: Where they come from; only to gold questions is the generator's answer asked.
  ///   - count: How many of each kind are judged at most.
  ///   - isAltering: Whether a model is asked for wrong answers before code makes them.
  /// - Returns: How often either kind was accepted.
  /// - Throws: ``TeacherError`` or ``StoreError`` when no complete answer came.
  package func run(
    _ known: [KnownAnswer], from source: CalibrationReport.RightSource, count: Int,
    isAltering: Bool
  ) async throws -> Rates {
    let first = Array(known.prefix(count))
    let right = try await judge(
      first.map { ($0.question, $0.answer) }, "right answers", draw: "calibrate right")
    let maker = WrongAnswers(asker: asker, form: form, workers: workers, progress: progress)
    var wrong: [WrongAnswer] = []
    var generator: AcceptanceCount?
    if source == .gold {
      let own = try await maker.own(known, count: count)
      wrong = own.answers
      generator = own.rightShare
    }
    if wrong.count < min(WrongAnswers.enough, count) {
      let asked = Set(wrong.map(\.question))
      let rest = first.filter { !asked.contains($0.question) }.prefix(count - wrong.count)
      wrong += try await maker.madeUp(Array(rest), isAltering: isAltering)
    }
    let verdicts = try await judge(
      wrong.map { ($0.question, $0.answer) }, "wrong answers", draw: "calibrate wrong")
    var rates: [WrongSource: AcceptanceCount] = [:]
    for (answer, verdict) in zip(wrong, verdicts) {
      rates[answer.source, default: AcceptanceCount()].add(verdict)
    }
    var rightRate = AcceptanceCount()
    for verdict in right { rightRate.add(verdict) }
    return Rates(right: rightRate, wrong: rates, generator: generator)
  }

  /// For each answer whether it is accepted, or nil when the critic gave no usable verdict.
  private func judge(
    _ answers: [(question: String, answer: JSON)], _ name: String, draw: String
  ) async throws -> [Bool?] {
    progress.start(name, total: answers.count)
    let critic = DoubleCritic(asker, form: form)
    return try await InOrder.map(answers, workers: workers) { item in
      defer { progress.advance() }
      let judgement = try await critic.judge(
        question: item.question, answer: item.answer, by: asker.recipe.critics.double, draw: draw)
      switch judgement?.outcome {
      case .accepted: return true
      case .incorrect, .inconsistent: return false
      case .unjudged, nil: return nil
      }
    }
  }
}
