import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Pipeline
import Teachers

/// The data stages of a run: slots are filled, and the difference becomes a version.
struct DataRun: Sendable {
  let store: Store
  let record: RunRecord
  let context: GenerationRun.Context
  let sources: Sources
  /// Those that mixes are drawn from: without what is recalled.
  let drawn: Sources
  /// What the sources commit of the same run accounts for.
  let earlier: CallCache.Counts
  /// Whether strategies were asked for again first.
  let replans: Bool

  private var recipe: Recipe { context.snapshot.recipe }

  func run(base: Version?, until stage: StageName, _ report: inout RunReport) async throws {
    if stage == .samples,
      let last = try SlotHistory.find(store, base: base, context.snapshot)?.use(
        for: drawn, context.snapshot)
    {
      do {
        return try await run(base: base, until: stage, since: last, &report)
      } catch let error as SimulaError where error.code == .history {
        // Nothing is lost but time: all slots are derived instead.
      }
    }
    try await run(base: base, until: stage, since: nil, &report)
  }

  /// Asks what the slots need next, and keeps nothing of it.
  func collect(
    base: Version?, until stage: StageName, isQueued: () -> Bool
  ) async throws {
    let writer = try VersionWriter(store, base: base, deriving: [], run: record.id)
    let filler = try Filler(
      context.filling, sources: drawn, until: DataStage(stage),
      tally: Tally(kinds: [], into: writer))
    context.progress.start("what is missing", total: recipe.sampleCount)
    try await filler.collect(isQueued: { stage < .samples || isQueued() })
  }

  private func run(
    base: Version?, until stage: StageName, since last: SlotHistory.Use?, _ report: inout RunReport
  ) async throws {
    let kinds = stage.slotKinds
    let writer = try VersionWriter(store, base: base, deriving: kinds, run: record.id)
    if stage < .samples { try keepNamedRecords(kinds, of: base, writer) }
    let tally = Tally(
      kinds: Set(kinds), into: writer, rejections: last?.history.rejections ?? [:])
    let filler = try Filler(
      context.filling, sources: drawn, until: DataStage(stage), tally: tally, since: last)
    let filling = filler.numbered()
    context.progress.start(stage, total: recipe.sampleCount)
    var failure: (any Error)?
    do {
      _ = try await filling.run()
      try filler.dropFormer(after: filling.progress.settled)
      if stage == .samples, filling.progress.kept == recipe.sampleCount {
        report.gaps = try await filler.fillGaps { report.gaps = $0 }
      }
    } catch let error as SimulaError where error.code == .history {
      throw error
    } catch {
      failure = error
    }
    let progress = filling.progress
    report.kept = progress.kept
    report.exhaustedSlots = progress.exhausted
    report.rejections = tally.rejections
    report.duplicateTime = filler.duplicateTime
    report.shortfall = shortfall(progress, failure)
    try await context.calls.seal()
    if let failure,
      try !isAdvance(progress, gaps: report.gaps?.kept ?? 0, over: base, at: stage, since: last)
    {
      throw failure
    }
    if last != nil { for kind in kinds { try writer.keepRest(of: kind) } }
    let isHopeless = progress.kept == 0 && report.wanted > 0 && stage == .samples
    let hopeless = SimulaError(
      .hopeless, "no sample was accepted in \(progress.exhausted) slots: \(tally.causes)",
      hint: "see 'stemma list rejections' for what came instead" + UnusableAnswer.again)
    if isHopeless, let base, try base.liveCount(.samples) > 0 { throw hopeless }
    // Beside the version, which takes as long.
    let isRemembered = stage == .samples && failure == nil && !isHopeless
    async let history =
      isRemembered ? filler.history(drawn, slotCount: progress.settled, in: store) : nil
    let digests = try writer.derivedDigests()
    let made = try commit(
      writer, digests, base: base, until: stage, isComplete: failure == nil && !isHopeless,
      &report)
    report.versions += made
    if let failure { throw RunStopped(cause: failure, report: report) }
    if isRemembered, let version = try made.last.map(store.version) ?? base {
      try DroppedAnswers.settle(version)
    }
    // Without it the next run derives all slots, to the same result.
    if let history = await history, let version = try made.last.map(store.version) ?? base {
      try? history.finish(digests, tree: version.tree)
    }
    if isHopeless { throw hopeless }
  }

