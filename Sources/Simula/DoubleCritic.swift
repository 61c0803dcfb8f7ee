import ArtifactStore
import CanonicalJSON
import Dataset

/// Judges an answer twice, independently; only agreement that it is right accepts it.
struct DoubleCritic: Sendable {
  static let codeVersion = 1
  static let tasks: [PromptTask] = [.askCorrect, .askIncorrect, .solve, .solveCheck]

  private let asker: Asker
  private let form: SampleForm

  init(_ asker: Asker, form: SampleForm) {
    self.asker = asker
    self.form = form
  }

  func run(
    _ attempt: Attempt, _ draft: Draft, _ trail: inout SlotTrail
  ) async throws -> Bool {
    guard let answer = form.answer(draft.value) else { return true }
    switch attempt.knobs.critics.double {
    case .off: return true
    case .ask:
      return try await decide(
        attempt, draft, &trail,
        first: { trail in
          try await ask(.askCorrect, attempt, draft, answer, meansRight: "yes", &trail)
        },
        second: { trail in
          try await ask(.askIncorrect, attempt, draft, answer, meansRight: "no", &trail)
        })
    case .solve:
      return try await decide(
        attempt, draft, &trail,
        first: { trail in try await solve(.solve, attempt, draft, answer, &trail) },
        second: { trail in try await solve(.solveCheck, attempt, draft, answer, &trail) })
    }
  }

  private typealias Judgement = (inout SlotTrail) async throws -> Bool?

  /// Accepts when both say right; all four outcomes leave their verdicts.
  private func decide(
    _ attempt: Attempt, _ draft: Draft, _ trail: inout SlotTrail, first: Judgement,
    second: Judgement
  ) async throws -> Bool {
    guard let one = try await first(&trail), let two = try await second(&trail) else {
      return false
    }
    if one, two { return true }
    trail.records.append(
      attempt.rejection(
        one == two ? .incorrect : .inconsistent,
        detail: one == two
          ? "both calls of the double critic find the answer wrong"
          : "the calls of the double critic contradict each other",
        call: draft.call, metaPrompt: draft.metaPrompt, draft: draft))
    return false
  }

  private func unjudged(
    _ task: PromptTask, _ attempt: Attempt, _ draft: Draft, _ problem: UnusableAnswer,
    _ call: RecordID
  ) -> Record {
    attempt.rejection(
      .unjudged, detail: "\(task.rawValue): \(problem.message)", call: call,
      metaPrompt: draft.metaPrompt, draft: draft)
  }

  /// Whether the critic means that the answer is right, or nil when it gave no usable verdict.
  private func ask(
    _ task: PromptTask, _ attempt: Attempt, _ draft: Draft, _ answer: JSON, meansRight: String,
    _ trail: inout SlotTrail
  ) async throws -> Bool? {
    let asked = try await asker.ask(
      task, .critic,
      inputs: JSONObject([
        ("question", .string(form.question(draft.value))),
        ("answer", .string(answer.string ?? answer.text)),
      ]), schema: AnswerSchemas.correctnessVerdict, draw: attempt.draw
    ) { (json, _) throws(UnusableAnswer) in
      let verdict = try json.text("verdict")
      guard verdict == "yes" || verdict == "no" else {
        throw UnusableAnswer(.wrongShape, "'verdict' is neither \"yes\" nor \"no\"")
      }
      return (verdict: verdict, reasoning: try json.text("reasoning"))
    }
    switch asked.result {
    case .failure(let problem):
      trail.records.append(unjudged(task, attempt, draft, problem, asked.call))
      return nil
    case .success(let verdict):
      trail.records.append(
        Verdict.record(
          draft, task, round: 0, call: asked.call, outcome: verdict.verdict,
          explanation: verdict.reasoning))
      return verdict.verdict == meansRight
    }
  }

  /// Whether the critic finds the same answer itself, or nil when it found none.
  private func solve(
    _ task: PromptTask, _ attempt: Attempt, _ draft: Draft, _ answer: JSON,
    _ trail: inout SlotTrail
  ) async throws -> Bool? {
    var inputs = JSONObject([("question", .string(form.question(draft.value)))])
    if task == .solveCheck { inputs["answer"] = .string(answer.string ?? answer.text) }
    let asked = try await asker.ask(
      task, .critic, inputs: inputs,
      schema: AnswerSchemas.solution(answer: form.answerSchema), draw: attempt.draw
    ) { (json, _) throws(UnusableAnswer) in
      guard let answer = json["answer"], answer != .null else {
        throw UnusableAnswer(.wrongShape, "it has no 'answer'")
      }
      return (answer: answer, reasoning: try json.text("reasoning"))
    }
    switch asked.result {
    case .failure(let problem):
      trail.records.append(unjudged(task, attempt, draft, problem, asked.call))
      return nil
    case .success(let solution):
      let isSame = SampleForm.same(solution.answer, answer)
      trail.records.append(
        Verdict.record(
          draft, task, round: 0, call: asked.call, outcome: isSame ? "same" : "different",
          explanation: solution.reasoning, answer: solution.answer))
      return isSame
    }
  }
}
