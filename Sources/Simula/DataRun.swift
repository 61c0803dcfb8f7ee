import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Pipeline
import Synchronization
import Teachers

/// The data stages of a run: slots are filled, and the difference becomes a version.
struct DataRun: Sendable {
  let store: Store
  let record: RunRecord
  let context: GenerationRun.Context
  let sources: Sources
  /// What the sources commit of the same run accounts for.
  let earlier: CallCache.Counts

  private var recipe: Recipe { context.snapshot.recipe }

  /// A run whose first slots all fail is stopped: the rest would fail the same way.
  private static let hopelessAfter = 12

  func run(base: Version?, until stage: StageName, _ report: inout RunReport) async throws {
    let kinds: [RecordKind] =
      switch stage {
      case .mixes: [.mixes]
      case .metaPrompts: [.mixes, .metaPrompts]
      default: [.mixes, .metaPrompts, .samples, .rejections, .verdicts]
      }
    let writer = try VersionWriter(store, base: base, deriving: kinds, run: record.id)
    if stage < .samples { try keepNamedRecords(of: base, writer) }
    let tally = Tally(kinds: Set(kinds), writer: writer)
    let duplicates = try Duplicates(
      question: recipe.sample.question, knobs: recipe.duplicates)
    let filling = try filling(until: stage, tally, duplicates)
    context.progress.start(stage, total: recipe.sampleCount)
    var failure: (any Error)?
    do {
      _ = try await filling.run()
    } catch {
      failure = error
    }
    let progress = filling.progress
    report.kept = progress.kept
    report.exhaustedSlots = progress.exhausted
    report.rejections = tally.rejections
    report.duplicateTime = duplicates.time
    report.shortfall = shortfall(progress, failure)
    try await context.calls.seal()
    if let failure, try !isAdvance(progress, over: base, at: stage) { throw failure }
    let isHopeless = progress.kept == 0 && report.wanted > 0 && stage == .samples
    let hopeless = SimulaError(
      .hopeless, "no sample was accepted in \(progress.exhausted) slots: \(tally.causes)",
      hint: "see 'stemma list rejections' for what came instead" + UnusableAnswer.again)
    if isHopeless, let base, try base.liveCount(.samples) > 0 { throw hopeless }
    report.versions += try commit(
      writer, base: base, until: stage, isComplete: failure == nil, &report)
    if let failure { throw RunStopped(cause: failure, report: report) }
    if isHopeless { throw hopeless }
  }

  private func filling(
    until stage: StageName, _ tally: Tally, _ duplicates: Duplicates
  ) throws -> SlotFilling<SlotTrail> {
    let work = try SlotWork(context.asker, sources: sources, until: DataStage(stage))
    let wanted = recipe.sampleCount
    let limits = SlotFilling<SlotTrail>.Limits(
      wanted: wanted, attempts: recipe.slots.attempts,
      extraSlots: Int(Double(wanted) * recipe.slots.extraShare),
      workers: Players.workers(recipe))
    return SlotFilling(
      limits,
      attempt: { slot, attempt in try await work.run(slot: slot, from: attempt) },
      admit: { slot, _, trail in
        trail.refusal = try trail.value.flatMap { try duplicates.admit($0, slot: slot) }
        return trail.refusal == nil
      },
      settle: { [context] _, trails, _, progress in
        try tally.settle(trails)
        context.progress.count(context.cache.counts)
        context.progress.advance(to: progress.kept)
      },
      isHopeless: { $0.kept == 0 && $0.exhausted >= Self.hopelessAfter })
  }

  private func shortfall(
    _ progress: SlotFilling<SlotTrail>.Progress, _ failure: (any Error)?
  ) -> String? {
    guard progress.kept < recipe.sampleCount else { return nil }
    let missing = recipe.sampleCount - progress.kept
    let cause: String
    switch failure {
    case is CancellationError: cause = "the run was stopped"
    case let error as TeacherError where error.code == .cancelled: cause = "the run was stopped"
    case .some: cause = "the run failed"
    case .none: cause = "\(progress.exhausted) slots are exhausted"
    }
    return "\(missing) of \(recipe.sampleCount) missing: \(cause)"
  }

  /// Whether a run that ended early has more to show than the version it started from.
  private func isAdvance(
    _ progress: SlotFilling<SlotTrail>.Progress, over base: Version?, at stage: StageName
  ) throws -> Bool {
    guard progress.kept > 0 else { return false }
    guard let base else { return true }
    return try base.liveCount(stage == .samples ? .samples : .mixes) < progress.kept
  }

  /// Keeps the mixes and meta-prompts that samples of the base name; they stay live without a run
  /// of the last stage.
  private func keepNamedRecords(of base: Version?, _ writer: VersionWriter) throws {
    guard let base, try base.liveCount(.samples) > 0 else { return }
    for kind in [RecordKind.mixes, .metaPrompts] {
      try base.forEachRecord(kind) { (record) throws(StoreError) in try writer.keep(record) }
    }
  }

