import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Pipeline
import Teachers

/// The part of a run that grows sources, merges them into a person's text, and commits them.
struct GrowthRun: Sendable {
  let store: Store
  let observer: any RunObserver
  let record: RunRecord
  let context: GenerationRun.Context

  /// What a growth came to.
  struct Outcome {
    let sources: Sources
    /// The growth as the base of the next merge; nil leaves that of the base version.
    let grown: GrownSources?
    /// All records of growth that are live from now on.
    let records: [Record]
    let until: StageName
    let title: String
    /// The stages whose text no model made; it stays that.
    let ownText: Set<StageName>
    /// Whether the run stopped before strategies that are to be planned.
    var outdatesStrategies = false
    /// What the user asked for besides.
    var parameters: JSONObject = [:]
  }

  static let kinds: [RecordKind] = [.proposals, .edits, .plans]

  /// Grows all sources up to a stage.
  func run(
    base: Version?, until stage: StageName, replans: Bool, _ report: inout RunReport
  ) async throws -> (sources: Sources, version: Version?) {
    let log = GrowthLog()
    let known = try GrowthRecords(base)
    var ownText = context.plan.ownText
    if replans { ownText.remove(.strategies) }
    let scope = scope(try GrowthObject.find(in: base), known, replans: replans)
    let growth = SourceGrowth(
      context.asker, log: log, progress: context.progress, scope: scope)
    let grown = try await growth.run(until: min(stage, .strategies))
    let sources = grown.sources
    tell(log, &report)
    try await context.calls.seal()
    var records = log.records
    records += known.later(than: stage)
    // What was not asked again is as it was, and so are the records of it.
    if context.plan.freshness(.factors) == .fresh { records += known.ofFactorStage }
    if stage >= .taxonomies {
      let factors = Set(sources.taxonomies.map(\.root.id))
      records += known.ofFactors(factors.subtracting(grown.askedFactors))
    }
    if stage >= .strategies, replans || !grown.isPlanned { records += known.plansOfStrategies }
    let outcome = Outcome(
      sources: sources, grown: grown.grown, records: records, until: stage,
      title: "Grow \(sources.taxonomies.count) taxonomies with "
        + "\(sources.taxonomies.reduce(0) { $0 + $1.nodes.count }) nodes", ownText: ownText,
      outdatesStrategies: stage < .strategies && scope.plansStrategies,
      parameters: ["replan": .bool(replans)])
    let version = try commit(outcome, base: base)
    if let version { report.versions.append(version.commit.id) }
    return (sources, version)
  }

  func tell(_ log: GrowthLog, _ report: inout RunReport) {
    for notice in log.notices { observer.notice(notice) }
    report.notices += log.notices
  }

  /// What is asked: only what is stale, and never for what a person wrote.
  private func scope(
    _ base: GrownSources?, _ records: GrowthRecords, replans: Bool
  ) -> SourceGrowth.Scope {
    let plan = context.plan
    var scope = SourceGrowth.Scope(base: base, ours: context.snapshot.sources)
    scope.asksFactors = plan.freshness(.factors) != .fresh
    scope.bareRoots = plan.bareRoots
    let stage = StageName.taxonomies
    let key = context.snapshot.key(of: stage)
    let known = plan.memos[stage.rawValue]?.key
    // What was dropped is asked again where it was asked; the other answers are all there.
    let isDropped = plan.freshness(stage) == .dropped
    scope.regrows = known.map { $0 != key.digest || isDropped } ?? false
    if let base, known == key.digest, !isDropped {
      for tree in base.sources.taxonomies where tree.nodes.count > 1 {
        scope.reused[tree.root.id] = tree
      }
    }
    // Other trees by models are another plan's input; what a person changes is not.
    let isOtherInput =
      scope.regrows || [.redefined, .dropped, .recalled].contains(plan.freshness(.factors))
      || base.map { !$0.undivided.subtracting($0.ownFactors).isDisjoint(with: plan.bareRoots) }
        ?? false
    scope.plansStrategies =
      replans || plan.freshness(.strategies) != .fresh
      || isOtherInput && !plan.ownText.contains(.strategies)
    scope.recalled = context.snapshot.recalls.nodes
    scope.replanNumber = replans ? records.planCount : 0
    return scope
  }

