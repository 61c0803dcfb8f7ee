import Pipeline
import Synchronization

/// A small generator of random numbers, the same for the same seed.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// What each attempt of each slot comes to: a value, or nothing.
struct SlotScript: Sendable {
  let limits: SlotFilling<Int>.Limits
  let hopelessAfter: Int
  private let values: [[Int?]]

  init(seed: Int, workers: Int) {
    var random = SplitMix(seed)
    let wanted = Int.random(in: 0...40, using: &random)
    let attempts = Int.random(in: 1...4, using: &random)
    let extra = Int.random(in: 0...20, using: &random)
    let accepts = Double.random(in: 0...1, using: &random)
    let distinct = [3, 30, 100_000][Int.random(in: 0..<3, using: &random)]
    hopelessAfter = Bool.random(using: &random) ? 8 : .max
    limits = .init(
      wanted: wanted, attempts: attempts, extraSlots: extra, workers: workers,
      slotsAtOnce: [1, 1, 3, 16][Int.random(in: 0..<4, using: &random)])
    values = (0..<(wanted + extra)).map { _ in
      (0..<attempts).map { _ in
        Double.random(in: 0...1, using: &random) < accepts
          ? Int.random(in: 0..<distinct, using: &random) : nil
      }
    }
  }

  init(_ values: [[Int?]], wanted: Int, attempts: Int, workers: Int) {
    self.values = values
    hopelessAfter = .max
    limits = .init(
      wanted: wanted, attempts: attempts, extraSlots: values.count - wanted, workers: workers)
  }

  func outcome(_ slot: Int, from first: Int) -> SlotOutcome<Int> {
    for attempt in first..<limits.attempts {
      if let value = values[slot][attempt] {
        return SlotOutcome(acceptedAttempt: attempt, value: value)
      }
    }
    return SlotOutcome(acceptedAttempt: nil, value: -1)
  }

  func isHopeless(_ progress: SlotFilling<Int>.Progress) -> Bool {
    progress.kept == 0 && progress.exhausted >= hopelessAfter
  }

  /// One slot as it was settled.
  struct Settled: Hashable, Sendable {
    let slot: Int
    /// For each try the attempt that was accepted, or nil.
    let trail: [Int?]
    let isKept: Bool
    let progress: SlotFilling<Int>.Progress
  }

  /// The definition: one slot after the other, one attempt after the other.
  func reference() -> [Settled] {
    var settled: [Settled] = []
    var progress = SlotFilling<Int>.Progress()
    var seen = Set<Int>()
    while progress.kept < limits.wanted,
      settled.count < limits.wanted + min(progress.exhausted, limits.extraSlots)
    {
      let slot = settled.count
      var trail: [Int?] = []
      var first = 0
      var isKept = false
      while first < limits.attempts, !isKept {
        let outcome = outcome(slot, from: first)
        trail.append(outcome.acceptedAttempt)
        guard let accepted = outcome.acceptedAttempt else { break }
        isKept = seen.insert(outcome.value).inserted
        first = accepted + 1
      }
      if isKept { progress.kept += 1 } else { progress.exhausted += 1 }
      settled.append(Settled(slot: slot, trail: trail, isKept: isKept, progress: progress))
      if isHopeless(progress) { break }
    }
    return settled
  }
}

/// Runs a script with attempts that end in a random order, and notes what happens.
final class SlotRun: Sendable {
  struct Notes: Sendable {
    var settled: [SlotScript.Settled] = []
    var seen = Set<Int>()
    var tries: [[Int]: Int] = [:]
    var random: SplitMix
    /// The slots that need no work, as they were settled before.
    var known: [Int: SlotScript.Settled] = [:]
  }

  let script: SlotScript
  private let notes: Mutex<Notes>
  private let disturb: @Sendable (Int) async throws -> Void
  private let settling: @Sendable (Int) throws -> Void
  private let admitting: @Sendable (Int) throws -> Void

  init(
    _ script: SlotScript, seed: Int, known: [SlotScript.Settled] = [],
    disturb: @escaping @Sendable (Int) async throws -> Void = { _ in },
    admitting: @escaping @Sendable (Int) throws -> Void = { _ in },
    settling: @escaping @Sendable (Int) throws -> Void = { _ in }
  ) {
    self.script = script
    self.disturb = disturb
    self.admitting = admitting
    self.settling = settling
    var start = Notes(random: SplitMix(seed))
    for slot in known { start.known[slot.slot] = slot }
    notes = Mutex(start)
  }

  var settled: [SlotScript.Settled] { notes.withLock { $0.settled } }
  /// How often each slot was tried from each attempt.
  var tries: [[Int]: Int] { notes.withLock { $0.tries } }

  func filling() -> SlotFilling<Int> {
    SlotFilling(
      script.limits,
      attempt: { [self] slot, first, _ in
        let pauses = notes.withLock { notes in
          notes.tries[[slot, first], default: 0] += 1
          return Int.random(in: 0...12, using: &notes.random)
        }
        for _ in 0..<pauses { await Task.yield() }
        try await disturb(slot)
        return script.outcome(slot, from: first)
      },
      admit: { [self] slot, _, value in
        try admitting(slot)
        return notes.withLock { $0.seen.insert(value).inserted ? .kept : .refused }
      },
      settle: { [self] slot, trail, isKept, progress in
        try settling(slot)
        let settled = SlotScript.Settled(
          slot: slot, trail: trail.map(\.acceptedAttempt), isKept: isKept, progress: progress)
        notes.withLock { notes in
          notes.settled.append(settled)
          // Each fourth slot makes another doubtful, which comes at once or much later.
          if slot % 4 == 0 { notes.known[slot + 1 + slot % 7] = nil }
          guard settled.trail.isEmpty, isKept, let last = notes.known[slot]?.trail.last else {
            return
          }
          notes.seen.insert(script.outcome(slot, from: last ?? 0).value)
        }
      },
      known: { [self] slot in
        notes.withLock { $0.known[slot].map { $0.isKept ? .kept : .exhausted } }
      },
      isHopeless: script.isHopeless)
  }
}
