extension RecipeReader {
  private static let mostPrices = 1000

  func budget() -> BudgetKnobs {
    var knobs = BudgetKnobs()
    guard let member = fields.member("budget"),
      let fields = FieldReader(
        member.value, section: "budget", at: member.place, keys: RecipeKeys.budget, log: log)
    else { return knobs }
    knobs.calls = fields.integer("calls", 1...1_000_000_000)
    knobs.tokens = fields.integer("tokens", 1...1_000_000_000_000)
    knobs.money = fields.number("money", 0.000_001...1e9)
    knobs.hours = fields.number("hours", 0.001...100_000)
    return knobs
  }

  /// What models cost by their names.
  func prices() -> [String: Price] {
    guard let member = fields.member("prices") else { return [:] }
    guard let members = member.value.members, members.count <= Self.mostPrices else {
      log.add(
        member.place, "'prices' must be a mapping of at most \(Self.mostPrices) models",
        hint: "write the price of a million tokens: my-model: {input: 0.15, output: 0.6}")
      return [:]
    }
    var prices: [String: Price] = [:]
    for model in members {
      guard
        let fields = FieldReader(
          model.value, section: "prices.\(model.name)", at: model.place, keys: RecipeKeys.price,
          log: log)
      else { continue }
      for key in RecipeKeys.price where !fields.has(key) { fields.missing(key) }
      let limits = 0.0...1e6
      guard let input = fields.number("input", limits), let output = fields.number("output", limits)
      else { continue }
      prices[model.name] = Price(input: input, output: output)
    }
    return prices
  }

  /// Money can be counted only where every model has a price.
  func checkPrices(_ recipe: Recipe) {
    guard recipe.budget.money != nil else { return }
    let models = Set(recipe.teachers.values.filter { $0.provider != .embedded }.map(\.model))
    for model in models.sorted() where recipe.prices[model] == nil {
      log.add(
        fields.place(of: "budget"), "'money' in 'budget' needs a price of \(Quote.of(model))",
        hint: "add it for a million tokens: prices: {\(model): {input: 0.15, output: 0.6}}")
    }
  }
}
