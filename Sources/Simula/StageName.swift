import ArtifactStore
import CanonicalJSON
package import Dataset
package import Pipeline
import Teachers

/// The stages of a run, in order.
package enum StageName: String, Sendable, CaseIterable, Comparable {
  case factors, taxonomies, strategies, mixes
  case metaPrompts = "meta-prompts"
  case samples

  /// The stages whose outputs are text that people may edit.
  package static let sources: [StageName] = [.factors, .taxonomies, .strategies]
  package static let data: [StageName] = [.mixes, .metaPrompts, .samples]

  package static func < (left: StageName, right: StageName) -> Bool {
    left.place < right.place
  }

  private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// The hash of what defines this stage for a recipe and its prompts, under what is recalled.
  package func key(
    _ recipe: Recipe, _ prompts: PromptSet, _ recalls: Recalls = Recalls()
  ) -> StageKey {
    let (version, knobs, tasks, roles) = definition(recipe)
    let reading = [("answers", String(Asker.codeVersion))]
    return StageKey(
      name: rawValue, codeVersion: version,
      knobs: knobs + (roles.isEmpty ? [] : reading)
        + RecallKnobs.of(self, tasks, roles, recipe, prompts, recalls),
      templates: prompts.bytes(tasks),
      teachers: roles.map { ($0.rawValue, Players.identity(recipe, $0)) })
  }

  /// The roles whose models this stage asks.
  func roles(_ recipe: Recipe) -> [Role] { definition(recipe).roles }
  /// What this stage asks them.
  func tasks(_ recipe: Recipe) -> [PromptTask] { definition(recipe).tasks }

  private func definition(
    _ recipe: Recipe
  ) -> (version: Int, knobs: [(String, String)], tasks: [PromptTask], roles: [Role]) {
    let taxonomy = recipe.taxonomy
    let domain = [("description", recipe.description)]
    switch self {
    case .factors:
      return (
        FactorStage.codeVersion,
        domain + recipe.exampleSamples.map { ("example", $0.text) }
          + recipe.references.map { ("reference", $0) }
          + (recipe.factors.map { $0.map { ("factor", $0) } }
            ?? [
              ("factors", "\(taxonomy.factorCount)"), ("proposals", String(taxonomy.proposals)),
            ]),
        recipe.factors == nil ? FactorStage.tasks : [],
        recipe.factors == nil ? [.proposer, .critic] : []
      )
    case .taxonomies:
      return (
        TaxonomyStage.codeVersion,
        domain + [
          ("depth", String(taxonomy.depth)), ("proposals", String(taxonomy.proposals)),
          ("children", "\(taxonomy.children)"), ("children-cap", String(taxonomy.childrenCap)),
          ("frontier-cap", String(taxonomy.frontierCap)),
          ("level-plans", String(taxonomy.usesLevelPlans)),
        ], TaxonomyStage.tasks, [.proposer, .critic, .planner]
      )
    case .strategies:
      return (
        StrategyStage.codeVersion, domain + [("strategies", "\(recipe.strategy.count)")],
        StrategyStage.tasks, [.planner]
      )
    case .mixes:
      return (
        MixSampler.codeVersion,
        [
          ("samples", String(recipe.sampleCount)), ("random-seed", String(recipe.randomSeed)),
          ("order", Self.orderIdentity(recipe.strategy.order)),
          ("instances", String(recipe.metaPrompts.instances)),
          ("whole-taxonomies", String(recipe.arm.usesWholeTaxonomies)),
        ], [], []
      )
    case .metaPrompts:
      return (
        ScenarioWriter.codeVersion,
        domain + [
          ("candidates", String(recipe.metaPrompts.candidates)),
          ("fraction", String(recipe.complexity.fraction)),
          ("uses-candidates", String(recipe.arm.usesCandidates)),
        ], ScenarioWriter.tasks, [.prompter]
      )
    case .samples:
      return (
        DraftWriter.codeVersion * 100 + RequirementCritic.codeVersion * 10
          + DoubleCritic.codeVersion, domain + sampleKnobs(recipe),
        DraftWriter.tasks + RequirementCritic.tasks + DoubleCritic.tasks, [.generator, .critic]
      )
    }
  }

  /// The order's name, with the version of the code that makes it.
  private static func orderIdentity(_ order: StrategyKnobs.Order) -> String {
    switch order {
    case .weighted: order.rawValue
    case .coverageFirst: "\(order.rawValue) \(CoverageOrder.codeVersion)"
    }
  }

  private func sampleKnobs(_ recipe: Recipe) -> [(String, String)] {
    recipe.exampleSamples.map { ("example", $0.text) } + [
      ("schema", recipe.sample.schema), ("answer", recipe.sample.answer ?? ""),
      ("question", recipe.sample.question.joined(separator: "\n")),
      ("hidden", recipe.sample.hiddenFromCritics.joined(separator: "\n")),
      ("requirements", String(recipe.critics.judgesRequirements)),
      ("refine", String(recipe.critics.refineRounds)), ("double", recipe.critics.double.rawValue),
      ("attempts", String(recipe.slots.attempts)), ("extra", String(recipe.slots.extraShare)),
      ("near", recipe.duplicates.near.map { "\($0)" } ?? "off"),
      ("uses-critics", String(recipe.arm.usesCritics)),
      ("gap-minimum", String(recipe.gapFill.minimum)),
      ("gap-limit", String(recipe.gapFill.limit)),
    ]
      + recipe.duplicates.heldOut.flatMap { set in
        [("held-out", ([set.path] + (set.question ?? [])).joined(separator: "\n"))]
          + set.items.map { ("held-out item", $0.canonicalText) }
      }
  }
}

extension StageName {
  /// What the slots leave when they are filled up to this stage.
  var slotKinds: [RecordKind] {
    switch self {
    case .mixes: [.mixes]
    case .metaPrompts: [.mixes, .metaPrompts]
    default: SlotHistory.kinds
    }
  }
}

/// How far the data stages go.
package enum DataStage: Sendable, Hashable {
  case mixes, metaPrompts, samples

  package init(_ stage: StageName) {
    switch stage {
    case .mixes: self = .mixes
    case .metaPrompts: self = .metaPrompts
    default: self = .samples
    }
  }
}
