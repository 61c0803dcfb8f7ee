import Dataset
import Pipeline
import Teachers

/// The slots of the last run: which of them stay as they are, and what the others had.
struct FormerSlots: Sendable {
  /// How many slots the last run settled.
  let count: Int
  /// The slots with another mix, other words in requests, or other knobs of their strategy.
  private let changed: Set<Int>
  private let work: SlotWork
  private let attempts: Int
  private let duplicates: Duplicates

  /// Takes the questions of the last run to be in ``Duplicates`` already.
  init(
    _ use: SlotHistory.Use, _ context: GenerationRun.Context, duplicates: Duplicates
  ) throws {
    let history = use.history
    count = history.slotCount
    attempts = context.snapshot.recipe.slots.attempts
    changed = use.changed
    self.duplicates = duplicates
    work = try SlotWork(
      context.asker.answering(from: RecordedAnswers(context.cache)), sources: history.sources,
      until: .samples)
  }

  /// Whether the last run's outcome of a slot holds, as far as is known.
  func holds(_ slot: Int) -> Bool {
    slot < count && !changed.contains(slot) && !duplicates.isDoubtful(slot)
  }

  /// What the last run had in a slot, derived again from recorded answers.
  ///
  /// - Throws: ``SimulaError`` with code `history` when that cannot be known.
  func trails(_ slot: Int) async throws -> [SlotTrail] {
    var trails: [SlotTrail] = []
    var attempt = 0
    while attempt < attempts {
      let outcome: SlotOutcome<SlotTrail>
      do {
        outcome = try await work.run(slot: .numbered(slot), from: attempt)
      } catch is RecordedAnswers.Missing {
        throw SimulaError(.history, "an answer of the last run is not here")
      }
      var trail = outcome.value
      guard let accepted = outcome.acceptedAttempt else {
        trails.append(trail)
        break
      }
      guard let wasKept = duplicates.wasKept(slot: slot, attempt: accepted) else {
        throw SimulaError.damagedHistory
      }
      // Who answered otherwise meanwhile, on another machine, must not be taken for the same.
      let question = trail.value.map(duplicates.question)
      guard question.map({ duplicates.hadQuestion($0, slot: slot, attempt: accepted) }) ?? true
      else {
        throw SimulaError.damagedHistory
      }
      if !wasKept { trail.question = question }
      trails.append(trail)
      if wasKept { break }
      attempt = accepted + 1
    }
    return trails
  }
}
