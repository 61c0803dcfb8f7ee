/// Says what failed in the words of the person who wrote the recipe.
struct FailureWording: Sendable {
  let settings: ServerSettings
  let url: ServerURL
  let model: String

  private var place: String { settings.place }

  /// Makes the error of a call that is given up.
  ///
  /// - Parameters:
  ///   - failure: The last failure.
  ///   - reason: Why no further try is made.
  ///   - attempts: How many tries were made.
  /// - Returns: An error that holds neither the key nor a body at length.
  func error(for failure: CallFailure, reason: RetryPolicy.Reason, attempts: Int) -> TeacherError {
    let tries = attempts > 1 ? " after \(attempts) tries" : ""
    switch failure {
    case .unreachable(let why):
      return TeacherError(
        .unreachable, "cannot reach '\(url.base)': \(why)",
        hint: "start the server or correct \(place).base-url in recipe.yaml")
    case .cut(let how):
      return TeacherError(
        .unreachable, "no complete answer from '\(url.base)'\(tries): \(how)",
        hint: "see the server's own log, then run again")
    case .timeout:
      return TeacherError(
        .timeout, "no answer from '\(url.base)' within \(text(settings.timeout))\(tries)",
        hint: "raise timeout or lower concurrency of \(place) in recipe.yaml")
    case .oversized:
      return TeacherError(
        .oversized,
        "an answer of '\(url.base)' is larger than \(settings.largestResponse) bytes",
        hint: "set or lower max-tokens of \(place) in recipe.yaml")
    case .cancelled:
      return TeacherError(
        .cancelled, "stopped while waiting for '\(url.base)'",
        hint: "every answer so far is kept; run again to go on")
    case .status(let failure):
      return error(for: failure, reason: reason, tries: tries)
    }
  }

  private func error(
    for failure: StatusFailure, reason: RetryPolicy.Reason, tries: String
  ) -> TeacherError {
    let said = failure.message.isEmpty ? "" : ": \(failure.message)"
    let status = "(status \(failure.status))"
    if case .longWait(let wait) = reason {
      return TeacherError(
        failure.status == 429 ? .rateLimited : .serverFault,
        "'\(url.base)' asks to wait \(text(wait)) \(status)\(said)",
        hint: "run again after that time: all answers so far are kept")
    }
    switch failure.status {
    case 401, 403:
      let refused = settings.key == nil ? "asks for an API key" : "refuses the API key"
      return TeacherError(
        .unauthorized, "'\(url.base)' \(refused) \(status)\(said)", hint: keyHint)
    case 408:
      return TeacherError(
        .timeout, "'\(url.base)' gave up waiting\(tries) \(status)\(said)",
        hint: "lower concurrency of \(place) in recipe.yaml")
    case 429 where failure.isQuotaSpent:
      return TeacherError(
        .rateLimited, "the quota at '\(url.base)' is spent \(status)\(said)",
        hint: "raise it with the provider, then run again: all answers so far are kept")
    case 429:
      return TeacherError(
        .rateLimited, "'\(url.base)' limits the rate\(tries) \(status)\(said)",
        hint: "lower concurrency of \(place) in recipe.yaml, or run again later")
    case 500...:
      return TeacherError(
        .serverFault, "'\(url.base)' failed\(tries) \(status)\(said)",
        hint: "see the server's own log, then run again")
    case 300...399:
      return TeacherError(
        .rejected, "'\(url.base)' sends requests elsewhere \(status)\(said)",
        hint: "correct \(place).base-url in recipe.yaml: redirects are not followed")
    case 404, 405:
      return TeacherError(
        .rejected, "'\(url.base)' does not know the model '\(model)' or the path \(status)\(said)",
        hint: "correct model or base-url, such as '…/v1', of \(place) in recipe.yaml")
    default:
      return TeacherError(
        .rejected, "'\(url.base)' rejected the request for '\(model)'\(tries) \(status)\(said)",
        hint: "correct \(place) in recipe.yaml to what the server accepts; 'structured: false' "
          + "sends no JSON Schema")
    }
  }

  private var keyHint: String {
    switch (settings.keyVariable, settings.key) {
    case (let variable?, nil): "set the environment variable '\(variable)' to the API key"
    case (let variable?, _): "correct the API key in the environment variable '\(variable)'"
    case (nil, _): "name the key's environment variable as \(place).api-key-variable in recipe.yaml"
    }
  }

  private func text(_ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }
}
