import Dataset

/// A recipe that is right in all its lines, to break one of them.
enum BaseRecipe {
  static let text = """
    stemma: 1
    description: Word problems
    samples: 10
    random-seed: 7
    sample:
      schema:
        type: object
        properties:
          question: {type: string}
          reasoning: {type: string}
          answer: {type: integer}
          tags: {type: array, items: {type: string}}
        required: [question, reasoning, answer]
      question: [question]
      answer: answer
      hidden-from-critics: [reasoning]
    examples: []
    references: []
    teachers:
      default: {provider: embedded}
    factors: [Operation, Setting]
    taxonomy: {depth: 3}
    strategy: {strategies: [2, 5]}
    meta-prompts: {candidates: 4}
    complexity: {fraction: 0.5}
    critics: {requirements: true, refine: 2, double: ask}
    slots: {attempts: 4, extra: 0.5}

    """

  /// The text with another line, or several, in place of one; lines count from 1.
  static func with(_ line: Int, _ replacement: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines[line - 1] = replacement
    return lines.joined(separator: "\n")
  }

  static func parse(_ yaml: String, files: [String: String] = [:]) throws -> Recipe {
    try Recipe(parsing: yaml) { files[$0] }
  }
}