  private func shortfall(
    _ progress: SlotFilling<SlotTrail>.Progress, _ failure: (any Error)?
  ) -> String? {
    let missing = recipe.sampleCount - progress.kept
    guard missing > 0 || failure != nil else { return nil }
    let cause: String
    switch failure {
    case is CancellationError: cause = "the run was stopped"
    case let error as TeacherError where error.code == .cancelled: cause = "the run was stopped"
    case let error as TeacherError where error.code == .budget: cause = error.message
    case .some: cause = "the run failed"
    case .none where progress.kept == 0:
      cause = "no sample was accepted in \(progress.exhausted) slots"
    case .none: cause = "\(progress.exhausted) slots are exhausted"
    }
    return missing > 0
      ? "\(missing) of \(recipe.sampleCount) missing: \(cause)"
      : "gaps are not filled to the end: \(cause)"
  }

  /// Whether a run that ended early has more to show than the version it started from.
  private func isAdvance(
    _ progress: SlotFilling<SlotTrail>.Progress, gaps: Int, over base: Version?,
    at stage: StageName, since last: SlotHistory.Use?
  ) throws -> Bool {
    guard progress.kept > 0, progress.settled >= last?.history.slotCount ?? 0 else { return false }
    guard let base else { return true }
    return try base.liveCount(stage == .samples ? .samples : .mixes) < progress.kept + gaps
  }

  /// Keeps the mixes and meta-prompts that samples of the base name; they stay live without a run
  /// of the last stage.
  private func keepNamedRecords(
    _ kinds: [RecordKind], of base: Version?, _ writer: VersionWriter
  ) throws {
    guard let base, try base.liveCount(.samples) > 0 else { return }
    for kind in kinds {
      try base.forEachRecord(kind) { (record) throws(StoreError) in try writer.keep(record) }
    }
  }

  private func commit(
    _ writer: VersionWriter, _ digests: [RecordKind: Digest], base: Version?,
    until stage: StageName, isComplete: Bool, _ report: inout RunReport
  ) throws -> [ObjectID] {
    let recipe = recipe
    let snapshot = context.snapshot
    let counts = context.cache.counts - earlier
    let shortfall = report.shortfall
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
    let statement = record.statement(
      RunRecord.Content(
        stages: memos.map { ($0.name, $0.key) }, files: try filesRead(base, report),
        subjects: [(RunRecord.datasetDigestName, try writer.datasetDigest())]
          + RecordKind.versioned.compactMap { kind in
            digests[kind].map { (kind.rawValue, $0) }
          },
        parameters: [
          "arm": .string(recipe.arm.rawValue), "replan": .bool(replans),
          "samples": JSON(recipe.sampleCount),
          "until": .string(stage.rawValue),
        ],
        summary: [
          "asked": JSON(counts.asked), "cached": JSON(counts.cached), "kept": JSON(report.kept),
          "input-tokens": JSON(counts.usage.inputTokens),
          "output-tokens": JSON(counts.usage.outputTokens), "money": .number(counts.money),
          "wanted": JSON(recipe.sampleCount), "gap-samples": JSON(report.gaps?.kept ?? 0),
        ]))
    files.append(VersionWriter.File(path: record.path, bytes: statement, isGenerated: true))
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
        more: (report.gaps.map { [("Gap-Samples", "\($0.kept)/\($0.wanted)")] } ?? [])
          + (shortfall.map { [("Partial", $0)] } ?? []))
    }
    report.datasetDigest = digest
    report.difference = difference
    return version.map { [$0.commit.id] } ?? []
  }

  /// What the samples were made from: sources that this run made first are in the base.
  private func filesRead(
    _ base: Version?, _ report: RunReport
  ) throws -> [(path: String, bytes: [UInt8])] {
    let files = context.snapshot.files
    guard !report.versions.isEmpty, let base else { return files }
    return files.filter { !SourceFiles.contains($0.path) }
      + (try sources.encode().compactMap { source in
        try base.file(source.path).map { (source.path, $0) }
      })
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
    let text = Snapshot.digest(sources)
    // Text that no run made stays that, so that no later change of the recipe grows over it.
    var memos = StageName.sources.filter { !context.plan.ownText.contains($0) }.map { stage in
      StageMemo(
        name: stage.rawValue, key: context.snapshot.key(of: stage).digest,
        inputs: Digest(of: []), outputs: text)
    }
    var inputs = Snapshot.digest(drawn)
    for (name, kind) in [
      (StageName.mixes, RecordKind.mixes), (.metaPrompts, .metaPrompts), (.samples, .samples),
    ] where name <= stage {
      let outputs = digests[kind] ?? Digest(of: [])
      memos.append(
        StageMemo(
          name: name.rawValue, key: context.snapshot.key(of: name).digest,
          inputs: inputs, outputs: outputs))
      inputs = outputs
    }
    return memos
  }
}
