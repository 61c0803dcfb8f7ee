/// One thing wrong with a recipe.
package struct RecipeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Counted from 1, as is the column.
  package let line: Int
  package let column: Int
  /// What is wrong, with no capital and no final period.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package let hint: String?

  init(_ problem: TextProblem) {
    line = problem.place.line
    column = problem.place.column
    message = problem.message
    hint = problem.hint
  }

  package var description: String { "recipe.yaml:\(line): \(message)" }
}

/// Everything found wrong with a recipe, in the order of the text; at most 20, at least one.
package struct RecipeErrors: Error, Sendable, Hashable, CustomStringConvertible {
  package let errors: [RecipeError]

  init(_ problems: [TextProblem]) { errors = problems.map(RecipeError.init) }

  package var description: String { errors.map(\.description).joined(separator: "\n") }
}
