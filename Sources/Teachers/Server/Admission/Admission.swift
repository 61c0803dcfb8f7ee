import DequeModule
import Synchronization

/// Lets requests of one model pass to its servers, in the order they came: each to the server with most
/// room, and no more than all of them take.
final class Admission: Sendable {
  /// A request's place at a server, which must be given back.
  struct Place: Sendable {
    /// The number of the server.
    let endpoint: Int
    let sentAt: Double
    let estimate: Double
  }

  private struct Waiter {
    let estimate: Double
    let place: CheckedContinuation<Place?, Never>
  }

  private struct State {
    var endpoints: [Endpoint]
    var nextTicket = 0
    /// In the order in which they go; those that were cancelled wait no more.
    var queue: Deque<Int> = []
    var waiting: [Int: Waiter] = [:]
    /// When the earliest of those that wait for time may go.
    var alarmAt: Double?
    var alarm: Task<Void, Never>?
    /// The mean of tokens that answered requests took, for those that are to come.
    var meanTokens: Double?

    /// The server with most room for a request of so many tokens.
    func choice(tokens: Double, now: Double) -> Choice {
      var best: Int?
      var next: Double?
      for index in endpoints.indices {
        guard let wait = endpoints[index].wait(tokens: tokens, now: now) else { continue }
        if wait > 0 {
          next = min(next ?? wait, wait)
        } else if best.map({ endpoints[index].load < endpoints[$0].load }) ?? true {
          best = index
        }
      }
      return best.map { .free($0) } ?? .later(next)
    }

    mutating func take(_ endpoint: Int, estimate: Double, now: Double) -> Place {
      endpoints[endpoint].enter(tokens: estimate, now: now)
      return Place(endpoint: endpoint, sentAt: now, estimate: estimate)
    }
  }

  private enum Choice {
    case free(Int)
    /// In so many seconds, or nil when a request must come back first.
    case later(Double?)
  }

  private let state: Mutex<State>
  private let clock: RetryClock
  private let start: ContinuousClock.Instant

  init(servers count: Int, limits: Endpoint.Limits, clock: RetryClock = RetryClock()) {
    precondition(count > 0, "a model has a server")
    self.clock = clock
    start = clock.now()
    state = Mutex(State(endpoints: (0..<count).map { _ in Endpoint(limits) }))
  }

  private var now: Double { start.duration(to: clock.now()) / .seconds(1) }

  /// Waits for a place at a server.
  ///
  /// - Parameters:
  ///   - inputTokens: How many tokens the request has, roughly.
  ///   - isAgain: Whether a server sent it back, so that it is the next to go.
  /// - Returns: Nil when the task was cancelled before it had one.
  func enter(inputTokens: Int, isAgain: Bool) async -> Place? {
    let now = now
    let place = state.withLock { state -> Place? in
      guard state.waiting.isEmpty, !Task.isCancelled else { return nil }
      let estimate = max(Double(inputTokens), state.meanTokens ?? 0)
      guard case .free(let best) = state.choice(tokens: estimate, now: now) else { return nil }
      return state.take(best, estimate: estimate, now: now)
    }
    if let place { return place }
    return await waitInLine(inputTokens: inputTokens, isAgain: isAgain)
  }

  private func waitInLine(inputTokens: Int, isAgain: Bool) async -> Place? {
    let ticket = state.withLock { state in
      defer { state.nextTicket += 1 }
      return state.nextTicket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCancelled = state.withLock { state in
          // The flag is set before the handler below runs, and both hold the lock: none is missed.
          if Task.isCancelled { return true }
          let estimate = max(Double(inputTokens), state.meanTokens ?? 0)
          state.waiting[ticket] = Waiter(estimate: estimate, place: continuation)
          if isAgain { state.queue.prepend(ticket) } else { state.queue.append(ticket) }
          return false
        }
        if isCancelled { continuation.resume(returning: nil) } else { admit() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.place.resume(returning: nil)
    }
  }

  /// Gives a place back.
  ///
  /// - Parameters:
  ///   - place: What ``enter(inputTokens:isAgain:)`` gave.
  ///   - outcome: What became of the request.
  ///   - pause: How long the server wants no request at all.
  func leave(_ place: Place, _ outcome: Endpoint.Outcome, pause: Duration? = nil) {
    let now = now
    state.withLock { state in
      if case .answered(let tokens) = outcome {
        state.meanTokens = (state.meanTokens ?? Double(tokens)) * 0.9 + Double(tokens) * 0.1
      }
      state.endpoints[place.endpoint].leave(
        outcome, estimate: place.estimate, sentAt: place.sentAt,
        pause: pause.map { $0 / .seconds(1) }, now: now)
    }
    admit()
  }

  /// Whether a server answered before a moment, and nobody since.
  func isDown(_ endpoint: Int, since moment: ContinuousClock.Instant) -> Bool {
    let seconds = start.duration(to: moment) / .seconds(1)
    return state.withLock { $0.endpoints[endpoint].answeredAt }.map { $0 < seconds } ?? false
  }

  /// How many requests are at the servers, and how many these take at once.
  var room: (inFlight: Int, limit: Int) {
    state.withLock { state in
      (
        state.endpoints.reduce(0) { $0 + $1.inFlight },
        state.endpoints.reduce(0) { $0 + $1.concurrency.current }
      )
    }
  }

  /// How many requests wait for a place.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Lets all go that may, and sets an alarm for the next one that has to wait for time.
  private func admit() {
    let now = now
    let admitted = state.withLock { state -> [(CheckedContinuation<Place?, Never>, Place)] in
      var admitted: [(CheckedContinuation<Place?, Never>, Place)] = []
      while let ticket = state.queue.first {
        guard let waiter = state.waiting[ticket] else {
          state.queue.removeFirst()
          continue
        }
        switch state.choice(tokens: waiter.estimate, now: now) {
        case .later(let wait):
          if let wait { setAlarm(now + wait, &state) }
          return admitted
        case .free(let best):
          state.waiting[ticket] = nil
          state.queue.removeFirst()
          admitted.append((waiter.place, state.take(best, estimate: waiter.estimate, now: now)))
        }
      }
      return admitted
    }
    for (continuation, place) in admitted { continuation.resume(returning: place) }
  }

  private func setAlarm(_ moment: Double, _ state: inout State) {
    guard state.alarmAt.map({ moment < $0 }) ?? true else { return }
    state.alarm?.cancel()
    state.alarmAt = moment
    let wait = Duration.seconds(max(0, moment - now))
    state.alarm = Task { [weak self, clock] in
      guard (try? await clock.sleep(wait)) != nil, let self else { return }
      self.state.withLock { $0.alarmAt = nil }
      self.admit()
    }
  }
}
