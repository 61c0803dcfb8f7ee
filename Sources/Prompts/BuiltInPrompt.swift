/// The prompt templates that a new dataset starts with; a dataset only ever uses its own files.
package struct BuiltInPrompt: Sendable, Hashable {
  /// The name of the task that the template is for.
  package let task: String
  package let text: String

  private init(_ task: String, _ bytes: [UInt8]) {
    self.task = task
    text = String(decoding: bytes, as: UTF8.self)
  }

  package static let all = [
    BuiltInPrompt("propose-factors", PackageResources.propose_factors_mustache),
    BuiltInPrompt("review-factors", PackageResources.review_factors_mustache),
    BuiltInPrompt("propose-children", PackageResources.propose_children_mustache),
    BuiltInPrompt("review-children", PackageResources.review_children_mustache),
    BuiltInPrompt("plan-level", PackageResources.plan_level_mustache),
    BuiltInPrompt("plan-strategies", PackageResources.plan_strategies_mustache),
    BuiltInPrompt("meta-prompts", PackageResources.meta_prompts_mustache),
    BuiltInPrompt("complexify", PackageResources.complexify_mustache),
    BuiltInPrompt("generate", PackageResources.generate_mustache),
    BuiltInPrompt("refine", PackageResources.refine_mustache),
    BuiltInPrompt("judge-requirements", PackageResources.judge_requirements_mustache),
    BuiltInPrompt("ask-correct", PackageResources.ask_correct_mustache),
    BuiltInPrompt("ask-incorrect", PackageResources.ask_incorrect_mustache),
    BuiltInPrompt("solve", PackageResources.solve_mustache),
    BuiltInPrompt("solve-check", PackageResources.solve_check_mustache),
    BuiltInPrompt("alter-answer", PackageResources.alter_answer_mustache),
  ]
}
