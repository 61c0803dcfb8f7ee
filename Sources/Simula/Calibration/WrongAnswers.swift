import ArtifactStore
import CanonicalJSON
import Dataset

/// Where a wrong answer comes from; how often critics accept it depends on that.
package enum WrongSource: String, Sendable, CaseIterable, Hashable {
  /// The generator's own wrong answer to a question of the gold file.
  case generator
  /// A model's small change of the right answer.
  case altered
  /// Another choice, another number, or the answer to another question.
  case changed

  package var explanation: String {
    switch self {
    case .generator: "the generator's own wrong answers to the gold questions"
    case .altered: "a model's small changes of right answers"
    case .changed: "other choices, other numbers, or answers to other questions"
    }
  }
}

/// An answer that is taken as wrong.
struct WrongAnswer: Sendable, Hashable {
  let question: String
  let answer: JSON
  let source: WrongSource
}

/// Finds wrong answers to questions whose right ones are known, the most natural ones first.
struct WrongAnswers: Sendable {
  /// So many of the generator's own are enough to go without made-up ones.
  static let enough = 30
  /// How many gold questions the generator is asked for each wrong answer that is wanted.
  static let questionsPerAnswer = 10

  let asker: Asker
  let form: SampleForm
  let workers: Int
  let progress: ProgressBoard

  /// The generator's own wrong answers, and how many of its answers were right.
  func own(
    _ known: [KnownAnswer], count: Int
  ) async throws -> (answers: [WrongAnswer], rightShare: AcceptanceCount) {
    var answers: [WrongAnswer] = []
    var rightShare = AcceptanceCount()
    var rest = known.prefix(count * Self.questionsPerAnswer)
    progress.start("answers of the generator", total: rest.count)
    while answers.count < count, !rest.isEmpty {
      let batch = Array(rest.prefix(max(Self.enough, count - answers.count)))
      rest = rest.dropFirst(batch.count)
      let given = try await InOrder.map(batch, workers: workers) { item in
        defer { progress.advance() }
        return try await ask(.solve, item, draw: "calibrate answer") { _ in nil }
      }
      for (item, answer) in zip(batch, given) {
        guard let answer else {
          rightShare.unjudged += 1
          continue
        }
        let isRight = SampleForm.same(answer, item.answer)
        rightShare.add(isRight)
        guard !isRight else { continue }
        answers.append(
          WrongAnswer(question: item.question, answer: answer, source: .generator))
      }
    }
    return (Array(answers.prefix(count)), rightShare)
  }

  /// Wrong answers made up by a model, or where it gives none, by code; one for each known answer
  /// of which there can be another.
  func madeUp(_ known: [KnownAnswer], isAltering: Bool) async throws -> [WrongAnswer] {
    progress.start("made-up answers", total: known.count)
    let change = AnswerChange(form, others: known)
    let made = try await InOrder.map(Array(known.indices), workers: workers) {
      (index) -> WrongAnswer? in
      let item = known[index]
      defer { progress.advance() }
      let altered =
        isAltering
        ? try await ask(.alterAnswer, item, draw: "calibrate change") { answer in
          if SampleForm.same(answer, item.answer) { return "it is the right answer again" }
          return form.problem(answer: answer).map { "it breaks the schema: \($0)" }
        } : nil
      if let altered {
        return WrongAnswer(question: item.question, answer: altered, source: .altered)
      }
      return change.wrong(for: index).map {
        WrongAnswer(question: item.question, answer: $0, source: .changed)
      }
    }
    return made.compactMap(\.self)
  }

  /// A model's answer, or nil when none of its tries could be used.
  private func ask(
    _ task: PromptTask, _ item: KnownAnswer, draw: String,
    objection: @Sendable (JSON) -> String?
  ) async throws -> JSON? {
    var inputs = JSONObject([("question", .string(item.question))])
    if task == .alterAnswer {
      inputs["answer"] = .string(item.answer.string ?? item.answer.text)
    }
    let asked = try await asker.ask(
      task, .generator, inputs: inputs,
      schema: AnswerSchemas.solution(answer: form.answerSchema), draw: draw
    ) { (json, isLastTry) throws(UnusableAnswer) in
      let solution = try Solution(json, isLastTry: isLastTry)
      if let objection = objection(solution.answer) {
        throw UnusableAnswer(.wrongShape, objection)
      }
      return solution.answer
    }
    guard case .success(let answer) = asked.result else { return nil }
    return answer
  }
}
