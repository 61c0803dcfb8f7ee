import DequeModule
import Synchronization

/// Stops work that takes too long: one sleeping task for any number of deadlines.
final class Deadlines: Sendable {
  /// A piece of work under watch.
  struct Watch: Sendable {
    fileprivate let number: Int
    fileprivate let time: Duration
  }

  private struct Entry {
    let deadline: ContinuousClock.Instant
    let number: Int
  }

  private struct State {
    var nextNumber = 0
    /// What stops the work that is not done.
    var stops: [Int: @Sendable () -> Void] = [:]
    /// The deadlines of equal times to run, in the order in which they come.
    var lines: [Duration: Deque<Entry>] = [:]
    var alarm: Task<Void, Never>?
    var alarmAt: ContinuousClock.Instant?
  }

  private let state = Mutex(State())

  /// Watches work until it is done.
  ///
  /// - Parameters:
  ///   - time: How long it may take from now on.
  ///   - stop: Called once when it takes longer.
  /// - Returns: What to give back to ``done(_:)``.
  func watch(for time: Duration, stop: @escaping @Sendable () -> Void) -> Watch {
    let deadline = ContinuousClock.now + time
    return state.withLock { state in
      let number = state.nextNumber
      state.nextNumber += 1
      state.stops[number] = stop
      state.lines[time, default: []].append(Entry(deadline: deadline, number: number))
      if state.alarmAt.map({ deadline < $0 }) ?? true { setAlarm(deadline, &state) }
      return Watch(number: number, time: time)
    }
  }

  /// Ends the watch; false when the work was stopped before.
  func done(_ watch: Watch) -> Bool {
    state.withLock { state in
      let isInTime = state.stops.removeValue(forKey: watch.number) != nil
      // Of work that is done nothing is kept longer than of the oldest that is not.
      while let first = state.lines[watch.time]?.first, state.stops[first.number] == nil {
        state.lines[watch.time]?.removeFirst()
      }
      return isInTime
    }
  }

  /// Ends all watches, and stops nothing.
  func close() {
    state.withLock { state in
      state.alarm?.cancel()
      state = State()
    }
  }

  private func setAlarm(_ moment: ContinuousClock.Instant, _ state: inout State) {
    state.alarm?.cancel()
    state.alarmAt = moment
    state.alarm = Task { [weak self] in
      guard (try? await Task.sleep(until: moment, clock: .continuous)) != nil else { return }
      self?.ring()
    }
  }

  private func ring() {
    let now = ContinuousClock.now
    let late = state.withLock { state in
      var late: [(deadline: ContinuousClock.Instant, stop: @Sendable () -> Void)] = []
      for (time, var line) in state.lines {
        state.lines[time] = nil
        while let first = line.first {
          let stop = state.stops[first.number]
          if stop != nil, first.deadline > now { break }
          line.removeFirst()
          if let stop {
            state.stops[first.number] = nil
            late.append((first.deadline, stop))
          }
        }
        if !line.isEmpty { state.lines[time] = line }
      }
      state.alarmAt = nil
      if let next = state.lines.values.compactMap(\.first?.deadline).min() {
        setAlarm(next, &state)
      }
      return late
    }
    for (_, stop) in late.sorted(by: { $0.deadline < $1.deadline }) { stop() }
  }
}
