import Dataset
package import Pipeline

/// What a run would ask and cost, before anything is spent.
package struct RunEstimate: Sendable {
  package struct Stage: Sendable {
    package let stage: StageName
    package let freshness: Freshness
    /// How many requests models would be asked; nil where the stage asks nothing by itself.
    package var calls: Likely?
    /// The share of its requests that are answered already; nil where that cannot be known before.
    package var cachedShare: Double?
    package var inputTokens: Likely?
    package var outputTokens: Likely?
    /// By the prices of the recipe.
    package var money: Likely?
    /// Where the figures come from, in words.
    package var basis = ""
  }

  package var stages: [Stage]
  /// How many samples are wanted.
  package let wanted: Int
  /// What models have no price though they would be asked.
  package let unpriced: [String]

  /// What a figure comes to for all stages; nil where one that asks has none.
  package func total(_ figure: KeyPath<Stage, Likely?>) -> Likely? {
    var total = Likely(exactly: 0)
    for stage in stages {
      guard let calls = stage.calls, calls.high > 0 else { continue }
      guard let value = stage[keyPath: figure] else { return nil }
      total = total + value
    }
    return total
  }
}

/// How many requests the recipe alone lets expect, where nothing was ever asked.
enum ExpectedCalls {
  /// Of ten samples four to nine and a half are accepted at the first attempt, by the paper's runs and
  /// those of small models.
  private static let acceptance = 0.4...0.95

  static func of(_ stage: StageName, _ recipe: Recipe) -> Likely {
    let taxonomy = recipe.taxonomy
    switch stage {
    case .factors:
      return recipe.factors == nil
        ? Likely(exactly: Double(taxonomy.proposals + 1)) : Likely(exactly: 0)
    case .taxonomies:
      let factors = recipe.factors.map { $0.count...$0.count } ?? taxonomy.factorCount
      let low = Double(factors.lowerBound) * treeCalls(taxonomy, taxonomy.children.lowerBound)
      let high = Double(factors.upperBound) * treeCalls(taxonomy, taxonomy.children.upperBound)
      return Likely((low * high).squareRoot(), low: low, high: high)
    case .strategies: return Likely(2, low: 1, high: 6)
    case .mixes, .metaPrompts: return Likely(exactly: 0)
    case .samples:
      let attempt = attemptCalls(recipe)
      let count = Double(recipe.sampleCount)
      return Likely(
        count * attempt / 0.7, low: count * attempt / acceptance.upperBound,
        high: count * attempt / acceptance.lowerBound)
    }
  }

  /// Proposals and a review for each node above the last level, and a plan for each level.
  private static func treeCalls(_ knobs: TaxonomyKnobs, _ children: Int) -> Double {
    var calls = 0.0
    var width = 1.0
    for level in 0..<knobs.depth {
      calls += width * Double(knobs.proposals + 1)
      if knobs.usesLevelPlans, level > 0 { calls += 1 }
      width = min(width * Double(children), Double(knobs.frontierCap))
    }
    return calls
  }

  /// A meta-prompt and a draft, and what complexity and critics add.
  private static func attemptCalls(_ recipe: Recipe) -> Double {
    var calls = 2 + recipe.complexity.fraction
    if recipe.arm.usesCritics, recipe.critics.judgesRequirements {
      // Some drafts are written again, and judged again.
      calls += 1 + (recipe.critics.refineRounds > 0 ? 0.6 : 0)
    }
    if recipe.arm.usesCritics, recipe.critics.double != .off { calls += 2 }
    return calls
  }
}
