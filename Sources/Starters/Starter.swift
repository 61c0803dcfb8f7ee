/// A recipe to start a dataset from.
package struct Starter: Sendable, Hashable {
  /// The name that `stemma init --recipe` takes.
  package let name: String
  /// What it makes, in one line.
  package let summary: String
  /// The text of its `recipe.yaml`.
  package let recipe: String
  /// The taxonomies that it comes with, as Markdown outlines headed by a factor of the recipe; models
  /// grow those of the other factors.
  package let outlines: [String]

  private init(
    _ name: String, _ summary: String, _ bytes: [UInt8], outlines: [[UInt8]] = []
  ) {
    self.name = name
    self.summary = summary
    recipe = String(decoding: bytes, as: UTF8.self)
    self.outlines = outlines.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Every starter: the one that needs nothing else first, then those that need a model.
  package static let all = [
    Starter(
      "grade-school-math", "arithmetic word problems; runs without any server",
      PackageResources.grade_school_math_yaml),
    Starter(
      "gsm8k", "math word problems with a whole number as the answer",
      PackageResources.gsm8k_yaml),
    Starter(
      "cti-mcq", "cyber threat intelligence, multiple choice", PackageResources.cti_mcq_yaml),
    Starter(
      "cti-rcm", "vulnerabilities and the CWE id of their root cause",
      PackageResources.cti_rcm_yaml),
    Starter("lexam", "law examinations, multiple choice", PackageResources.lexam_yaml),
    Starter(
      "global-mmlu", "many subjects in 42 languages, multiple choice",
      PackageResources.global_mmlu_yaml, outlines: [PackageResources.global_mmlu_language_md]),
    Starter(
      "blank", "every key with its default, for a domain of your own",
      PackageResources.blank_yaml),
  ]

  /// The starter of a name, or nil when there is none.
  package static func named(_ name: String) -> Starter? { all.first { $0.name == name } }
}
