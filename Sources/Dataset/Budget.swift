/// What a run may spend until it is complete, over all times it is resumed; nil for no limit.
package struct BudgetKnobs: Sendable, Hashable {
  /// Requests that a model answers.
  package var calls: Int?
  /// Tokens of requests and answers together.
  package var tokens: Int?
  /// In the currency of the prices.
  package var money: Double?
  /// Of the time that the program works at it.
  package var hours: Double?

  package init() {}

  package var isEmpty: Bool { self == BudgetKnobs() }
}

/// What a model's tokens cost, in any one currency.
package struct Price: Sendable, Hashable {
  /// For a million tokens of requests.
  package var input: Double
  /// For a million tokens of answers.
  package var output: Double

  package init(input: Double, output: Double) {
    self.input = input
    self.output = output
  }

  /// What some tokens cost.
  package func cost(input inputTokens: Int, output outputTokens: Int) -> Double {
    (input * Double(inputTokens) + output * Double(outputTokens)) / 1_000_000
  }
}
