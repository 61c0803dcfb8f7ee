import Synchronization

/// What was found last, for slots that share it and are worked on at about the same time.
final class RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct State {
    var values: [Key: Value] = [:]
    var keys: [Key] = []
    var next = 0
  }

  private let most: Int
  private let state = Mutex(State())

  /// - Parameter most: How many are kept.
  init(most: Int) {
    precondition(most > 0, "something is kept")
    self.most = most
  }

  subscript(key: Key) -> Value? { state.withLock { $0.values[key] } }

  /// Keeps a value in the place of the oldest one.
  func keep(_ value: Value, for key: Key) {
    state.withLock { state in
      guard state.values.updateValue(value, forKey: key) == nil else { return }
      if state.keys.count < most {
        state.keys.append(key)
      } else {
        state.values[state.keys[state.next]] = nil
        state.keys[state.next] = key
        state.next = (state.next + 1) % most
      }
    }
  }
}
