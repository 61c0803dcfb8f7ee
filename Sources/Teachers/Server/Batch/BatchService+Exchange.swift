import CanonicalJSON

extension BatchService {
  func status(in json: JSON) throws(CallFailure) -> Status {
    guard let id = json["id"]?.string,
      let state = json["status"]?.string.flatMap(State.init(rawValue:))
    else { throw Self.notUnderstood("a batch") }
    let counts = json["request_counts"]
    let problem = json["errors"]?["data"]?.array?.first?["message"]?.string
    return Status(
      id: id, state: state, outputFile: Self.file(json["output_file_id"]),
      errorFile: Self.file(json["error_file_id"]),
      done: ServerCount.of(counts?["completed"]), failed: ServerCount.of(counts?["failed"]),
      total: ServerCount.of(counts?["total"]),
      problem: problem.map { ErrorText.oneLine(key?.removed(fromMessage: $0) ?? $0) })
  }

  /// Some servers write an empty id where there is no file.
  private static func file(_ json: JSON?) -> String? {
    json?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  static func notUnderstood(_ what: String) -> CallFailure {
    .cut("the server's description of \(what) is not understood")
  }

  func json(_ exchange: ServerExchange) async -> Result<JSON, CallFailure> {
    await client.send(
      exchange, to: url.base, headers: headers, timeout: .seconds(600), limit: 16 << 20
    ).flatMap(success).flatMap { response in
      guard let json = try? JSON(parsing: response.body) else {
        return .failure(Self.notUnderstood("what it did"))
      }
      return .success(json)
    }
  }

  func success(_ response: ServerResponse) -> Result<ServerResponse, CallFailure> {
    response.isSuccess
      ? .success(response) : .failure(.status(StatusFailure(response, key: key, now: clock.date())))
  }

  /// Does something until it succeeds or the policy says that it is enough.
  ///
  /// - Parameters:
  ///   - exchange: Does it once.
  ///   - isFinal: Whether it must not be done again after a failure.
  /// - Returns: What came of the last time.
  /// - Throws: The last failure.
  func again<Value>(
    _ exchange: () async -> Result<Value, CallFailure>,
    unless isFinal: (CallFailure) -> Bool = { _ in false }
  ) async throws(CallFailure) -> Value {
    var firstFailure: ContinuousClock.Instant?
    var attempt = 0
    while true {
      attempt += 1
      let failure: CallFailure
      switch await exchange() {
      case .success(let value): return value
      case .failure(let happened): failure = happened
      }
      let now = clock.now()
      let start = firstFailure ?? now
      firstFailure = start
      let decision = retry.decision(
        after: failure, attempt: attempt, elapsed: start.duration(to: now), jitter: clock.jitter())
      guard case .retry(let wait) = decision, !isFinal(failure) else { throw failure }
      client.countRetry()
      do { try await clock.sleep(wait) } catch { throw CallFailure.cancelled }
    }
  }
}
