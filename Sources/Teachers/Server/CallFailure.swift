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

  /// What it says of the server.
  var outcome: Endpoint.Outcome {
    switch self {
    case .timeout: .overloaded
    case .status(let failure):
      failure.isBusy || (500...599).contains(failure.status) ? .overloaded : .other
    case .unreachable, .cut: .unanswered
    case .oversized, .cancelled: .other
    }
  }

  /// Whether the server may be away, or what a gateway stands before.
  var isAbsence: Bool {
    switch self {
    case .unreachable, .cut, .timeout: true
    case .status(let failure): [502, 504].contains(failure.status)
    case .oversized, .cancelled: false
    }
  }

  var isUnreachable: Bool {
    if case .unreachable = self { true } else { false }
  }

  /// Whether the server surely did nothing of what it was asked.
  var isRefusal: Bool {
    switch self {
    case .unreachable: true
    case .status(let failure):
      (400...499).contains(failure.status) && ![408, 409].contains(failure.status)
    case .cut, .timeout, .oversized, .cancelled: false
    }
  }

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

  /// Whether the server says that it has too many requests, which passes with time.
  var isBusy: Bool { [429, 503, 529].contains(status) && !isQuotaSpent }
}

extension StatusFailure {
  /// Reads what a response says about its failure.
  ///
  /// - Parameters:
  ///   - response: A response with a status other than success.
  ///   - key: What must not be shown.
  ///   - now: Seconds since 1970.
  init(_ response: ServerResponse, key: APIKey?, now: Int) {
    let place = (300...399).contains(response.status) ? response.header("location") : nil
    self.init(
      status: response.status,
      message: ErrorText.serverMessage(in: place.map { Array($0.utf8) } ?? response.body, key: key),
      retryAfter: RetryAfter.wait(now: now, header: response.header),
      isQuotaSpent: ErrorText.errorCode(in: response.body) == "insufficient_quota")
  }

  /// Reads a failure that came with a status of success, as gateways send one that happened after
  /// they had begun to answer; nil for any other body.
  ///
  /// - Parameters:
  ///   - json: The body, which is no answer.
  ///   - response: The response of success that it came in.
  ///   - key: What must not be shown.
  ///   - now: Seconds since 1970.
  init?(hiddenIn json: JSON, _ response: ServerResponse, key: APIKey?, now: Int) {
    guard let error = json["error"], error != .null else { return nil }
    let code = error["code"]?.int ?? 0
    self.init(
      status: (400...599).contains(code) ? code : 502,
      message: ErrorText.serverMessage(in: response.body, key: key),
      retryAfter: RetryAfter.wait(now: now, header: response.header),
      isQuotaSpent: ErrorText.errorCode(in: response.body) == "insufficient_quota")
  }
}
