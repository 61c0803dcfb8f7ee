import CanonicalJSON

/// Why one exchange brought no complete answer.
enum CallFailure: Error, Sendable, Hashable {
  /// No connection: name, address or TLS; the text says why.
  case unreachable(String)
  /// The connection ended within the exchange; the text says how.
  case cut(String)
  /// No complete response in time.
  case timeout
  /// The response is larger than is read.
  case oversized
  case cancelled
  /// The server answered with something other than success.
  case status(StatusFailure)

  /// A word or two for logs, with nothing that a server said.
  var label: String {
    switch self {
    case .unreachable: "unreachable"
    case .cut: "cut"
    case .timeout: "timeout"
    case .oversized: "oversized"
    case .cancelled: "cancelled"
    case .status(let failure): "status \(failure.status)"
    }
  }
}

/// A response that is not one of success.
struct StatusFailure: Sendable, Hashable {
  let status: Int
  /// What the server says, on one line and without the key; may be empty.
  let message: String
  /// How long the server asks to wait.
  var retryAfter: Duration?
  /// Whether the account has nothing left, which no waiting helps.
  var isQuotaSpent = false
}

extension StatusFailure {
  /// Reads what a response says about its failure.
  ///
  /// - Parameters:
  ///   - response: A response with a status other than success.
  ///   - key: What must not be shown.
  ///   - now: Seconds since 1970.
  init(_ response: ChatResponse, key: APIKey?, now: Int) {
    let place = (300...399).contains(response.status) ? response.header("location") : nil
    self.init(
      status: response.status,
      message: ErrorText.serverMessage(in: place.map { Array($0.utf8) } ?? response.body, key: key),
      retryAfter: RetryAfter.wait(now: now, header: response.header),
      isQuotaSpent: ErrorText.errorCode(in: response.body) == "insufficient_quota")
  }

  /// Reads a failure that came with a status of success, as gateways send one that happened after
  /// they had begun to answer; nil for any other body.
  init?(hiddenIn response: ChatResponse, key: APIKey?, now: Int) {
    guard response.isFramed, let json = try? JSON(parsing: response.body),
      json["choices"] == nil, let error = json["error"], error != .null
    else { return nil }
    let code = error["code"]?.int ?? 0
    self.init(
      status: (400...599).contains(code) ? code : 502,
      message: ErrorText.serverMessage(in: response.body, key: key),
      retryAfter: RetryAfter.wait(now: now, header: response.header),
      isQuotaSpent: ErrorText.errorCode(in: response.body) == "insufficient_quota")
  }
}
