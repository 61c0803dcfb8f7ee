/// Why the sources cannot be edited as asked.
package struct SourceEditError: Error, Sendable, Hashable {
  /// What is wrong, with no capital and no final period.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package let hint: String?

  package init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
