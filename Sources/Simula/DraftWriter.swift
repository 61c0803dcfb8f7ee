import ArtifactStore
import CanonicalJSON
import Dataset

/// Writes samples in the recipe's schema, and writes them again after a critic's objection.
struct DraftWriter: Sendable {
  static let codeVersion = 1
  static let tasks: [PromptTask] = [.generate, .refine]

  private let asker: Asker
  private let form: SampleForm
  /// What the inputs of all drafts have.
  private let examples, questionFields, answerField: JSON

  init(_ asker: Asker, form: SampleForm) {
    self.asker = asker
    self.form = form
    examples = .array(asker.recipe.exampleSamples.map { .string($0.text) })
    questionFields = .array(form.shape.question.map { .string($0) })
    answerField = form.shape.answer.map { .string($0) } ?? .null
  }

  private func inputs(_ attempt: Attempt, _ scenario: Scenario) -> JSONObject {
    JSONObject([
      ("requirements", attempt.requirements), ("scenario", .string(scenario.text)),
      ("examples", examples), ("question-fields", questionFields), ("answer-field", answerField),
    ])
  }

  func write(
    _ attempt: Attempt, _ scenario: Scenario, _ trail: inout SlotTrail
  ) async throws -> Draft? {
    try await ask(.generate, attempt, scenario, inputs(attempt, scenario), attempt.draw, &trail)
  }

  func rewrite(
    _ draft: Draft, objection: String, round: Int, _ attempt: Attempt, _ scenario: Scenario,
    _ trail: inout SlotTrail
  ) async throws -> Draft? {
    var inputs = inputs(attempt, scenario)
    inputs["draft"] = .string(draft.value.text)
    inputs["explanation"] = .string(objection)
    return try await ask(
      .refine, attempt, scenario, inputs, "\(attempt.draw) round \(round)", &trail)
  }

  private func ask(
    _ task: PromptTask, _ attempt: Attempt, _ scenario: Scenario, _ inputs: JSONObject,
    _ draw: String, _ trail: inout SlotTrail
  ) async throws -> Draft? {
    let asked = try await asker.ask(
      task, .generator, inputs: inputs, schema: form.shape.schema, draw: draw
    ) { (json, _) throws(UnusableAnswer) in try form.checked(json) }
    switch asked.result {
    case .success(let value):
      return Draft(attempt, metaPrompt: scenario.record, call: asked.call, value: value)
    case .failure(let problem):
      trail.records.append(
        attempt.rejection(
          .unreadable, of: "sample", problem, call: asked.call,
          metaPrompt: scenario.record))
      return nil
    }
  }
}
