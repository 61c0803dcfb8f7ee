/// Why the method could not go on.
package struct SimulaError: Error, Sendable {
  package enum Code: Sendable {
    /// A prompt template is missing or broken.
    case template
    /// A model's answers could not be used, after all tries.
    case unusableAnswers
    /// The sources contradict themselves or the recipe.
    case sources
    /// A file of right answers cannot be used.
    case gold
    /// What the recipe or the sources go on using is recalled.
    case recalled
    /// There is nothing to calibrate, or nothing to calibrate it with.
    case calibration
    /// A file for the time of a run could not be used.
    case storage
    /// What is remembered of the last run cannot be used; everything is derived again instead.
    case history
    /// Too few samples, with no way on.
    case hopeless
  }
  package let code: Code
  /// What failed first, with no capital and no final period.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package let hint: String?

  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }
}
