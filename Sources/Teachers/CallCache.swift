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
    /// How many requests are with a model now.
    package var inFlight = 0
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
    var named: Set<RecordID>?
  }

  private let calls: CallStore
  private let namedCalls: @Sendable () throws(StoreError) -> Set<RecordID>
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
    self.namedCalls = namedCalls
    state.withLock { $0.counts = counts }
  }

  package var counts: Counts { state.withLock { $0.counts } }

  /// The recorded answer, or nil when the request was never answered.
  ///
  /// A call that was fetched from elsewhere is taken at its word for nothing: one whose request is
  /// not this request does not answer it, whatever key it claims.
  package func find(_ request: CallRequest) throws(StoreError) -> RecordedCall? {
    try find(RequestForm(request))
  }

  private func find(_ form: RequestForm) throws(StoreError) -> RecordedCall? {
    guard let call = try recorded(form) else { return nil }
    state.withLock { $0.counts.cached += 1 }
    return call
  }

  /// The recorded answer to a request, which is not counted.
  fileprivate func recorded(_ form: RequestForm) throws(StoreError) -> RecordedCall? {
    var candidates: [RecordedCall] = []
    for record in try calls.find(form.key.digest) {
      if let call = CallText.call(record, to: form) {
        candidates.append(call)
      } else if try RecordedCall.isAnswer(record, to: form.request) {
        candidates.append(try RecordedCall(record, isCached: true))
      }
    }
    guard let first = candidates.first else { return nil }
    return candidates.count == 1 ? first : try preferred(candidates) ?? first
  }

  private func preferred(
    _ candidates: [RecordedCall]
  ) throws(StoreError) -> RecordedCall? {
    let named: Set<RecordID>
    if let known = state.withLock({ $0.named }) {
      named = known
    } else {
      named = try namedCalls()
      state.withLock { $0.named = named }
    }
    return candidates.first { named.contains($0.id) }
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

  /// Counts what is in flight.
  private func asking(
    _ body: () async throws(TeacherError) -> Reply
  ) async throws(TeacherError) -> Reply {
    state.withLock { $0.counts.inFlight += 1 }
    defer { state.withLock { $0.counts.inFlight -= 1 } }
    return try await body()
  }

  private func ask(_ form: RequestForm, _ teacher: any Teacher) async throws -> RecordedCall {
    let model = form.request.model
    let share = try await budget?.setAside(for: form.request)
    var usage: Usage?
    defer { if let share { budget?.settle(share, usage: usage, model: model) } }
    let reply = try await asking { () async throws(TeacherError) in
      try await teacher.reply(to: form)
    }
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

/// Answers from a cache alone: what was asked before, without asking or counting anything.
package struct RecordedAnswers: CallSource {
  /// A request was never answered, or its answer is not here.
  package struct Missing: Error {
    package init() {}
  }

  private let cache: CallCache

  package init(_ cache: CallCache) { self.cache = cache }

  package func answer(
    _ request: CallRequest, from _: any Teacher
  ) async throws -> RecordedCall {
    guard let call = try cache.recorded(RequestForm(request)) else { throw Missing() }
    return call
  }
}
