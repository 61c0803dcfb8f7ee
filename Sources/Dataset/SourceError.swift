/// One thing wrong with the text of a source.
package struct SourceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, relative to the dataset.
  package let path: String
  /// Counted from 1, as is the column.
  package let line: Int
  package let column: Int
  /// What is wrong, with no capital and no final period.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package private(set) var hint: String?

  init(path: String, _ problem: TextProblem) {
    self.path = path
    line = problem.place.line
    column = problem.place.column
    message = problem.message
    hint = problem.hint
  }

  package var description: String { "\(path):\(line): \(message)" }

  fileprivate func advising(_ advice: String) -> SourceError {
    var error = self
    error.hint = [hint, advice].compactMap(\.self).joined(separator: "; ")
    return error
  }
}

/// Everything found wrong with the sources, file by file; at least one.
package struct SourceErrors: Error, Sendable, Hashable, CustomStringConvertible {
  package let errors: [SourceError]

  init(path: String, _ problems: [TextProblem]) {
    errors = problems.map { SourceError(path: path, $0) }
  }

  init(_ errors: [SourceError]) { self.errors = errors }

  /// The same with more advice behind the last one.
  package func advising(_ advice: String) -> SourceErrors {
    var errors = errors
    if let last = errors.popLast() { errors.append(last.advising(advice)) }
    return SourceErrors(errors)
  }

  /// Whether all is about strategies.
  package var isOfStrategies: Bool { errors.allSatisfy { $0.path == StrategyText.path } }

  package var description: String { errors.map(\.description).joined(separator: "\n") }
}
