import CanonicalJSON
package import Dataset
package import Teachers

/// What a calibration of the critics came to.
package struct CalibrationReport: Sendable {
  /// Where right answers come from.
  package enum RightSource: String, Sendable, CaseIterable {
    /// A person's file.
    case gold
    /// The version's accepted samples, which the critic itself chose.
    case circular
  }

  /// The double critic's part.
  package struct Double: Sendable {
    package let form: CriticKnobs.Double
    package let rightSource: RightSource
    package let right: AcceptanceCount
    /// The judgements of wrong answers by their source; none is empty.
    package let wrong: [WrongSource: AcceptanceCount]
    /// How many of the generator's answers to gold questions are right; without gold nil.
    package let generator: AcceptanceCount?
    package let attempts: AcceptanceCount
    /// How often the two calls of the critic said what in the version.
    package let outcomes: [String: Int]
    package let estimate: CriticEstimate
  }

  package let criticModel: String
  package let generatorModel: String
  /// Nil when the recipe has no double critic.
  package let double: Double?
  /// Nil when the recipe has no requirement critic, or the version no samples.
  package let requirements: RequirementRates?
  /// What the version's attempts with a plain and a complexified scenario came to.
  package let plain: AcceptanceCount
  package let complexified: AcceptanceCount
  package let complexity: ComplexityAdvice?
  /// The present share of complexified meta-prompts.
  package let fraction: Swift.Double
  /// What a reader must know to take the figures for no more than they are.
  package let notices: [String]
  package let counts: CallCache.Counts
}
