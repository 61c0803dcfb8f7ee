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
    /// How many slots, one after another, a worker takes at a time: where slots beside each other read
    /// the same files, workers that are apart do not wait for each other.
    package var slotsAtOnce: Int

    package init(
      wanted: Int, attempts: Int, extraSlots: Int, workers: Int, slotsAtOnce: Int = 1
    ) {
      self.wanted = wanted
      self.attempts = attempts
      self.extraSlots = extraSlots
      self.workers = workers
      self.slotsAtOnce = slotsAtOnce
    }
  }

  /// How far the filling has come.
  package struct Progress: Sendable, Hashable {
    package var kept = 0
    package var exhausted = 0
    package var settled: Int { kept + exhausted }
    package init() {}
  }

  /// Tries a slot from an attempt on until one is accepted or all are spent; told which worker does, of
  /// whom each does one thing after another.
  package typealias Try =
    @Sendable (_ slot: Int, _ firstAttempt: Int, _ worker: Int) async throws -> SlotOutcome<Value>
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
    /// Whether a worker settles.
    ///
    /// It alone does, and takes what others bring meanwhile. A failure leaves it set, so that nobody
    /// settles what comes after.
    var isSettling = false
    var isStopped = false
    var idle: [CheckedContinuation<Void, Never>] = []
  }

  /// A slot whose turn it is, with what was found; nil where that seemed to be known.
  private struct Due {
    let slot: Int
    let outcome: SlotOutcome<Value>?
    let trail: [SlotOutcome<Value>]
    let progress: Progress
  }

  /// What came of a slot at its turn.
  private enum Settled {
    case closed(Progress)
    /// It is tried from an attempt on, after what it came to so far.
    case again(firstAttempt: Int, trail: [SlotOutcome<Value>])
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
      for worker in 0..<limits.workers { group.addTask { try await self.work(worker) } }
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

  private func work(_ worker: Int) async throws {
    do {
      try await withTaskCancellationHandler {
        while let jobs = try await nextJobs() {
          for job in jobs {
            try Task.checkCancellation()
            try finish(job, try await attempt(job.slot, job.firstAttempt, worker))
            if jobs.count > 1, state.withLock({ isOver($0) }) { break }
          }
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
    change { $0.isStopped = true }
  }

  /// Changes the state, and wakes those that may have something to do then.
  private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
    let (result, idle) = state.withLock { state in
      let result = body(&state)
      defer { state.idle = [] }
      return (result, state.idle)
    }
    for continuation in idle { continuation.resume() }
    return result
  }

  /// The next pieces of work; nil when there will be none any more.
  private func nextJobs() async throws -> [Job]? {
    while true {
      let (jobs, isOver, isTurn) = state.withLock { takeJobs(&$0) }
      if isTurn {
        try settleInOrder()
        // What was settled may have opened slots.
        if jobs.isEmpty, !isOver { continue }
      }
      if !jobs.isEmpty || isOver { return jobs.isEmpty ? nil : jobs }
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let mayMoveOn = state.withLock { state in
          if canTakeJob(state) || self.isOver(state) { return true }
          state.idle.append(continuation)
          return false
        }
        if mayMoveOn { continuation.resume() }
      }
    }
  }

  /// Takes jobs if there are any, and says whether it is the turn of a slot that was passed over.
  private func takeJobs(_ state: inout State) -> ([Job], isOver: Bool, isTurn: Bool) {
    var jobs: [Job] = []
    var isTurn = false
    // Where few are left, each worker gets some.
    let left = openCount(state) - state.nextSlot
    let most = max(1, min(limits.slotsAtOnce, left / limits.workers))
    while jobs.count < most, canTakeJob(state) {
      if let job = state.again.popLast() {
        jobs.append(job)
        continue
      }
      let slot = state.nextSlot
      state.nextSlot += 1
      guard known(slot) != nil else {
        state.pending.insert(slot)
        jobs.append(Job(slot: slot, firstAttempt: 0))
        continue
      }
      isTurn = isTurn || slot == state.progress.settled
    }
    return (jobs, jobs.isEmpty && isOver(state), isTurn)
  }

  private func canTakeJob(_ state: borrowing State) -> Bool {
    if isOver(state) { return false }
    if !state.again.isEmpty { return true }
    return state.nextSlot < openCount(state)
      && state.pending.count < limits.workers * max(8, 2 * limits.slotsAtOnce) + 64
  }

  /// The slots up to this number may be tried.
  private func openCount(_ state: borrowing State) -> Int {
    limits.wanted + min(state.progress.exhausted, limits.extraSlots)
  }

  private func isOver(_ state: borrowing State) -> Bool {
    state.isStopped || state.progress.kept >= limits.wanted
      || state.progress.settled >= openCount(state)
  }

  private func finish(_ job: Job, _ outcome: SlotOutcome<Value>) throws {
    state.withLock { $0.results[job.slot] = outcome }
    try settleInOrder()
  }

  // MARK: - Settling

  /// Settles the slots whose turn it is, while other workers go on with theirs.
  private func settleInOrder() throws {
    guard var due = state.withLock({ state in state.isSettling ? nil : takeDue(&state) }) else {
      return
    }
    do {
      while true {
        let settled = try settle(due)
        let isStopped =
          if case .closed(let progress) = settled { isHopeless(progress) } else { false }
        let next = change { state in
          note(settled, of: due.slot, in: &state)
          if isStopped { state.isStopped = true }
          return takeDue(&state)
        }
        guard let next else { return }
        due = next
      }
    } catch {
      stop()
      throw error
    }
  }

  /// Takes the slot whose turn it is, if what it came to is there.
  private func takeDue(_ state: inout State) -> Due? {
    let slot = state.progress.settled
    var outcome: SlotOutcome<Value>?
    state.isSettling = !isOver(state) && slot < state.nextSlot
    if state.isSettling, state.pending.contains(slot) {
      outcome = state.results.removeValue(forKey: slot)
      state.isSettling = outcome != nil
    }
    guard state.isSettling else { return nil }
    return Due(
      slot: slot, outcome: outcome, trail: state.trails.removeValue(forKey: slot) ?? [],
      progress: state.progress)
  }

  private func settle(_ due: Due) throws -> Settled {
    guard var outcome = due.outcome else {
      guard let known = known(due.slot) else { return .again(firstAttempt: 0, trail: []) }
      return .closed(try close(due, due.trail, isKept: known == .kept))
    }
    var isKept = false
    if let accepted = outcome.acceptedAttempt {
      isKept = try admit(due.slot, accepted, &outcome.value) == .kept
      if !isKept, accepted + 1 < limits.attempts {
        return .again(firstAttempt: accepted + 1, trail: due.trail + [outcome])
      }
    }
    return .closed(try close(due, due.trail + [outcome], isKept: isKept))
  }

  private func close(
    _ due: Due, _ trail: [SlotOutcome<Value>], isKept: Bool
  ) throws -> Progress {
    var progress = due.progress
    if isKept { progress.kept += 1 } else { progress.exhausted += 1 }
    try settle(due.slot, trail, isKept, progress)
    return progress
  }

  private func note(_ settled: Settled, of slot: Int, in state: inout State) {
    switch settled {
    case .closed(let progress):
      state.pending.remove(slot)
      state.progress = progress
    case .again(let firstAttempt, let trail):
      state.pending.insert(slot)
      if !trail.isEmpty { state.trails[slot] = trail }
      state.again.append(Job(slot: slot, firstAttempt: firstAttempt))
    }
  }
}
