import Dataset
import Teachers

/// What some slots took so far, by which the others are estimated.
struct SlotPilot: Sendable {
  typealias Reading = MeteredAnswers.Reading

  /// The slots all of whose answers are there, or were asked for now.
  private(set) var complete: [Reading] = []
  private var elsewhere: [Reading] = []
  /// What is there of the others.
  private(set) var missing: [Reading] = []

  /// Fills slots without keeping their records.
  ///
  /// - Parameters:
  ///   - slots: The numbers.
  ///   - asker: Has the models.
  ///   - answers: Asks them, or only looks up.
  ///   - budget: Has the prices.
  ///   - sources: What mixes are drawn from.
  ///   - recalled: The mixes that slots must not get.
  ///   - workers: How many slots are worked on at once.
  ///   - didFill: Told after each slot.
  /// - Throws: What asking throws; an answer that is only looked up and not there is no error.
  init(
    _ slots: [Int], asker: Asker, answers: any CallSource, budget: Budget, sources: Sources,
    recalled: RecalledMixes, workers: Int, didFill: @escaping @Sendable () -> Void
  ) async throws {
    let work = try SlotWork(
      asker.answering(from: MeteredAnswers(source: answers, budget: budget)), sources: sources,
      until: .samples, recalled: recalled, remembers: false)
    var next = 0
    try await withThrowingTaskGroup(of: (Reading, isComplete: Bool).self) { group in
      func add() {
        guard next < slots.count else { return }
        let slot = slots[next]
        next += 1
        group.addTask {
          let meter = MeteredAnswers.Meter()
          return try await MeteredAnswers.$meter.withValue(meter) {
            do {
              _ = try await work.run(slot: .numbered(slot), from: 0)
              return (meter.reading, true)
            } catch is RecordedAnswers.Missing {
              return (meter.reading, false)
            }
          }
        }
      }
      for _ in 0..<workers { add() }
      for try await (reading, isComplete) in group {
        if isComplete { complete.append(reading) } else { missing.append(reading) }
        didFill()
        add()
      }
    }
  }

  /// How many slots tell what one takes.
  var measuredCount: Int { complete.count + elsewhere.count }

  /// Takes what other slots took for a measure, though these are none of the slots counted here.
  mutating func learn(from other: SlotPilot) { elsewhere += other.complete }

  /// The share of slots that ask nothing.
  var cachedShare: Double {
    let count = complete.count + missing.count
    return count == 0 ? 0 : Double(complete.count) / Double(count)
  }

  /// What the slots that are not complete still take, of all slots.
  ///
  /// - Parameters:
  ///   - figure: What is counted.
  ///   - whole: What one slot takes, with its spread; nil takes it from the complete ones.
  ///   - count: How many slots there are.
  /// - Returns: Nil when nothing is known of a slot.
  func rest(
    _ figure: (Reading) -> Double, whole: Likely?, outOf count: Int
  ) -> Likely? {
    if missing.isEmpty, !complete.isEmpty, complete.count >= count { return Likely(exactly: 0) }
    let measured = (complete + elsewhere).map(figure)
    let each: Likely
    if measured.count >= 3 {
      let sum = Likely(sumOf: measured, outOf: .max)
      let scale = 1 / Double(Int.max)
      each = Likely(sum.value * scale, low: sum.low * scale, high: sum.high * scale)
    } else if let whole {
      each = whole
    } else {
      return nil
    }
    let rests =
      complete.map { _ in 0 } + missing.map { max(0, each.value - figure($0)) }
    guard !rests.isEmpty else { return nil }
    let total = Likely(sumOf: rests, outOf: count)
    let share = Double(missing.count) / Double(rests.count) * Double(count)
    // What one takes is not known exactly either, and each takes something else.
    let own = Likely.spread(of: measured) * share.squareRoot()
    return total.widened(
      down: (each.value - each.low) * share, up: (each.high - each.value) * share
    ).widened(down: own, up: own)
  }
}
