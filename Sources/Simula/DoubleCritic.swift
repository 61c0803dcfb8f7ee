import ArtifactStore
package import CanonicalJSON
package import Dataset

/// Judges an answer twice, independently; only agreement that it is right accepts it.
package struct DoubleCritic: Sendable {
  static let codeVersion = 1
  static let tasks: [PromptTask] = [.askCorrect, .askIncorrect, .solve, .solveCheck]

  private let asker: Asker
  private let form: SampleForm

  package init(_ asker: Asker, form: SampleForm) {
    self.asker = asker
    self.form = form
  }

  /// The two calls of a form, in order; nil for none.
  package static func calls(
    _ form: CriticKnobs.Double
  ) -> (first: PromptTask, second: PromptTask)? {
    switch form {
    case .off: nil
    case .ask: (.askCorrect, .askIncorrect)
    case .solve: (.solve, .solveCheck)
    }
  }

  /// Judges an answer in one form.
  ///
  /// - Parameters:
  ///   - question: As solvers see it.
  ///   - answer: What is judged.
  ///   - double: Whether the critic is asked or solves; off gives nil.
  ///   - draw: Which of several equal judgements this is.
  /// - Returns: What both calls say, or nil when there is no double critic.
  /// - Throws: ``TeacherError`` or ``StoreError`` when no complete answer came.
  package func judge(
    question: String, answer: JSON, by double: CriticKnobs.Double, draw: String
  ) async throws -> DoubleJudgement? {
    guard let calls = Self.calls(double) else { return nil }
    var opinions: [DoubleJudgement.Opinion] = []
    for task in [calls.first, calls.second] {
      let asked =
        switch task {
        case .askCorrect: try await ask(task, question, answer, meansRight: "yes", draw)
        case .askIncorrect: try await ask(task, question, answer, meansRight: "no", draw)
        default: try await solve(task, question, answer, draw)
        }
      switch asked.result {
      case .success(let opinion): opinions.append(opinion)
      case .failure(let problem):
        return DoubleJudgement(
          opinions: opinions,
          failure: DoubleJudgement.Failure(task: task, problem: problem, call: asked.call))
      }
    }
    return DoubleJudgement(opinions: opinions, failure: nil)
  }

  /// Judges the answer of a draft; all outcomes leave their verdicts.
  func run(
    _ attempt: Attempt, _ draft: Draft, _ trail: inout SlotTrail
  ) async throws -> Bool {
    guard let answer = form.answer(draft.value),
      let judgement = try await judge(
        question: form.question(draft.value), answer: answer,
        by: attempt.knobs.critics.double, draw: attempt.draw)
    else { return true }
    for opinion in judgement.opinions {
      trail.records.append(
        Verdict.record(
          draft, opinion.task, round: 0, call: opinion.call, outcome: opinion.outcome,
          explanation: opinion.explanation, answer: opinion.answer))
    }
    let rejection: Record
    switch judgement.outcome {
    case .accepted: return true
    case .incorrect:
      rejection = attempt.rejection(
        .incorrect, detail: "both calls of the double critic find the answer wrong",
        call: draft.call, metaPrompt: draft.metaPrompt, draft: draft)
    case .inconsistent:
      rejection = attempt.rejection(
        .inconsistent, detail: "the calls of the double critic contradict each other",
        call: draft.call, metaPrompt: draft.metaPrompt, draft: draft)
    case .unjudged(let failure):
      rejection = attempt.rejection(
        .unjudged, of: failure.task.rawValue, failure.problem, call: failure.call,
        metaPrompt: draft.metaPrompt, draft: draft)
    }
    trail.records.append(rejection)
    return false
  }

  /// Asks whether the answer is right, or whether it is wrong.
  private func ask(
    _ task: PromptTask, _ question: String, _ answer: JSON, meansRight: String, _ draw: String
  ) async throws -> Asked<DoubleJudgement.Opinion> {
    let asked = try await asker.ask(
      task, .critic,
      inputs: JSONObject([
        ("question", .string(question)), ("answer", .string(answer.string ?? answer.text)),
      ]), schema: AnswerSchemas.correctnessVerdict, draw: draw
    ) { (json, _) throws(UnusableAnswer) in
      let verdict = try json.text("verdict")
      guard verdict == "yes" || verdict == "no" else {
        throw UnusableAnswer(.wrongShape, "'verdict' is neither \"yes\" nor \"no\"")
      }
      return (verdict: verdict, reasoning: try json.text("reasoning"))
    }
    return asked.map { verdict in
      DoubleJudgement.Opinion(
        task: task, call: asked.call, outcome: verdict.verdict, explanation: verdict.reasoning,
        answer: nil, findsRight: verdict.verdict == meansRight)
    }
  }

  /// Has the question solved, without or with the answer in view, and compares.
  private func solve(
    _ task: PromptTask, _ question: String, _ answer: JSON, _ draw: String
  ) async throws -> Asked<DoubleJudgement.Opinion> {
    var inputs = JSONObject([("question", .string(question))])
    if task == .solveCheck { inputs["answer"] = .string(answer.string ?? answer.text) }
    let asked = try await asker.ask(
      task, .critic, inputs: inputs,
      schema: AnswerSchemas.solution(answer: form.answerSchema), draw: draw,
      read: Solution.init)
    return asked.map { solution in
      let isSame = SampleForm.same(solution.answer, answer)
      return DoubleJudgement.Opinion(
        task: task, call: asked.call, outcome: isSame ? "same" : "different",
        explanation: solution.reasoning, answer: solution.answer, findsRight: isSame)
    }
  }
}

/// The answer that a model found itself, with its reasoning.
struct Solution: Sendable {
  let answer: JSON
  let reasoning: String

  init(_ json: JSON, isLastTry _: Bool) throws(UnusableAnswer) {
    guard let answer = json["answer"], answer != .null else {
      throw UnusableAnswer(.wrongShape, "it has no 'answer'")
    }
    self.answer = answer
    reasoning = try json.text("reasoning")
  }
}
