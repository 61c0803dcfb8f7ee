import ArtifactStore
import Dataset
import Pipeline
import Teachers

/// Fills the slots of a run: the numbered ones, and then those of gaps.
struct Filler: Sendable {
  /// A run whose first slots all fail is stopped: the rest would fail the same way.
  ///
  /// A teacher of which one attempt in 20 is accepted fails so often by chance in 1 of 170 runs of
  /// 4 attempts a slot.
  static let hopelessAfter = 25
  /// Of so many slots that stay as they are one is told.
  private static let toldEvery = 1024

  /// What a worker asks and draws with.
  struct Means: Sendable {
    let asker: Asker
    let sources: Sources
  }

  /// What filling takes.
  struct Context: Sendable {
    let snapshot: Snapshot
    let asker: Asker
    /// Means of their own for workers besides the first; none where models take longer.
    ///
    /// They are equal and were read anew, so that processors do not hold each other up by counting
    /// references of the same.
    var means: [Means] = []
    let progress: ProgressBoard
    /// How many slots are worked on at once.
    let workers: Int
    /// How many of them are taken at a time by one that works.
    var slotsAtOnce = 1
    /// What was asked so far.
    let counts: @Sendable () -> CallCache.Counts
  }

  private let context: Context
  /// What slots are filled by: one for all workers, or one for each.
  private let works: [SlotWork]
  private let duplicates: Duplicates
  private let tally: Tally
  /// What stays as the last run left it, or nil when everything is derived.
  private let former: FormerSlots?
  private var recipe: Recipe { context.snapshot.recipe }

  /// Sets up the filling of all slots, or of those that changed since the last run.
  init(
    _ context: Context, sources: Sources, until stage: DataStage, tally: Tally,
    since last: SlotHistory.Use? = nil
  ) throws {
    self.context = context
    self.tally = tally
    let work = try SlotWork(
      context.asker, sources: sources, until: stage, recalled: context.snapshot.recalls.mixes)
    works =
      [work]
      + (try context.means.map { means in
        try SlotWork(means.asker, sources: means.sources, until: stage, beside: work)
      })
    let recipe = context.snapshot.recipe
    let table =
      try last?.history.questions()
      ?? QuestionTable(threshold: recipe.duplicates.near, expecting: recipe.sampleCount)
    let duplicates = try Duplicates(
      question: recipe.sample.question, knobs: recipe.duplicates, table: table)
    self.duplicates = duplicates
    former = try last.map { try FormerSlots($0, duplicates: duplicates) }
  }

  /// What comparing questions has taken so far.
  var duplicateTime: Duration { duplicates.time }

  /// The slots that the recipe asks for, or just the first ones.
  func numbered(slotCount: Int? = nil) -> SlotFilling<SlotTrail> {
    let wanted = slotCount ?? recipe.sampleCount
    return filling(
      since: former, wanted: wanted,
      extraSlots: slotCount == nil ? recipe.slots.extra(of: wanted) : 0,
      slot: { .numbered($0) },
      isHopeless: { $0.kept == 0 && $0.exhausted >= Self.hopelessAfter })
  }

  /// Asks what the slots need next, and keeps nothing of it.
  ///
  /// A slot of which an answer is queued counts as kept: no other slot opens in its place before its
  /// answers tell.
  ///
  /// - Parameter isQueued: Whether an answer is queued by now; gaps are known only when none is.
  /// - Throws: What asking throws, but for answers that are queued.
  func collect(isQueued: () -> Bool) async throws {
    let wanted = recipe.sampleCount
    let extraSlots = recipe.slots.extra(of: wanted)
    try await collect(wanted: wanted, extraSlots: extraSlots) { .numbered($0) }
    guard recipe.gapFill.minimum > 0, !isQueued() else { return }
    let plan = gapPlan
    try await collect(wanted: plan.slots.count, extraSlots: 0) { plan.slots[$0] }
  }

  private func collect(
    wanted: Int, extraSlots: Int, slot: @escaping @Sendable (Int) -> Slot
  ) async throws {
    _ = try await SlotFilling(
      limits(wanted: wanted, extraSlots: extraSlots),
      attempt: { [self] number, attempt, worker in
        do {
          return try await run(slot(number), from: attempt, by: worker)
        } catch let error as TeacherError where error.code == .queued {
          return SlotOutcome(acceptedAttempt: attempt, value: SlotTrail())
        }
      },
      admit: { [self] number, _, trail in try admit(&trail, to: slot(number)) },
      settle: { [context, tally] _, trails, isKept, progress in
        if isKept { tally.count(trails) }
        context.progress.advance(to: progress.settled)
      }
    ).run()
  }

