package import Dataset
import Synchronization

/// Keeps what a run asks for within limits, and counts what it costs.
///
/// Before a request goes out the most that it can take is set aside, so that no limit is passed whatever
/// comes back. What is set aside and not used goes to others that wait for it.
package final class Budget: Sendable {
  /// What was spent.
  package struct Spent: Sendable, Hashable {
    package var calls = 0
    package var inputTokens = 0
    package var outputTokens = 0
    package var money = 0.0
    package var seconds = 0.0
    package init() {}
  }

  /// The most that one request can take, or all those of a batch.
  struct Share: Sendable, Hashable {
    var calls = 1
    let tokens: Int
    let money: Double
  }

  private struct State {
    var spent: Spent
    var callsUnderWay = 0
    var tokensSetAside = 0
    var moneySetAside = 0.0
    /// What the requests in batches can take, which are nobody's to wait for.
    var batches = Share(calls: 0, tokens: 0, money: 0)
    var waiting: [CheckedContinuation<Void, Never>] = []

    /// Gives back what was set aside, and who may go on now.
    mutating func giveBack(_ share: Share) -> [CheckedContinuation<Void, Never>] {
      callsUnderWay -= 1
      tokensSetAside -= share.tokens
      moneySetAside -= share.money
      // Sums of parts may leave a trace of nothing.
      if callsUnderWay == 0 { moneySetAside = 0 }
      defer { waiting = [] }
      return waiting
    }
  }

  /// What an answer may have where the request does not bound it.
  private static let unboundedAnswer = 16_384

  private let limits: BudgetKnobs
  private let prices: [String: Price]
  private let now: @Sendable () -> ContinuousClock.Instant
  private let start: ContinuousClock.Instant
  private let state: Mutex<State>

  /// Begins with what was spent before.
  package init(
    _ limits: BudgetKnobs, prices: [String: Price], spent: Spent = Spent(),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.limits = limits
    self.prices = prices
    self.now = now
    start = now()
    state = Mutex(State(spent: spent))
  }

  /// What was spent, with the time until now.
  package var spent: Spent {
    var spent = state.withLock { $0.spent }
    spent.seconds += elapsed
    return spent
  }

  private var elapsed: Double { start.duration(to: now()) / .seconds(1) }

  /// What tokens of a model cost; zero for one without a price.
  package func cost(_ usage: Usage, model: String) -> Double {
    prices[model]?.cost(input: usage.inputTokens, output: usage.outputTokens) ?? 0
  }

  // MARK: - Requests

  /// Sets aside what a request can take at most, and waits for others where that is not left.
  ///
  /// - Throws: ``TeacherError`` with code `budget` when a limit is reached.
  func setAside(for request: CallRequest) async throws(TeacherError) -> Share {
    let share = most(of: request)
    while true {
      if let refusal = refusalByTime { throw refusal }
      guard !Task.isCancelled else {
        throw TeacherError(
          .cancelled, "stopped before a request went out",
          hint: "every answer so far is kept; run again to go on")
      }
      if try take(share) { return share }
      await withCheckedContinuation { continuation in
        let mustWait = state.withLock { state in
          guard state.callsUnderWay > 0 else { return false }
          state.waiting.append(continuation)
          return true
        }
        if !mustWait { continuation.resume() }
      }
    }
  }

  private var refusalByTime: TeacherError? {
    guard let limit = limits.hours, spent.seconds >= limit * 3600 else { return nil }
    return Self.error("\(Self.text(limit)) hours", "hours")
  }

  /// Takes a share if it is left; false when it may be later.
  private func take(_ share: Share) throws(TeacherError) -> Bool {
    try state.withLock { (state) throws(TeacherError) in
      if let exceeded = refusal(of: share, state) {
        // What others set aside and do not use may do.
        guard state.callsUnderWay > 0 else { throw exceeded }
        return false
      }
      state.callsUnderWay += 1
      state.tokensSetAside += share.tokens
      state.moneySetAside += share.money
      return true
    }
  }

  /// Why a share is not left; nil when it is.
  private func refusal(of share: Share, _ state: State) -> TeacherError? {
    let spent = state.spent
    let calls = spent.calls + state.callsUnderWay + state.batches.calls + share.calls
    let tokens =
      spent.inputTokens + spent.outputTokens + state.tokensSetAside + state.batches.tokens
      + share.tokens
    let money = spent.money + state.moneySetAside + state.batches.money + share.money
    let refusal: TeacherError? =
      if let limit = limits.calls, calls > limit {
        Self.error("\(limit) calls", "calls")
      } else if let limit = limits.tokens, tokens > limit {
        Self.error("\(limit) tokens", "tokens")
      } else if let limit = limits.money, money > limit {
        Self.error(Self.text(limit), "money")
      } else {
        nil
      }
    guard let refusal, state.batches.calls > 0 else { return refusal }
    return TeacherError(
      refusal.code,
      "\(refusal.message), with what \(state.batches.calls) requests in batches may take",
      hint: refusal.hint)
  }

  // MARK: - Batches

  /// Sets aside what one more request in a batch can take.
  ///
  /// - Returns: What was set aside, to be given back with ``release(_:)``.
  /// - Throws: ``TeacherError`` with code `budget` when that is not left.
  func setAsideInBatch(_ request: CallRequest) throws(TeacherError) -> Share {
    if let refusal = refusalByTime { throw refusal }
    let share = mostInBatch(of: request)
    try state.withLock { (state) throws(TeacherError) in
      if let refusal = refusal(of: share, state) { throw refusal }
      state.batches += share
    }
    return share
  }

  /// Sets aside what a batch can take that was submitted before.
  func hold(_ share: Share) { state.withLock { $0.batches += share } }

  /// Gives back what was set aside for requests in batches.
  func release(_ share: Share) { state.withLock { $0.batches -= share } }

  /// Counts what a request took, and gives the rest back.
  ///
  /// - Parameters:
  ///   - share: What was set aside.
  ///   - usage: What its answer took; nil when none came.
  ///   - model: Who answered.
  func settle(_ share: Share, usage: Usage?, model: String) {
    let waiting = state.withLock { state in
      if let usage { count(usage, model: model, in: &state.spent) }
      return state.giveBack(share)
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Counts an answer that was recorded before.
  package func count(_ usage: Usage, model: String) {
    state.withLock { count(usage, model: model, in: &$0.spent) }
  }

  private func count(_ usage: Usage, model: String, in spent: inout Spent) {
    spent.calls += 1
    spent.inputTokens += usage.inputTokens
    spent.outputTokens += usage.outputTokens
    spent.money += cost(usage, model: model)
  }

  /// The most that a request can take: no token has less than a byte of the messages, and a few go with
  /// each of them.
  private func most(of request: CallRequest) -> Share {
    guard limits.tokens != nil || limits.money != nil else { return Share(tokens: 0, money: 0) }
    return mostInBatch(of: request)
  }

  /// The same whatever the limits are: they may be others when a batch is fetched.
  private func mostInBatch(of request: CallRequest) -> Share {
    let text = request.messages.reduce(0) { $0 + $1.text.utf8.count + 16 }
    let usage = Usage(
      inputTokens: text + (request.schema?.utf8.count ?? 0),
      outputTokens: request.sampling.maxTokens ?? Self.unboundedAnswer)
    return Share(
      tokens: usage.inputTokens + usage.outputTokens, money: cost(usage, model: request.model))
  }

  private static func error(_ limit: String, _ key: String) -> TeacherError {
    TeacherError(
      .budget, "the budget of \(limit) is spent",
      hint: "raise '\(key)' under 'budget' in recipe.yaml, or start a new budget with 'stemma run "
        + "--new-budget'; every answer so far is kept")
  }

  private static func text(_ number: Double) -> String {
    number == number.rounded() && number < 1e15 ? String(Int(number)) : String(number)
  }
}

extension Budget.Share {
  static func += (share: inout Self, other: Self) {
    share = Self(
      calls: share.calls + other.calls, tokens: share.tokens + other.tokens,
      money: share.money + other.money)
  }

  static func -= (share: inout Self, other: Self) {
    let calls = share.calls - other.calls
    // Sums of parts may leave a trace of nothing.
    share = Self(
      calls: calls, tokens: share.tokens - other.tokens,
      money: calls == 0 ? 0 : share.money - other.money)
  }
}
