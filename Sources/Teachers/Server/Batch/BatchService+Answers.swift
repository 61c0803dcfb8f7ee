import CanonicalJSON

/// What a server tells of batches.
extension BatchService {
  /// What became of a batch.
  enum State: String, Sendable {
    case validating, failed, expired, completed, finalizing, cancelling, cancelled
    case inProgress = "in_progress"

    /// Whether nothing will change any more.
    var isFinal: Bool { [.failed, .expired, .completed, .cancelled].contains(self) }
  }

  /// A batch as the server tells of it.
  struct Status: Sendable {
    let id: String
    let state: State
    /// The file of answers; also a batch that expired or was cancelled may have one.
    let outputFile: String?
    /// The file of requests that got no answer.
    let errorFile: String?
    let done: Int
    let failed: Int
    let total: Int
    /// Why the server refused it, on one line.
    let problem: String?
  }

  /// One answer, or the lack of one.
  struct Line: Sendable {
    /// What the request was submitted under.
    let name: String
    /// The status of the exchange, nil where there was none.
    let status: Int?
    let body: JSON?
    let whole: JSON
    let key: APIKey?

    /// What the server says, where it is no answer.
    var problem: String {
      ErrorText.serverMessage(in: Array((body ?? whole).text.utf8), key: key)
    }

    /// Whether the server refused the request itself, so that asking again changes nothing.
    var isRejected: Bool {
      status.map { (400...499).contains($0) && ![408, 409, 429].contains($0) } ?? false
    }
  }
}