  /// Takes out what the last run had after the slots that are settled now.
  func dropFormer(after slotCount: Int) throws {
    guard let former, slotCount < former.count else { return }
    for slot in slotCount..<former.count { try drop(former, slot) }
  }

  /// Makes more samples for the leaves that the numbered slots left with too few.
  ///
  /// - Parameters:
  ///   - settled: Slots that a run which was stopped came to; those after the last one stay empty.
  ///   - report: Told how far it came, also when it fails.
  /// - Returns: What it came to, or nil where the recipe asks for none.
  /// - Throws: What asking throws.
  func fillGaps(
    upToLastOf settled: Set<Slot>? = nil, _ report: (GapReport) -> Void
  ) async throws -> GapReport? {
    guard recipe.gapFill.minimum > 0 else { return nil }
    let plan = gapPlan
    var count = plan.slots.count
    if let settled { count = plan.slots.lastIndex(where: settled.contains).map { $0 + 1 } ?? 0 }
    let filling = filling(wanted: count, extraSlots: 0, slot: { plan.slots[$0] })
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

  private var gapPlan: GapPlan {
    let sampler = works[0].sampler
    return GapPlan(
      leaves: sampler.leaves, samples: tally.samplesByNode, knobs: recipe.gapFill,
      wanted: recipe.sampleCount, canBeDrawn: { (try? sampler.mix(of: $0)) != nil })
  }

  private func filling(
    since former: FormerSlots? = nil, wanted: Int, extraSlots: Int,
    slot: @escaping @Sendable (Int) -> Slot,
    isHopeless: @escaping @Sendable (SlotFilling<SlotTrail>.Progress) -> Bool = { _ in false }
  ) -> SlotFilling<SlotTrail> {
    SlotFilling(
      limits(wanted: wanted, extraSlots: extraSlots),
      attempt: { [self] number, attempt, worker in
        try await run(slot(number), from: attempt, by: worker)
      },
      admit: { [self] number, _, trail in try admit(&trail, to: slot(number)) },
      settle: { [self] number, trails, isKept, progress in
        // Slots that stay are many, and each takes no time.
        if trails.isEmpty, number % Self.toldEvery != 0 { return }
        if !trails.isEmpty {
          if let former, number < former.count { try drop(former, number) }
          try tally.settle(trails, isKept: isKept, slot: slot(number).number)
        }
        context.progress.count(context.counts())
        context.progress.advance(to: progress.kept)
      },
      known: { number in former?.outcome(of: number).map { $0 ? .kept : .exhausted } },
      isHopeless: isHopeless)
  }

  private func limits(wanted: Int, extraSlots: Int) -> SlotFilling<SlotTrail>.Limits {
    SlotFilling.Limits(
      wanted: wanted, attempts: recipe.slots.attempts, extraSlots: extraSlots,
      workers: context.workers, slotsAtOnce: context.slotsAtOnce)
  }

  private func run(
    _ slot: Slot, from attempt: Int, by worker: Int
  ) async throws -> SlotOutcome<SlotTrail> {
    var outcome = try await works[worker % works.count].run(slot: slot, from: attempt)
    outcome.value.question = outcome.value.value.map(duplicates.question)
    return outcome
  }

  /// Decides whether an accepted sample is kept.
  private func admit(
    _ trail: inout SlotTrail, to slot: Slot
  ) throws -> SlotFilling<SlotTrail>.Admission {
    trail.refusal = try trail.question.flatMap { try duplicates.admit($0, slot: slot) }
    return trail.refusal == nil ? .kept : .refused
  }

  /// Lets what the last run had in a slot make way for what was admitted there now.
  private func drop(_ former: FormerSlots, _ slot: Int) throws {
    try tally.drop(former.records.entries(of: slot), except: former.gone)
    try duplicates.replace(slot: slot)
  }

  /// Writes down what slots came to, for the next run; nil when that fails, and it derives all of them.
  func history(_ sources: Sources, slotCount: Int, in store: Store) async -> SlotHistory.Draft? {
    guard SlotHistory.fits(recipe) else { return nil }
    let outcome = SlotHistory.Outcome(
      sources: sources, slotCount: slotCount, rejections: tally.rejections,
      records: tally.slotRecords, before: former?.records)
    return try? duplicates.withTable { table in
      try SlotHistory.Draft(outcome, questions: table, store, context.snapshot)
    }
  }
}
