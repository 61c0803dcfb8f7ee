import Synchronization

/// Lets a number of tasks pass at once, the others in the order they came.
final class Gate: Sendable {
  private struct State {
    var free: Int
    var nextTicket = 0
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
  }
  private let state: Mutex<State>

  init(_ places: Int) {
    precondition(places > 0, "a gate has at least one place")
    state = Mutex(State(free: places))
  }

  /// Waits for a place, which the caller must give back with ``leave()``.
  ///
  /// - Returns: False when the task was cancelled before it had one.
  func enter() async -> Bool {
    let ticket = state.withLock { state in
      defer { state.nextTicket += 1 }
      return state.nextTicket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let outcome: Bool? = state.withLock { state in
          // The flag is set before the handler below runs, and both hold the lock: none is missed.
          if Task.isCancelled { return false }
          guard state.free == 0 else {
            state.free -= 1
            return true
          }
          state.waiting[ticket] = continuation
          return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: false)
    }
  }

  /// Gives a place back, to the one that waits longest.
  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard let ticket = state.waiting.keys.min() else {
        state.free += 1
        return nil
      }
      return state.waiting.removeValue(forKey: ticket)
    }
    next?.resume(returning: true)
  }
}
