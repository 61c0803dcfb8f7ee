package import ArtifactStore
import Synchronization

/// Whoever has a request answered: the call cache of a dataset, or what stands in for it.
package protocol CallSource: Sendable {
  /// The answer to a request, recorded or asked for now.
  ///
  /// - Throws: ``TeacherError`` when no complete answer came, ``StoreError`` when it could not be
  ///   made durable.
  func answer(_ request: CallRequest, from teacher: any Teacher) async throws -> RecordedCall
}

/// Answers requests from what was recorded, and asks a teacher only for the rest.
///
/// An answer is durable before it is returned. Equal requests in flight share one call.
package final class CallCache: CallSource {
  /// What a run has used so far.
  package struct Counts: Sendable, Hashable {
    package var asked = 0
    package var cached = 0
    package var usage = Usage()
    /// By the prices of the recipe.
    package var money = 0.0
    package init() {}

    /// What was used since an earlier count.
    package static func - (counts: Self, earlier: Self) -> Self {
      var rest = counts
      rest.asked -= earlier.asked
      rest.cached -= earlier.cached
      rest.usage.inputTokens -= earlier.usage.inputTokens
      rest.usage.outputTokens -= earlier.usage.outputTokens
      rest.money -= earlier.money
      return rest
    }
  }

  private struct State {
    var waiters: [CallKey: [CheckedContinuation<RecordedCall?, any Error>]] = [:]
    var counts = Counts()
  }

  private let calls: CallStore
  fileprivate let recorded: AnswerFinder
  private let budget: Budget?
  private let didAnswer: @Sendable (Counts) -> Void
  private let state = Mutex(State())

  /// Wraps the recorded calls of a dataset.
  ///
  /// - Parameters:
  ///   - calls: Open for writing.
  ///   - namedCalls: The calls that live records name; asked at most once, when two machines
  ///     answered one request differently.
  ///   - budget: What may be spent; nil for anything.
  ///   - counts: What counts as used from the beginning.
  ///   - didAnswer: Told what was used so far, after each answer of a model.
  package init(
    _ calls: CallStore, namedCalls: @escaping @Sendable () throws(StoreError) -> Set<RecordID>,
    budget: Budget? = nil, counts: Counts = Counts(),
    didAnswer: @escaping @Sendable (Counts) -> Void = { _ in }
  ) {
    self.calls = calls
    self.budget = budget
    self.didAnswer = didAnswer
    recorded = AnswerFinder(calls: calls.find, namedCalls: namedCalls)
    state.withLock { $0.counts = counts }
  }

  package var counts: Counts { state.withLock { $0.counts } }

  /// The recorded answer, or nil when the request was never answered.
  package func find(_ request: CallRequest) throws(StoreError) -> RecordedCall? {
    try find(RequestForm(request))
  }

  private func find(_ form: RequestForm) throws(StoreError) -> RecordedCall? {
    guard let call = try recorded.find(form) else { return nil }
    state.withLock { $0.counts.cached += 1 }
    return call
  }

  package func answer(
    _ request: CallRequest, from teacher: any Teacher
  ) async throws -> RecordedCall {
    let form = RequestForm(request)
    let key = form.key
    while true {
      // Before the look: what another task records in between is then known to be in flight.
      let isFirst = state.withLock { state in
        guard state.waiters[key] == nil else { return false }
        state.waiters[key] = []
        return true
      }
      guard !isFirst else { break }
      if let call = try await otherAnswer(key) {
        if call.isCached { state.withLock { $0.counts.cached += 1 } }
        return call
      }
    }
    let result: Result<RecordedCall, any Error>
    do {
      if let call = try find(form) {
        result = .success(call)
      } else {
        result = .success(try await ask(form, teacher))
      }
    } catch {
      result = .failure(error)
    }
    for waiter in state.withLock({ $0.waiters.removeValue(forKey: key) ?? [] }) {
      waiter.resume(with: result.map { $0 })
    }
    return try result.get()
  }

  /// Waits for an equal request in flight; nil when that one just ended.
  private func otherAnswer(_ key: CallKey) async throws -> RecordedCall? {
    try await withCheckedThrowingContinuation {
      (done: CheckedContinuation<RecordedCall?, any Error>) in
      let isInFlight = state.withLock { state in
        guard state.waiters[key] != nil else { return false }
        state.waiters[key]?.append(done)
        return true
      }
      if !isInFlight { done.resume(returning: nil) }
    }
  }

  private func ask(_ form: RequestForm, _ teacher: any Teacher) async throws -> RecordedCall {
    let model = form.request.model
    let share = try await budget?.setAside(for: form.request)
    var usage: Usage?
    defer { if let share { budget?.settle(share, usage: usage, model: model) } }
    let reply = try await teacher.reply(to: form)
    // It was paid for, also if it cannot be kept.
    usage = reply.usage
    let record = CallText.record(form, reply)
    try await calls.append(record, key: form.key.digest)
    let money = budget?.cost(reply.usage, model: model) ?? 0
    let counts = state.withLock { state in
      state.counts.money += money
      state.counts.asked += 1
      state.counts.usage.inputTokens += reply.usage.inputTokens
      state.counts.usage.outputTokens += reply.usage.outputTokens
      return state.counts
    }
    didAnswer(counts)
    return RecordedCall(record, reply: reply)
  }
}

/// Answers from what was asked before, without asking or counting anything.
package struct RecordedAnswers: CallSource {
  /// A request was never answered, or its answer is not here.
  package struct Missing: Error {
    package let task: String
    package let draw: String
    package let key: CallKey
  }

  private let recorded: AnswerFinder

  /// Those that a cache has.
  package init(_ cache: CallCache) { recorded = cache.recorded }

  /// Those that are sealed, dropped or not, in a dataset that others may be writing.
  package init(
    _ store: Store, namedCalls: @escaping @Sendable () throws(StoreError) -> Set<RecordID>
  ) {
    recorded = AnswerFinder(calls: store.sealedCalls, namedCalls: namedCalls)
  }

  package func answer(
    _ request: CallRequest, from _: any Teacher
  ) async throws -> RecordedCall {
    let form = RequestForm(request)
    guard let call = try recorded.find(form) else {
      throw Missing(task: request.task, draw: request.draw, key: form.key)
    }
    return call
  }
}
