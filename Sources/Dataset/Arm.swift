/// Which parts of the method take part: what is compared to learn what each part is worth.
///
/// The arms of the Simula paper. Complexification is a knob of its own and the same in all.
package enum Arm: String, Sendable, CaseIterable {
  /// The first level of each taxonomy, one scenario a slot, no critics.
  case baseline
  /// The first level, one of K scenarios.
  case local
  /// Whole taxonomies, one scenario a slot.
  case global
  /// Whole taxonomies, one of K scenarios.
  case localGlobal = "local+global"
  /// Everything, with critics.
  case full

  package var usesWholeTaxonomies: Bool { self != .baseline && self != .local }
  package var usesCandidates: Bool { self != .baseline && self != .global }
  package var usesCritics: Bool { self == .full }
}

/// How samples are made: what the recipe says, unless the strategy of a slot says otherwise.
package struct SampleKnobs: Sendable, Hashable {
  /// How many scenarios are written in one call, of which one is used.
  package var candidates: Int
  /// The share of scenarios that are made more complex.
  package var fraction: Double
  package var critics: CriticKnobs

  package init(candidates: Int, fraction: Double, critics: CriticKnobs) {
    self.candidates = candidates
    self.fraction = fraction
    self.critics = critics
  }
}

extension Recipe {
  /// How the samples of one strategy are made, in this recipe's arm.
  package func knobs(of strategy: Strategy.Overrides = .init()) -> SampleKnobs {
    var knobs = SampleKnobs(
      candidates: strategy.candidates ?? metaPrompts.candidates,
      fraction: strategy.fraction ?? complexity.fraction, critics: critics)
    knobs.critics.judgesRequirements = strategy.judgesRequirements ?? critics.judgesRequirements
    knobs.critics.refineRounds = strategy.refineRounds ?? critics.refineRounds
    knobs.critics.double = strategy.double ?? critics.double
    if !arm.usesCandidates { knobs.candidates = 1 }
    if !arm.usesCritics {
      knobs.critics.judgesRequirements = false
      knobs.critics.double = .off
    }
    return knobs
  }
}
