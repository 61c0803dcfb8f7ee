package import Git

/// Why the store could not do what was asked.
package struct StoreError: Error, Sendable {
  package enum Code: Sendable {
    /// No such record, version or dataset.
    case notFound
    /// A git object is not here: damage, calls that were not fetched, or what git has pruned.
    case missing
    /// A prefix that several records share.
    case ambiguous
    /// Bytes that are not what their name or the format says.
    case corrupt
    /// Another writer holds the dataset, or a reference moved.
    case locked
    /// The file system refused: permission, space, input or output.
    case io
    /// The dataset is of a format that this program does not read.
    case unsupported
    /// The dataset is in a state in which this cannot be done.
    case refused
  }
  package let code: Code
  /// What failed first, naming the thing, with no capital and no final period.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package let hint: String?

  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  /// Takes over an error of the layer below, with what was being done in front.
  package init(_ error: GitError, while doing: String? = nil) {
    code =
      switch error.code {
      case .notFound, .notARepository: .notFound
      case .missingObject: .missing
      case .corrupt: .corrupt
      case .locked, .conflict: .locked
      case .invalid: .refused
      default: .io
      }
    message = doing.map { "\($0): \(error.message)" } ?? error.message
    hint =
      error.hint
      ?? (error.code == .missingObject
        ? "'stemma verify --full' says what is missing, and where it may be whole" : nil)
  }
}
