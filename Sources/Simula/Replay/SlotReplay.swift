import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Teachers

/// Fills the slots of a version again.
struct SlotReplay: Sendable {
  private let version: Version
  private let context: Filler.Context
  private let sources: Sources
  private let plan: RunPlan

  init(_ version: Version, _ context: Filler.Context, sources: Sources, plan: RunPlan) {
    self.version = version
    self.context = context
    self.sources = sources
    self.plan = plan
  }

  /// Derives the slots up to a stage and compares their records.
  ///
  /// - Parameters:
  ///   - stage: The last stage.
  ///   - report: Told what came out.
  /// - Throws: What deriving throws, but for an answer that is not there, which is a divergence.
  func run(until stage: StageName, _ report: inout ReplayReport) async throws {
    let kinds = stage.slotKinds
    let records = try ReplayedRecords(kinds, in: version)
    var missing: RecordedAnswers.Missing?
    let filler = try Filler(
      context, sources: sources, until: DataStage(stage),
      tally: Tally(kinds: Set(kinds), into: records))
    // A run that was cut short settled so many slots; answers for more may be here.
    let slotCount = isCut(at: stage) ? try settledCount(until: stage) : nil
    let filling = filler.numbered(slotCount: slotCount)
    context.progress.start("replay", total: context.snapshot.recipe.sampleCount)
    do {
      _ = try await filling.run()
      // As a run does: only when all other slots are kept.
      if stage == .samples, filling.progress.kept == context.snapshot.recipe.sampleCount {
        let settled = slotCount == nil ? nil : try settledGaps()
        _ = try await filler.fillGaps(upToLastOf: settled) { _ in }
      }
    } catch let gap as RecordedAnswers.Missing {
      missing = gap
    }
    report.kinds += records.kinds
    if let record = records.firstNew {
      report.divergence = try divergence(record)
      return
    }
    if let missing, plan.partial == nil {
      report.divergence = ReplayReport.Divergence(
        place: missing.draw,
        message:
          "the answer to '\(missing.task)' with the key \(missing.key.digest.hex) is not here")
      return
    }
    try judge(records, stage, &report)
  }

  /// Whether the run that made the version ended before its slots were settled.
  private func isCut(at stage: StageName) -> Bool {
    plan.partial != nil && plan.memos[stage.rawValue] == nil
  }

  /// How many slots left records; they are settled in their order.
  private func settledCount(until stage: StageName) throws -> Int {
    var count = 0
    let instances = context.snapshot.recipe.metaPrompts.instances
    if stage < .samples, instances > 1 {
      // Slots that share a mix leave no other trace, and add nothing to it.
      return context.snapshot.recipe.sampleCount
    }
    for kind in [RecordKind.mixes, .samples, .rejections] {
      // Slots that share a mix are told by the other kinds.
      if kind == .mixes, instances > 1 { continue }
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        if let number = Slot(try record.value()["slot"])?.number { count = max(count, number + 1) }
      }
    }
    return count
  }

  /// The slots of gaps that left records.
  private func settledGaps() throws -> Set<Slot> {
    var slots = Set<Slot>()
    for kind in [RecordKind.mixes, .samples, .rejections] {
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        if let slot = Slot(try record.value()["slot"]), case .gap = slot { slots.insert(slot) }
      }
    }
    return slots
  }

  /// What of the version did not come out again.
  private func judge(
    _ records: ReplayedRecords, _ stage: StageName, _ report: inout ReplayReport
  ) throws {
    var first: (slot: Slot, record: Record)?
    let lookup = try RecordLookup(version)
    for (kind, ids) in records.missing {
      // A run without the last stage leaves what the samples of before name.
      if stage < .samples, try version.liveCount(.samples) > 0 {
        report.unchecked += ids.count
        continue
      }
      for record in try version.records(kind, ids) {
        let slot = try slot(of: record, lookup)
        if first == nil || slot.map({ $0 < first?.slot ?? $0 }) ?? false {
          first = (slot ?? .numbered(0), record)
        }
      }
    }
    guard let first else { return }
    report.divergence = ReplayReport.Divergence(
      place: "slot \(first.slot)",
      message: "\(first.record.kind.rawValue) \(first.record.id.hex) is in the version, and is not "
        + "derived" + cause)
  }

  /// What is likely where nothing derived the version.
  private var cause: String {
    plan.memos.isEmpty || version.memos.all(StageMemo.trailer).isEmpty
      ? "; no run made this version, and the next one brings it in line with its recipe" : ""
  }

  /// A record that is derived and not in the version, beside what the version has in its place.
  private func divergence(_ record: Record) throws -> ReplayReport.Divergence {
    let slot = try slot(of: record, RecordLookup(version))
    var message = "\(record.kind.rawValue) \(record.id.hex) is derived, and is not in the version"
    let value = try record.value()
    if let slot, record.kind != .verdicts {
      var other: RecordID?
      try version.forEachRecord(record.kind) { (candidate) throws(StoreError) in
        let its = try candidate.value()
        if Slot(its["slot"]) == slot, its["attempt"] == value["attempt"] { other = candidate.id }
      }
      if let other { message += ", which has \(other.hex) there" }
    }
    return ReplayReport.Divergence(
      place: slot.map { "slot \($0)" } ?? record.kind.rawValue, message: message + cause)
  }

  /// The slot that a record belongs to, through those that it names.
  private func slot(of record: Record, _ lookup: RecordLookup) throws -> Slot? {
    var next: Record? = record
    for _ in 0..<8 {
      guard let value = try next?.value() else { return nil }
      if let slot = Slot(value["slot"]) { return slot }
      let parent = ["sample", "from", "mix"].lazy.compactMap { value[$0]?.string }.first
      next = try parent.flatMap(RecordID.init(hex:)).flatMap(lookup.find)
    }
    return nil
  }
}
