/// What knobs may be that stand in the recipe and in strategies.
enum RecipeLimits {
  static let candidates = 1...20
  static let fraction = 0.0...1.0
  static let refineRounds = 0...10
}

extension RecipeReader {
  /// The keys of a section, which may be missing.
  private func section(_ name: String, keys: [String]) -> FieldReader? {
    guard let member = fields.member(name) else { return nil }
    return FieldReader(member.value, section: name, at: member.place, keys: keys, log: log)
  }

  func taxonomy() -> TaxonomyKnobs {
    var knobs = TaxonomyKnobs()
    guard let fields = section("taxonomy", keys: RecipeKeys.taxonomy) else { return knobs }
    knobs.factorCount = fields.range("factors", 1...20) ?? knobs.factorCount
    knobs.depth = fields.integer("depth", 1...6) ?? knobs.depth
    knobs.proposals = fields.integer("proposals", 1...20) ?? knobs.proposals
    knobs.children = fields.range("children", 2...50) ?? knobs.children
    let cap = fields.integer("children-cap", 2...100)
    knobs.childrenCap = cap ?? max(knobs.childrenCap, knobs.children.upperBound)
    knobs.frontierCap = fields.integer("frontier-cap", 1...10_000) ?? knobs.frontierCap
    knobs.usesLevelPlans = fields.bool("level-plans") ?? knobs.usesLevelPlans
    if let cap, cap < knobs.children.upperBound {
      log.add(
        fields.place(of: "children-cap"),
        "'children-cap' in 'taxonomy' is \(cap), less than the \(knobs.children.upperBound) "
          + "that 'children' asks for",
        hint: "raise 'children-cap' or lower 'children'")
    }
    return knobs
  }

  func strategy() -> StrategyKnobs {
    var knobs = StrategyKnobs()
    guard let fields = section("strategy", keys: RecipeKeys.strategy) else { return knobs }
    knobs.count = fields.range("strategies", 1...50) ?? knobs.count
    knobs.order = fields.choice("order") ?? knobs.order
    return knobs
  }

  func metaPrompts() -> MetaPromptKnobs {
    var knobs = MetaPromptKnobs()
    guard let fields = section("meta-prompts", keys: RecipeKeys.metaPrompts) else { return knobs }
    knobs.candidates = fields.integer("candidates", RecipeLimits.candidates) ?? knobs.candidates
    knobs.instances = fields.integer("instances", 1...1000) ?? knobs.instances
    return knobs
  }

  func complexity() -> ComplexityKnobs {
    var knobs = ComplexityKnobs()
    guard let fields = section("complexity", keys: RecipeKeys.complexity) else { return knobs }
    knobs.fraction = fields.number("fraction", RecipeLimits.fraction) ?? knobs.fraction
    return knobs
  }

  func slots() -> SlotKnobs {
    var knobs = SlotKnobs()
    guard let fields = section("slots", keys: RecipeKeys.slots) else { return knobs }
    knobs.attempts = fields.integer("attempts", 1...100) ?? knobs.attempts
    knobs.extraShare = fields.number("extra", 0...10) ?? knobs.extraShare
    return knobs
  }

  func gapFill() -> GapFillKnobs {
    var knobs = GapFillKnobs()
    guard let fields = section("gap-fill", keys: RecipeKeys.gapFill) else { return knobs }
    knobs.minimum = fields.integer("minimum", 0...1_000_000) ?? knobs.minimum
    knobs.limit = fields.number("limit", 0...10) ?? knobs.limit
    return knobs
  }

  func critics(shape: SampleReader.Shape?) -> CriticKnobs {
    var knobs = CriticKnobs()
    knobs.double = shape?.sample.answer == nil ? .off : .ask
    guard let fields = section("critics", keys: RecipeKeys.critics) else { return knobs }
    knobs.judgesRequirements = fields.bool("requirements") ?? knobs.judgesRequirements
    knobs.refineRounds = fields.integer("refine", RecipeLimits.refineRounds) ?? knobs.refineRounds
    guard let double: CriticKnobs.Double = fields.choice("double") else { return knobs }
    knobs.double = double
    guard double != .off, let shape else { return knobs }
    if shape.sample.answer == nil {
      log.add(
        fields.place(of: "double"),
        "'double' in 'critics' is '\(double.rawValue)', but the sample has no answer",
        hint: "name the answer's property in 'answer' under 'sample', or write double: off")
    } else if double == .solve, !shape.sample.answerIsComparable {
      log.add(
        fields.place(of: "double"),
        "'double' in 'critics' is 'solve', but code cannot compare such answers",
        hint: "make the answer an integer, number, string or enum, or write double: ask")
    }
    return knobs
  }
}
