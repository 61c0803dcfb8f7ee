import CanonicalJSON
package import Logging

/// A model behind one or several servers.
package struct ServerTeacher: Teacher {
  private let settings: ServerSettings
  private let urls: [ServerURL]
  private let client: ServerClient
  private let logger: Logger
  private let clock: RetryClock
  private let requests: PreparedRequests
  private let admission: Admission
  private let wire: any WireForm

  /// Checks the settings; nothing is sent yet.
  ///
  /// - Parameters:
  ///   - settings: Where and how to ask.
  ///   - client: The connections, which the caller closes.
  ///   - logger: Told of each retry.
  ///   - clock: What retries wait by.
  /// - Throws: ``TeacherError`` with code `unusable` for a base URL, key or limit that cannot work.
  package init(
    settings: ServerSettings, client: ServerClient, logger: Logger,
    clock: RetryClock = RetryClock()
  ) throws(TeacherError) {
    urls = try settings.checked()
    self.settings = settings
    wire = settings.wire
    requests = PreparedRequests(
      headers: wire.headers(key: settings.key)
        + settings.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    self.client = client
    self.logger = logger
    self.clock = clock
    admission = client.admission(
      to: urls, model: settings.model, limits: settings.limits, clock: clock)
  }

  package func reply(to request: CallRequest) async throws(TeacherError) -> Reply {
    try await reply(to: RequestForm(request))
  }

  package func reply(to form: RequestForm) async throws(TeacherError) -> Reply {
    let request = form.request
    let body = try wire.body(of: form)
    var attempt = 0
    var downCount = 0
    var firstFailure: ContinuousClock.Instant?
    var lastFailure = clock.now()
    while true {
      // Four bytes a token, roughly, until the provider has counted.
      guard
        let place = await admission.enter(inputTokens: body.count / 4, isAgain: attempt > 0)
      else { throw wording(urls[0], request).error(for: .cancelled, reason: .final, attempts: 0) }
      attempt += 1
      let url = urls[place.endpoint]
      let (result, pause) = await ask(body, at: url, for: request)
      let failure: CallFailure
      switch result {
      case .success(let reply):
        let tokens = reply.usage.inputTokens + reply.usage.outputTokens
        admission.leave(place, .answered(tokens: tokens), pause: pause)
        return reply
      case .failure(let happened):
        failure = happened
        admission.leave(place, failure.outcome, pause: pause)
      }
      let failedAt = clock.now()
      // One that takes no connections is away, also while it ends what it had begun.
      let since = failure.isUnreachable ? failedAt : lastFailure
      if failure.isAbsence, admission.isDown(place.endpoint, since: since) { downCount += 1 }
      lastFailure = failedAt
      // However long the first try took, the server has its time to come back from here on.
      let start = firstFailure ?? failedAt
      firstFailure = start
      let decision = settings.retry.decision(
        after: failure, attempt: attempt, elapsed: start.duration(to: failedAt),
        jitter: clock.jitter(), downCount: downCount)
      switch decision {
      case .stop(let reason):
        throw wording(url, request).error(for: failure, reason: reason, attempts: attempt)
      case .retry(let wait):
        log(failure, at: url, attempt: attempt, wait: wait, task: request.task)
        // A wait that the server asked for is kept by the admission, which may have another server.
        guard pause.map({ $0 < wait }) ?? true else { continue }
        do { try await clock.sleep(wait) } catch {
          throw wording(url, request).error(for: .cancelled, reason: .final, attempts: attempt)
        }
      }
    }
  }

  private func wording(_ url: ServerURL, _ request: CallRequest) -> FailureWording {
    FailureWording(settings: settings, url: url, model: request.model)
  }

  /// Makes one exchange; also says for how long the server wants no other.
  private func ask(
    _ body: [UInt8], at url: ServerURL, for request: CallRequest
  ) async -> (Result<Reply, CallFailure>, pause: Duration?) {
    let result: Result<ServerResponse, CallFailure>
    do {
      result = await client.send(
        try requests.post(body, to: url.base, path: wire.path(of: request)),
        timeout: settings.timeout, limit: settings.largestResponse)
    } catch {
      result = .failure(CallFailure(transport: error))
    }
    switch result {
    case .failure(let failure): return (.failure(failure), nil)
    case .success(let response):
      guard response.isSuccess else {
        let failure = StatusFailure(response, key: settings.key, now: clock.date())
        return (.failure(.status(failure)), settings.retry.granted(failure.retryAfter))
      }
      let json = try? JSON(parsing: response.body)
      if let json, response.isFramed, !wire.isAnswer(json),
        let failure = StatusFailure(
          hiddenIn: json, response, key: settings.key, now: clock.date())
      {
        return (.failure(.status(failure)), settings.retry.granted(failure.retryAfter))
      }
      let pause = RateHeaders.pause(now: clock.date(), header: response.header)
      let reply = wire.reply(in: json, body: response.body, key: settings.key)
      guard reply.answer.finish != .malformed || response.isFramed else {
        return (.failure(.cut("the response ends too early")), nil)
      }
      return (.success(reply), pause)
    }
  }

  private func log(
    _ failure: CallFailure, at url: ServerURL, attempt: Int, wait: Duration, task: String
  ) {
    client.countRetry()
    let seconds = (wait / .seconds(1) * 10).rounded() / 10
    logger.info(
      "asking again after a failure",
      metadata: [
        "teacher.url": "\(url.base)", "teacher.failure": "\(failure.label)",
        "teacher.attempt": "\(attempt)", "teacher.wait-seconds": "\(seconds)",
        "teacher.task": "\(task)",
      ])
  }
}

/// Shows the addresses only: below the client lie buffers of what was sent, with the key.
extension ServerTeacher: CustomStringConvertible, CustomReflectable {
  package var description: String {
    "teacher at \(urls.map { "'\($0.base)'" }.joined(separator: ", "))"
  }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