  private func commit(
    _ writer: VersionWriter, base: Version?, until stage: StageName, isComplete: Bool,
    _ report: inout RunReport
  ) throws -> [ObjectID] {
    let recipe = recipe
    let snapshot = context.snapshot
    let counts = context.cache.counts - earlier
    let shortfall = report.shortfall
    let digests = try writer.derivedDigests()
    // A stage that was cut short is remembered by nothing, so that the next run goes on with it.
    let memos = memos(digests, until: isComplete ? stage : .strategies)
    var files = snapshot.files.map { VersionWriter.File(path: $0.path, bytes: $0.bytes) }
    if report.versions.isEmpty {
      files += try SourceFiles.gone(from: base, keeping: snapshot.files.map(\.path))
        .map { VersionWriter.File(path: $0, bytes: nil) }
    } else {
      // Sources that this run made are in the base already, whatever the snapshot held.
      files.removeAll { SourceFiles.contains($0.path) }
    }
    files.append(
      VersionWriter.File(
        path: record.path,
        bytes: record.statement(
          stages: memos.map { ($0.name, $0.key) }, files: snapshot.files,
          subjects: RecordKind.versioned.compactMap { kind in
            digests[kind].map { (kind.rawValue, $0) }
          },
          parameters: ["samples": JSON(recipe.sampleCount), "until": .string(stage.rawValue)],
          summary: [
            "asked": JSON(counts.asked), "cached": JSON(counts.cached), "kept": JSON(report.kept),
            "wanted": JSON(recipe.sampleCount),
          ]), isGenerated: true))
    var digest: Digest?
    var difference = VersionWriter.Difference()
    let objects = try taxonomyObjects(base)
    let version = try writer.finish(
      files: files, taxonomyObjects: objects, branch: context.branch
    ) { summary in
      digest = summary.datasetDigest
      difference = summary.difference
      // Finishing what cannot be finished would only repeat the version.
      if let base, let shortfall, summary.difference.isEmpty, base.memos["Partial"] == shortfall,
        base.memos.all(StageMemo.trailer) == memos.map(\.text)
      {
        return nil
      }
      return RunMessage.text(
        title: title(report, until: stage), run: record.id, summary: summary, counts: counts,
        samples: stage == .samples ? (report.kept, recipe.sampleCount) : nil, memos: memos,
        more: shortfall.map { [("Partial", $0)] } ?? [])
    }
    report.datasetDigest = digest
    report.difference = difference
    return version.map { [$0.commit.id] } ?? []
  }

  private func title(_ report: RunReport, until stage: StageName) -> String {
    switch stage {
    case .mixes: "Draw \(report.kept) mixes"
    case .metaPrompts: "Write \(report.kept) meta-prompts"
    default:
      "Make \(report.kept) samples"
        + (report.shortfall == nil ? "" : " of \(report.wanted)")
    }
  }

  /// The objects with the provenance of nodes, from the text as it is now.
  private func taxonomyObjects(_ base: Version?) throws -> [[UInt8]] {
    var records: [Record] = []
    for kind in [RecordKind.proposals, .edits] {
      records += try base?.records(kind) ?? []
    }
    return try TaxonomyObjects.make(sources, records: records)
  }

  private func memos(_ digests: [RecordKind: Digest], until stage: StageName) -> [StageMemo] {
    var inputs = Snapshot.digest(sources)
    var memos = StageName.sources.map { stage in
      StageMemo(
        name: stage.rawValue, key: stage.key(recipe, context.snapshot.prompts).digest,
        inputs: Digest(of: []), outputs: inputs)
    }
    for (name, kind) in [
      (StageName.mixes, RecordKind.mixes), (.metaPrompts, .metaPrompts), (.samples, .samples),
    ] where name <= stage {
      let outputs = digests[kind] ?? Digest(of: [])
      memos.append(
        StageMemo(
          name: name.rawValue, key: name.key(recipe, context.snapshot.prompts).digest,
          inputs: inputs, outputs: outputs))
      inputs = outputs
    }
    return memos
  }
}

/// Takes settled slots into a version and counts what was not accepted.
private final class Tally: Sendable {
  private let kinds: Set<RecordKind>
  private let writer: VersionWriter
  private let counts = Mutex<(rejections: [Rejection: Int], causes: [String: Int])>(([:], [:]))

  init(kinds: Set<RecordKind>, writer: VersionWriter) {
    self.kinds = kinds
    self.writer = writer
  }

  var rejections: [Rejection: Int] { counts.withLock { $0.rejections } }

  /// The commonest causes of rejections in words.
  var causes: String {
    let causes = counts.withLock { $0.causes }
    let common = causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
    return common.map { "\($0.key) (\($0.value)x)" }.joined(separator: "; ")
  }

  func settle(_ trails: [SlotOutcome<SlotTrail>]) throws {
    for outcome in trails {
      let trail = outcome.value
      for record in trail.records {
        if let refusal = trail.refusal, record.id == trail.sample?.id {
          try keep(try rejection(of: record, refusal))
        } else {
          try keep(record)
        }
      }
    }
  }

  /// The rejection of a sample that the critics accepted.
  private func rejection(of sample: Record, _ refusal: Duplicates.Refusal) throws -> Record {
    let value = try sample.value()
    return Record(
      .rejections,
      [
        "attempt": value["attempt"] ?? 0, "call": value["call"] ?? "",
        "detail": .string(refusal.detail),
        "meta-prompt": value["meta-prompt"] ?? "",
        "reason": .string(refusal.reason.rawValue), "sample": .string(sample.id.hex),
        "slot": value["slot"] ?? 0, "value": value["value"] ?? .null,
      ])
  }

  private func keep(_ record: Record) throws {
    guard kinds.contains(record.kind) else { return }
    try writer.keep(record)
    guard record.kind == .rejections else { return }
    let value = try record.value()
    guard let reason = value["reason"]?.string.flatMap(Rejection.init(rawValue:)) else { return }
    let detail = value["detail"]?.string ?? ""
    counts.withLock { counts in
      counts.rejections[reason, default: 0] += 1
      if reason != .refined {
        counts.causes["\(reason.rawValue): \(detail.prefix(120))", default: 0] += 1
      }
    }
  }
}