  /// Makes a version of what was grown.
  func commit(_ outcome: Outcome, base: Version?) throws -> Version? {
    let snapshot = context.snapshot
    let stage = outcome.until
    let sources = outcome.sources
    let writer = try VersionWriter(
      store, base: base, deriving: Self.kinds, run: record.id,
      didKeep: { [observer] path in
        observer.notice(
          "'\(path)' was changed during the run and stays; its new growth is committed")
      })
    var kept = Set<RecordID>()
    for record in outcome.records where kept.insert(record.id).inserted {
      try writer.keep(record)
    }
    var files = try GrownFiles.make(sources, snapshot, base: base)
    let grown = StageName.sources.filter { $0 <= stage && !outcome.ownText.contains($0) }
    let memos = grown.map { stage in
      StageMemo(
        name: stage.rawValue, key: snapshot.key(of: stage).digest,
        inputs: Digest(of: []), outputs: Snapshot.digest(sources))
    }
    // What later stages remember stays true: their text is as it was.
    let later = StageName.allCases.filter { $0 > stage || !StageName.sources.contains($0) }
      .compactMap { later -> StageMemo? in
        guard let memo = context.plan.memos[later.rawValue], later == .strategies,
          outcome.outdatesStrategies
        else { return context.plan.memos[later.rawValue] }
        // No definition has this key, so that the next run plans them.
        return StageMemo(
          name: memo.name, key: Digest(of: []), inputs: memo.inputs, outputs: memo.outputs)
      }
    let counts = context.cache.counts
    var parameters = outcome.parameters
    parameters["until"] = .string(stage.rawValue)
    let digests = try writer.derivedDigests()
    let statement = record.statement(
      RunRecord.Content(
        stages: memos.map { ($0.name, $0.key) }, files: snapshot.files,
        subjects: [
          (RunRecord.datasetDigestName, try writer.datasetDigest()),
          ("sources", Snapshot.digest(sources)),
        ] + Self.kinds.compactMap { kind in digests[kind].map { (kind.rawValue, $0) } },
        parameters: parameters,
        summary: ["asked": JSON(counts.asked), "cached": JSON(counts.cached)]))
    files.append(VersionWriter.File(path: record.sourcesPath, bytes: statement, isGenerated: true))
    return try writer.finish(
      files: files, taxonomyObjects: try TaxonomyObjects.make(sources, records: outcome.records),
      growth: outcome.grown.map(GrowthObject.encode), branch: context.branch
    ) { summary in
      RunMessage.text(
        title: outcome.title, run: record.id, summary: summary, counts: counts, samples: nil,
        memos: memos + later)
    }
  }
}

/// The text files of a version whose sources were grown.
enum GrownFiles {
  static func make(
    _ sources: Sources, _ snapshot: Snapshot, base: Version?
  ) throws -> [VersionWriter.File] {
    let present = Dictionary(
      snapshot.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { $1 })
    let changes: [SourcePatch.File]
    if let ours = snapshot.sources {
      changes = try SourcePatch(from: ours, to: sources) { present[$0] }.files
    } else {
      changes = sources.encode().map { SourcePatch.File(path: $0.path, bytes: Array($0.text.utf8)) }
    }
    let changed = Set(changes.map(\.path))
    var files = snapshot.files.filter { !changed.contains($0.path) }
      .map { VersionWriter.File(path: $0.path, bytes: $0.bytes) }
    files += changes.map {
      VersionWriter.File(
        path: $0.path, bytes: $0.bytes, isGenerated: true, replacing: present[$0.path])
    }
    let kept = files.filter { $0.bytes != nil }.map(\.path)
    let named = Set(files.map(\.path))
    files += try SourceFiles.gone(from: base, keeping: kept).filter { !named.contains($0) }.map {
      VersionWriter.File(path: $0, bytes: nil, isGenerated: true)
    }
    return files
  }
}
