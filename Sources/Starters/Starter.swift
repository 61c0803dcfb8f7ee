/// A recipe to start a dataset from.
package struct Starter: Sendable, Hashable {
  /// The name that `stemma init --recipe` takes.
  package let name: String
  /// What it makes, in one line.
  package let summary: String
  /// The text of its `recipe.yaml`.
  package let recipe: String

  private init(_ name: String, _ summary: String, _ bytes: [UInt8]) {
    self.name = name
    self.summary = summary
    recipe = String(decoding: bytes, as: UTF8.self)
  }

  /// Every starter, the one that needs nothing else first.
  package static let all = [
    Starter(
      "grade-school-math",
      "arithmetic word problems with answers that can be checked; runs without any server",
      PackageResources.grade_school_math_yaml),
    Starter(
      "blank", "every key with its meaning and its default, for a domain of your own",
      PackageResources.blank_yaml),
  ]

  /// The starter of a name, or nil when there is none.
  package static func named(_ name: String) -> Starter? { all.first { $0.name == name } }
}
