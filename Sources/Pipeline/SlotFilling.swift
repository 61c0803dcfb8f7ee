import Synchronization

/// What trying a slot came to.
package struct SlotOutcome<Value: Sendable>: Sendable {
  /// The attempt that was accepted, or nil when all were spent.
  package let acceptedAttempt: Int?
  package var value: Value

  package init(acceptedAttempt: Int?, value: Value) {
    self.acceptedAttempt = acceptedAttempt
    self.value = value
  }
}

/// Fills exactly N slots, whatever the order in which work ends.
///
/// `kept(s)` is the first attempt of slot s that is accepted and no duplicate of `kept(t)` for any
/// t < s. Slots 0..<N open at once, further ones in order as earlier ones turn out exhausted. Workers
/// run ahead; what they find is settled strictly in slot order, so that the result does not depend on
/// timing, on the number of workers, or on earlier interruptions.
package final class SlotFilling<Value: Sendable>: Sendable {
  package struct Limits: Sendable {
    /// N: how many kept samples are wanted.
    package var wanted: Int
    /// How often a slot is tried.
    package var attempts: Int
    /// How many slots may open beyond N.
    package var extraSlots: Int
    package var workers: Int

    package init(wanted: Int, attempts: Int, extraSlots: Int, workers: Int) {
      self.wanted = wanted
      self.attempts = attempts
      self.extraSlots = extraSlots
      self.workers = workers
    }
  }

  /// How far the filling has come.
  package struct Progress: Sendable, Hashable {
    package var kept = 0
    package var exhausted = 0
    package var settled: Int { kept + exhausted }
    package init() {}
  }

  /// Tries a slot from an attempt on until one is accepted or all are spent.
  package typealias Try =
    @Sendable (_ slot: Int, _ firstAttempt: Int) async throws -> SlotOutcome<Value>
  /// What becomes of an attempt that was accepted.
  package enum Admission: Sendable {
    case kept
    /// The next attempt is made.
    case refused
  }
  /// What is known of a slot without work.
  package enum Known: Sendable { case kept, exhausted }
  /// Decides in slot order; may note why.
  package typealias Admit =
    @Sendable (_ slot: Int, _ attempt: Int, inout Value) throws -> Admission
  /// Takes all that a slot came to, in slot order; nothing where that was known.
  package typealias Settle =
    @Sendable (_ slot: Int, _ trail: [SlotOutcome<Value>], _ isKept: Bool, Progress) throws -> Void

  private struct Job {
    let slot: Int
    let firstAttempt: Int
  }
  private struct State {
    var progress = Progress()
    var nextSlot = 0
    var again: [Job] = []
    var trails: [Int: [SlotOutcome<Value>]] = [:]
    var results: [Int: SlotOutcome<Value>] = [:]
    /// The slots that are worked on and not settled; others up to the next were passed over, since
    /// what they come to seemed to be known.
    var pending = Set<Int>()
    var isStopped = false
    var idle: [CheckedContinuation<Void, Never>] = []
  }

  private let limits: Limits
  private let attempt: Try
  private let admit: Admit
  private let settle: Settle
  private let known: @Sendable (_ slot: Int) -> Known?
  private let isHopeless: @Sendable (Progress) -> Bool
  private let state = Mutex(State())

  /// Sets up the filling of slots.
  ///
  /// - Parameters:
  ///   - limits: How many slots, attempts and workers there are.
  ///   - attempt: Tries a slot.
  ///   - admit: Decides on what was accepted.
  ///   - settle: Takes what a slot came to.
  ///   - known: What a slot comes to without work; asked again when it is the slot's turn, and nil
  ///     from the moment on at which an earlier slot makes it doubtful.
  ///   - isHopeless: Whether to stop.
  package init(
    _ limits: Limits, attempt: @escaping Try, admit: @escaping Admit, settle: @escaping Settle,
    known: @escaping @Sendable (_ slot: Int) -> Known? = { _ in nil },
    isHopeless: @escaping @Sendable (Progress) -> Bool = { _ in false }
  ) {
    self.limits = limits
    self.attempt = attempt
    self.admit = admit
    self.settle = settle
    self.known = known
    self.isHopeless = isHopeless
  }

  package var progress: Progress { state.withLock { $0.progress } }

  /// Works until N slots are kept or no further slot may open.
  ///
  /// - Throws: What an attempt threw first; what was settled until then stays settled.
  package func run() async throws -> Progress {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<limits.workers { group.addTask { try await self.work() } }
      do {
        while try await group.next() != nil {}
      } catch {
        // What the others would still find could not be settled.
        stop()
        group.cancelAll()
        throw error
      }
    }
    return progress
  }

  private func work() async throws {
    do {
      try await withTaskCancellationHandler {
        while let job = try await nextJob() {
          try Task.checkCancellation()
          try finish(job, try await attempt(job.slot, job.firstAttempt))
        }
        try Task.checkCancellation()
      } onCancel: {
        stop()
      }
    } catch {
      stop()
      throw error
    }
  }

  private func stop() {
    wake { $0.isStopped = true }
  }

  private func wake(_ change: (inout State) -> Void) {
    let idle = state.withLock { state in
      change(&state)
      defer { state.idle = [] }
      return state.idle
    }
    for continuation in idle { continuation.resume() }
  }

  /// The next piece of work; nil when there will be none any more.
  private func nextJob() async throws -> Job? {
    while true {
      let (taken, idle) = state.withLock { state in
        let before = state.progress.settled
        let taken = Result { try takeJob(&state) }
        if case .failure = taken { state.isStopped = true }
        // Those that wait may have something to do now.
        guard state.isStopped || state.progress.settled > before else {
          return (taken, [CheckedContinuation<Void, Never>]())
        }
        defer { state.idle = [] }
        return (taken, state.idle)
      }
      for continuation in idle { continuation.resume() }
      let (job, isDone) = try taken.get()
      if job != nil || isDone { return job }
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let mayMoveOn = state.withLock { state in
          if canTakeJob(state) || isOver(state) { return true }
          state.idle.append(continuation)
          return false
        }
        if mayMoveOn { continuation.resume() }
      }
    }
  }

  private func takeJob(_ state: inout State) throws -> (Job?, isOver: Bool) {
    while canTakeJob(state) {
      if let job = state.again.popLast() { return (job, false) }
      let slot = state.nextSlot
      state.nextSlot += 1
      guard known(slot) != nil else {
        state.pending.insert(slot)
        return (Job(slot: slot, firstAttempt: 0), false)
      }
      if slot == state.progress.settled { try settleInOrder(&state) }
    }
    return (nil, isOver(state))
  }

  private func canTakeJob(_ state: borrowing State) -> Bool {
    if isOver(state) { return false }
    if !state.again.isEmpty { return true }
    let open = limits.wanted + min(state.progress.exhausted, limits.extraSlots)
    return state.nextSlot < open && state.pending.count < limits.workers * 8 + 64
  }

  private func isOver(_ state: borrowing State) -> Bool {
    let open = limits.wanted + min(state.progress.exhausted, limits.extraSlots)
    return state.isStopped || state.progress.kept >= limits.wanted
      || state.progress.settled >= open
  }

  private func finish(_ job: Job, _ outcome: SlotOutcome<Value>) throws {
    let (idle, failure) = state.withLock {
      state -> ([CheckedContinuation<Void, Never>], (any Error)?)
      in
      state.results[job.slot] = outcome
      var failure: (any Error)?
      if !state.isStopped {
        do {
          try settleInOrder(&state)
        } catch {
          // At once, so that no other worker settles what comes after.
          state.isStopped = true
          failure = error
        }
      }
      defer { state.idle = [] }
      return (state.idle, failure)
    }
    for continuation in idle { continuation.resume() }
    if let failure { throw failure }
  }

  private func settleInOrder(_ state: inout State) throws {
    while !isOver(state) {
      let slot = state.progress.settled
      guard slot < state.nextSlot else { return }
      if !state.pending.contains(slot) {
        guard let known = known(slot) else {
          state.pending.insert(slot)
          state.again.append(Job(slot: slot, firstAttempt: 0))
          return
        }
        try close(slot, isKept: known == .kept, &state)
        continue
      }
      guard var outcome = state.results.removeValue(forKey: slot) else { return }
      if let accepted = outcome.acceptedAttempt {
        let admission = try admit(slot, accepted, &outcome.value)
        state.trails[slot, default: []].append(outcome)
        if case .refused = admission, accepted + 1 < limits.attempts {
          state.again.append(Job(slot: slot, firstAttempt: accepted + 1))
          continue
        }
        try close(slot, isKept: admission == .kept, &state)
      } else {
        state.trails[slot, default: []].append(outcome)
        try close(slot, isKept: false, &state)
      }
    }
  }

  private func close(_ slot: Int, isKept: Bool, _ state: inout State) throws {
    state.pending.remove(slot)
    var progress = state.progress
    if isKept { progress.kept += 1 } else { progress.exhausted += 1 }
    try settle(slot, state.trails.removeValue(forKey: slot) ?? [], isKept, progress)
    state.progress = progress
    if isHopeless(state.progress) { state.isStopped = true }
  }
}
