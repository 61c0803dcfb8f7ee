package import Logging

/// A model behind a server that speaks chat completions.
package struct OpenAITeacher: Teacher {
  private let settings: OpenAISettings
  private let url: ServerURL
  private let client: ChatClient
  private let logger: Logger
  private let clock: RetryClock
  private let gate: Gate

  /// Checks the settings; nothing is sent yet.
  ///
  /// - Parameters:
  ///   - settings: Where and how to ask.
  ///   - client: The connections, which the caller closes.
  ///   - logger: Told of each retry.
  ///   - clock: What retries wait by.
  /// - Throws: ``TeacherError`` with code `unusable` for a base URL, key or limit that cannot work.
  package init(
    settings: OpenAISettings, client: ChatClient, logger: Logger, clock: RetryClock = RetryClock()
  ) throws(TeacherError) {
    guard settings.concurrency > 0, settings.timeout > .zero, settings.largestResponse > 0,
      settings.retry.attempts > 0
    else {
      throw TeacherError(
        .unusable, "the concurrency and the timeout of '\(settings.place)' must be above zero",
        hint: "correct \(settings.place) in recipe.yaml")
    }
    url = try ServerURL(settings.baseURL, place: settings.place)
    guard settings.key?.fitsHeader ?? true else {
      throw TeacherError(
        .unusable, "the API key holds a space or a character that cannot be sent",
        hint: settings.keyVariable.map { "set the environment variable '\($0)' to the key alone" })
    }
    self.settings = settings
    self.client = client
    self.logger = logger
    self.clock = clock
    gate = Gate(settings.concurrency)
  }

  package func reply(to request: CallRequest) async throws(TeacherError) -> Reply {
    let body = try ChatBody.bytes(for: request)
    let wording = FailureWording(settings: settings, url: url, model: request.model)
    // The place is kept while a retry waits: a server that is too busy must not get more.
    guard await gate.enter() else {
      throw wording.error(for: .cancelled, reason: .final, attempts: 0)
    }
    defer { gate.leave() }
    let start = clock.now()
    var attempt = 0
    while true {
      attempt += 1
      let failure: CallFailure
      switch await ask(body) {
      case .success(let reply): return reply
      case .failure(let happened): failure = happened
      }
      let decision = settings.retry.decision(
        after: failure, attempt: attempt, elapsed: start.duration(to: clock.now()),
        jitter: clock.jitter())
      switch decision {
      case .stop(let reason):
        throw wording.error(for: failure, reason: reason, attempts: attempt)
      case .retry(let wait):
        log(failure, attempt: attempt, wait: wait, task: request.task)
        do { try await clock.sleep(wait) } catch {
          throw wording.error(for: .cancelled, reason: .final, attempts: attempt)
        }
      }
    }
  }

  /// Makes one exchange.
  private func ask(_ body: [UInt8]) async -> Result<Reply, CallFailure> {
    let result = await client.post(
      body, to: url, key: settings.key, timeout: settings.timeout, limit: settings.largestResponse)
    switch result {
    case .failure(let failure): return .failure(failure)
    case .success(let response):
      guard response.isSuccess else {
        let failure = StatusFailure(response, key: settings.key, now: clock.date())
        return .failure(.status(failure))
      }
      if let failure = StatusFailure(hiddenIn: response, key: settings.key, now: clock.date()) {
        return .failure(.status(failure))
      }
      let reply = ChatAnswer.reply(in: response.body, key: settings.key)
      guard reply.answer.finish != .malformed || response.isFramed else {
        return .failure(.cut("the response ends too early"))
      }
      return .success(reply)
    }
  }

  private func log(_ failure: CallFailure, attempt: Int, wait: Duration, task: String) {
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

/// Shows the address only: below the client lie buffers of what was sent, with the key.
extension OpenAITeacher: CustomStringConvertible, CustomReflectable {
  package var description: String { "teacher at '\(url.base)'" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
