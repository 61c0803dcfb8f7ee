import ArtifactStore
import Dataset
import Pipeline
import Teachers

/// Fills the slots of a run: the numbered ones, and then those of gaps.
struct Filler: Sendable {
  /// A run whose first slots all fail is stopped: the rest would fail the same way.
  private static let hopelessAfter = 12

  private let context: GenerationRun.Context
  private let work: SlotWork
  private let duplicates: Duplicates
  private let tally: Tally
  private var recipe: Recipe { context.snapshot.recipe }

  init(
    _ context: GenerationRun.Context, sources: Sources, until stage: DataStage, tally: Tally
  ) throws {
    self.context = context
    self.tally = tally
    work = try SlotWork(context.asker, sources: sources, until: stage)
    let recipe = context.snapshot.recipe
    duplicates = try Duplicates(question: recipe.sample.question, knobs: recipe.duplicates)
  }

  /// What comparing questions has taken so far.
  var duplicateTime: Duration { duplicates.time }

  /// The slots that the recipe asks for.
  var numbered: SlotFilling<SlotTrail> {
    let wanted = recipe.sampleCount
    return filling(
      wanted: wanted, extraSlots: Int(Double(wanted) * recipe.slots.extraShare),
      slot: { .numbered($0) },
      isHopeless: { $0.kept == 0 && $0.exhausted >= Self.hopelessAfter })
  }

  /// Makes more samples for the leaves that the numbered slots left with too few.
  ///
  /// - Parameter report: Told how far it came, also when it fails.
  /// - Returns: What it came to, or nil where the recipe asks for none.
  /// - Throws: What asking throws.
  func fillGaps(_ report: (GapReport) -> Void) async throws -> GapReport? {
    guard recipe.gapFill.minimum > 0 else { return nil }
    let plan = GapPlan(
      leaves: work.sampler.leaves, samples: tally.samplesByNode, knobs: recipe.gapFill,
      wanted: recipe.sampleCount, canBeDrawn: { (try? work.sampler.mix(of: $0)) != nil })
    let filling = filling(wanted: plan.slots.count, extraSlots: 0, slot: { plan.slots[$0] })
    context.progress.start(.samples, total: plan.slots.count)
    defer {
      report(
        GapReport(
          wanted: plan.slots.count, kept: filling.progress.kept,
          underCovered: plan.underCovered(tally.samplesByNode)))
    }
    _ = try await filling.run()
    return GapReport(
      wanted: plan.slots.count, kept: filling.progress.kept,
      underCovered: plan.underCovered(tally.samplesByNode))
  }

  private func filling(
    wanted: Int, extraSlots: Int, slot: @escaping @Sendable (Int) -> Slot,
    isHopeless: @escaping @Sendable (SlotFilling<SlotTrail>.Progress) -> Bool = { _ in false }
  ) -> SlotFilling<SlotTrail> {
    let limits = SlotFilling<SlotTrail>.Limits(
      wanted: wanted, attempts: recipe.slots.attempts, extraSlots: extraSlots,
      workers: Players.workers(recipe))
    return SlotFilling(
      limits,
      attempt: { [work] number, attempt in
        try await work.run(slot: slot(number), from: attempt)
      },
      admit: { [duplicates] number, _, trail in
        trail.refusal = try trail.value.flatMap { try duplicates.admit($0, slot: slot(number)) }
        return trail.refusal == nil
      },
      settle: { [context, tally] _, trails, isKept, progress in
        try tally.settle(trails, isKept: isKept)
        context.progress.count(context.cache.counts)
        context.progress.advance(to: progress.kept)
      }, isHopeless: isHopeless)
  }
}
