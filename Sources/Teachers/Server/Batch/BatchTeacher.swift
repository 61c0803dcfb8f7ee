import ArtifactStore
import CanonicalJSON

/// A model whose answers come in batches: what it is asked waits for ``BatchDesk`` to submit it.
package struct BatchTeacher: Teacher {
  let settings: ServerSettings
  let service: BatchService
  private let queue: BatchQueue
  private let wire = ChatCompletions()
  private static let moment = Duration.milliseconds(20)

  /// Checks the settings; nothing is sent yet.
  ///
  /// - Parameters:
  ///   - settings: Where and how to ask.
  ///   - client: The connections, which the caller closes.
  ///   - queue: Takes the requests.
  ///   - clock: What retries wait by.
  /// - Throws: ``TeacherError`` with code `unusable` for what has no batches or cannot work.
  package init(
    settings: ServerSettings, client: ServerClient, queue: BatchQueue,
    clock: RetryClock = RetryClock()
  ) throws(TeacherError) {
    guard case .chatCompletions(let organisation) = settings.form, settings.baseURLs.count == 1
    else {
      throw TeacherError(
        .unusable, "batches need one server with OpenAI's batch interface for '\(settings.place)'",
        hint: "run without --batch, or write provider: openai with one base-url")
    }
    let url = try settings.checked()[0]
    self.settings = settings
    self.queue = queue
    service = BatchService(
      url: url,
      headers: ChatCompletions(organisation: organisation).headers(key: settings.key)
        + settings.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      key: settings.key, client: client, retry: settings.retry, clock: clock)
  }

  /// Puts the request in the queue.
  ///
  /// - Throws: ``TeacherError`` with code `queued`, always; a little later, so that what is asked at the
  ///   same time is queued as well before the first caller gives up.
  package func reply(to request: CallRequest) async throws(TeacherError) -> Reply {
    try await reply(to: RequestForm(request))
  }

  package func reply(to form: RequestForm) async throws(TeacherError) -> Reply {
    if let problem = queue.rejection(of: form.key) {
      throw TeacherError(
        .rejected, "'\(service.url.base)' rejected a request of a batch: \(problem)",
        hint: "correct \(settings.place) in recipe.yaml to what the server accepts")
    }
    queue.add(form, for: self)
    try? await Task.sleep(for: Self.moment)
    throw TeacherError(
      .queued, "'\(form.request.task)' waits to be answered in a batch",
      hint: "run again with --batch: what is missing is submitted then")
  }

  /// Who pays, and for which model: a batch has requests of one model, and no other key finds it again.
  var account: String {
    var parts = [service.url.base, settings.model, settings.keyVariable ?? ""]
    if case .chatCompletions(let organisation) = settings.form { parts.append(organisation ?? "") }
    parts += settings.headers.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    return Digest(of: Array(parts.joined(separator: "\n").utf8)).hex
  }

  /// The path that requests of a batch ask: servers know it from the version part on.
  var path: String {
    let steps = service.url.base.split(separator: "/").dropFirst(2)
    let version = steps.lastIndex { $0.wholeMatch(of: /v\d+/) != nil }
    return steps[(version ?? steps.startIndex)...].map { "/" + $0 }.joined() + "/chat/completions"
  }

  func line(_ form: RequestForm) throws(TeacherError) -> [UInt8] {
    BatchService.line(
      name: form.key.description, path: path, body: try wire.body(of: form))
  }

  /// The answer in a line of a batch, or nil when the request got none.
  func reply(in line: BatchService.Line) -> Reply? {
    guard let status = line.status, (200...299).contains(status), let body = line.body,
      wire.isAnswer(body)
    else { return nil }
    return wire.reply(in: body, body: Array(body.text.utf8), key: settings.key)
  }

  /// Says what failed in the words of the person who wrote the recipe.
  func error(for failure: CallFailure) -> TeacherError {
    guard failure != .timeout else {
      return TeacherError(
        .timeout, "'\(service.url.base)' does not tell of its batches in time",
        hint: "run again with --batch: what was submitted is noted")
    }
    return FailureWording(settings: settings, url: service.url, model: settings.model)
      .error(for: failure, reason: .final, attempts: 1)
  }
}

/// Shows the address only, as ``ServerTeacher`` does.
extension BatchTeacher: CustomStringConvertible, CustomReflectable {
  package var description: String { "teacher in batches at '\(service.url.base)'" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
