/// Why a JSON Schema cannot be used.
package struct SchemaError: Error, Sendable, Hashable {
  package enum Code: Sendable {
    /// The text is no JSON.
    case syntax
    /// The JSON is no schema of draft-07.
    case invalid
    /// The schema is sound but asks for what is not supported.
    case unsupported
    /// The schema is larger or deeper than is read.
    case tooLarge
  }
  package let code: Code
  /// A JSON pointer to the place in the schema; empty for the whole.
  package let path: String
  /// What failed, with no capital and no final period.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package let hint: String?

  init(_ code: Code, at path: String = "", _ message: String, hint: String? = nil) {
    self.code = code
    self.path = path
    self.message = message
    self.hint = hint
  }
}
