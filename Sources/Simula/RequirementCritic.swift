import ArtifactStore
import CanonicalJSON
import Dataset

/// Judges whether a sample meets its mix and its scenario, and has it rewritten when not.
struct RequirementCritic: Sendable {
  static let codeVersion = 1
  static let tasks: [PromptTask] = [.judgeRequirements]

  private let asker: Asker
  private let form: SampleForm

  init(_ asker: Asker, form: SampleForm) {
    self.asker = asker
    self.form = form
  }

  /// The draft that was accepted, or nil when none was in all rounds.
  func run(
    _ attempt: Attempt, _ scenario: Scenario, _ first: Draft, rewrite drafts: DraftWriter,
    _ trail: inout SlotTrail
  ) async throws -> Draft? {
    guard attempt.knobs.critics.judgesRequirements else { return first }
    var draft = first
    for round in 0...attempt.knobs.critics.refineRounds {
      guard
        let objection = try await judge(attempt, scenario, draft, round: round, &trail)
      else { return nil }
      guard !objection.isEmpty else { return draft }
      let isLast = round == attempt.knobs.critics.refineRounds
      trail.records.append(
        attempt.rejection(
          isLast ? .requirements : .refined, detail: objection, call: draft.call,
          metaPrompt: draft.metaPrompt, draft: draft))
      guard !isLast else { return nil }
      guard
        let next = try await drafts.rewrite(
          draft, objection: objection, round: round + 1, attempt, scenario, &trail)
      else { return nil }
      draft = next
    }
    return nil
  }

  /// What the critic says of one sample.
  struct Opinion: Sendable {
    let isAccepted: Bool
    let explanation: String

    init(_ json: JSON, isLastTry _: Bool) throws(UnusableAnswer) {
      let verdict = try json.text("verdict")
      guard verdict == "accept" || verdict == "reject" else {
        throw UnusableAnswer(.wrongShape, "'verdict' is neither \"accept\" nor \"reject\"")
      }
      isAccepted = verdict == "accept"
      explanation = try json.text("explanation")
    }
  }

  /// Judges whether a sample meets what the prompts say of a mix, and a scenario.
  func judge(
    _ sample: JSON, requirements: JSON, scenario: String, draw: String
  ) async throws -> Asked<Opinion> {
    try await asker.ask(
      .judgeRequirements, .critic,
      inputs: JSONObject([
        ("requirements", requirements), ("scenario", .string(scenario)),
        ("sample", .string(form.visible(sample))),
      ]), schema: AnswerSchemas.requirementVerdict, draw: draw, read: Opinion.init)
  }

  /// The critic's objection, "" for none, or nil when it gave no usable verdict.
  private func judge(
    _ attempt: Attempt, _ scenario: Scenario, _ draft: Draft, round: Int,
    _ trail: inout SlotTrail
  ) async throws -> String? {
    let asked = try await judge(
      draft.value, requirements: attempt.requirements, scenario: scenario.text,
      draw: "\(attempt.draw) round \(round)")
    switch asked.result {
    case .failure(let problem):
      trail.records.append(
        attempt.rejection(
          .unjudged, of: "requirements", problem, call: asked.call,
          metaPrompt: draft.metaPrompt, draft: draft))
      return nil
    case .success(let opinion):
      trail.records.append(
        Verdict.record(
          draft, .judgeRequirements, round: round, call: asked.call,
          outcome: opinion.isAccepted ? "accept" : "reject", explanation: opinion.explanation))
      if opinion.isAccepted { return "" }
      return opinion.explanation.isEmpty ? "it does not meet its requirements" : opinion.explanation
    }
  }
}

/// The record of one judgement.
enum Verdict {
  static func record(
    _ draft: Draft, _ role: PromptTask, round: Int, call: RecordID, outcome: String,
    explanation: String, answer: JSON? = nil
  ) -> Record {
    var members = JSONObject([
      ("call", .string(call.hex)), ("explanation", .string(explanation)),
      ("outcome", .string(outcome)), ("role", .string(role.rawValue)), ("round", JSON(round)),
      ("sample", .string(draft.record.id.hex)),
    ])
    members["answer"] = answer
    return Record(.verdicts, .object(members))
  }
}
