package import ArtifactStore
import CanonicalJSON
package import Dataset
import Foundation
import Git
package import Pipeline
package import Teachers

/// One invocation: brings a dataset's stale stages up to date and commits versions.
///
/// Everything is derived again through the call cache, and only the difference is written, so that
/// an incremental run gives what a run from scratch gives. When all memos hold nothing is derived.
package struct GenerationRun: Sendable {
  private let store: Store
  private let observer: any RunObserver
  private let teacher: @Sendable (TeacherSettings) throws -> any Teacher
  private let record = RunRecord()
  private let start = ContinuousClock.now

  /// Sets up a run with a function that makes the model of some settings.
  package init(
    _ store: Store, observer: any RunObserver,
    teacher: @escaping @Sendable (TeacherSettings) throws -> any Teacher
  ) {
    self.store = store
    self.observer = observer
    self.teacher = teacher
  }

  /// Runs until a stage.
  ///
  /// - Throws: What stopped the run. Answers so far are kept; samples so far are committed as a
  ///   partial version when it is an advance.
  package func run(until stage: StageName = .samples) async throws -> RunReport {
    guard let root = store.repository.workingDirectory else {
      throw StoreError(
        .refused, "a bare repository has no recipe.yaml to run",
        hint: "run in a clone with a working tree")
    }
    var report = RunReport(runID: record.id)
    report.until = stage
    if !WorkingTree(store).isBehind, try isFresh(root, until: stage, &report) { return report }
    let lock = try store.lock(purpose: "stemma run")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(store).prepare()
    try removeLeftovers()
    // What another writer did until the lock was taken counts.
    if try isFresh(root, until: stage, &report) { return report }
    let snapshot = try Snapshot(workingDirectory: root)
    let players = try Players.make(snapshot.recipe, teacher: teacher)
    let branch = try branch()
    let base = try store.head()
    if let base { try store.index.catchUp(tree: base.tree) }
    try store.index.catchUpCalls()
    let calls = try CallStore(store)
    defer { calls.close() }
    let progress = ProgressBoard(observer)
    let cache = CallCache(
      calls, namedCalls: { () throws(StoreError) in try NamedCalls.find(in: base) },
      didAnswer: { progress.count($0) })
    let asker = Asker(
      recipe: snapshot.recipe, prompts: snapshot.prompts, cache: cache, players: players)
    let context = Context(
      snapshot: snapshot, plan: try RunPlan(snapshot, base: base), branch: branch, asker: asker,
      calls: calls, cache: cache, progress: progress)
    do {
      try await derive(context, base: base, until: stage, &report)
    } catch {
      // Whatever was paid for stays, also when the run fails.
      try? await calls.seal()
      throw error
    }
    report.counts = cache.counts
    report.duration = start.duration(to: .now)
    return report
  }

  /// Whether nothing is to be done, from memos alone; a shortfall that stays is reported again.
  private func isFresh(
    _ root: URL, until stage: StageName, _ report: inout RunReport
  ) throws -> Bool {
    let snapshot = try Snapshot(workingDirectory: root)
    let plan = try RunPlan(snapshot, base: try store.head())
    report.wanted = snapshot.recipe.sampleCount
    report.kept = report.wanted
    guard plan.stages.allSatisfy({ $0.stage > stage || $0.freshness == .fresh }) else {
      return false
    }
    if stage == .samples, let partial = plan.partial {
      report.shortfall = partial
      report.kept = plan.keptCount ?? 0
    }
    return true
  }

  /// What all parts of a run share.
  struct Context: Sendable {
    let snapshot: Snapshot
    let plan: RunPlan
    let branch: String
    let asker: Asker
    let calls: CallStore
    let cache: CallCache
    let progress: ProgressBoard
  }

  private func branch() throws -> String {
    guard case .branch(let name, _) = try store.repository.head else {
      throw StoreError(
        .refused, "HEAD names no branch, so that a version would belong to none",
        hint: "make one with 'git switch -c NAME'")
    }
    guard try !store.repository.isCheckedOutElsewhere(name) else {
      throw StoreError(
        .refused, "branch '\(name)' is checked out in another working tree",
        hint: "run there, or make another branch with 'git switch -c NAME'")
    }
    return name
  }

  private func removeLeftovers() throws(StoreError) {
    do {
      try store.repository.removeLeftovers()
    } catch {
      throw StoreError(error, while: "cannot remove what an interrupted run left")
    }
  }

  private func derive(
    _ context: Context, base: Version?, until stage: StageName, _ report: inout RunReport
  ) async throws {
    var base = base
    var sources = context.snapshot.sources
    var earlier = CallCache.Counts()
    let staleSources = StageName.sources.contains {
      $0 <= stage && context.plan.freshness($0) != .fresh
    }
    if staleSources {
      let grown = try await grow(context, base: base, until: stage, &report)
      sources = grown.sources
      base = grown.version ?? base
      if grown.version != nil { earlier = context.cache.counts }
    }
    guard stage >= .mixes, let sources else { return }
    let data = DataRun(
      store: store, record: record, context: context, sources: sources, earlier: earlier)
    try await data.run(base: base, until: stage, &report)
  }

  /// Grows the sources, merges them into a person's text, and commits them.
  private func grow(
    _ context: Context, base: Version?, until stage: StageName, _ report: inout RunReport
  ) async throws -> (sources: Sources, version: Version?) {
    let log = GrowthLog()
    let growth = SourceGrowth(
      context.asker, log: log, progress: context.progress,
      base: try GrowthObject.find(in: base), ours: context.snapshot.sources)
    let (sources, grown) = try await growth.run(until: min(stage, .strategies))
    for notice in log.notices { observer.notice(notice) }
    report.notices += log.notices
    try await context.calls.seal()
    let writer = try VersionWriter(
      store, base: base, deriving: [.proposals, .edits, .plans], run: record.id,
      didKeep: { [observer] path in
        observer.notice(
          "'\(path)' was changed during the run and stays; its new growth is committed")
      })
    for record in log.records { try writer.keep(record) }
    if let base { try keepLaterRecords(of: base, until: stage, writer) }
    let encoded = sources.encode()
    var files = context.snapshot.files.filter { file in !SourceFiles.contains(file.path) }
      .map { VersionWriter.File(path: $0.path, bytes: $0.bytes) }
    let present = Dictionary(
      context.snapshot.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { $1 })
    files += encoded.map {
      VersionWriter.File(
        path: $0.path, bytes: Array($0.text.utf8), isGenerated: true, replacing: present[$0.path])
    }
    files += try SourceFiles.gone(from: base, keeping: encoded.map(\.path)).map {
      VersionWriter.File(path: $0, bytes: nil, isGenerated: true)
    }
    let memos = StageName.sources.filter { $0 <= stage }.map { stage in
      StageMemo(
        name: stage.rawValue,
        key: stage.key(context.snapshot.recipe, context.snapshot.prompts).digest,
        inputs: Digest(of: []), outputs: Snapshot.digest(sources))
    }
    // What later stages remember stays true: their text is as it was.
    let later = StageName.allCases.filter { $0 > stage || !StageName.sources.contains($0) }
      .compactMap { context.plan.memos[$0.rawValue] }
    files.append(
      VersionWriter.File(
        path: record.path,
        bytes: record.statement(
          stages: memos.map { ($0.name, $0.key) }, files: context.snapshot.files,
          subjects: [("sources", Snapshot.digest(sources))],
          parameters: ["until": .string(stage.rawValue)], summary: summary(context.cache.counts)),
        isGenerated: true))
    let version = try writer.finish(
      files: files, taxonomyObjects: try TaxonomyObjects.make(sources, records: log.records),
      growth: GrowthObject.encode(grown), branch: context.branch
    ) { summary in
      RunMessage.text(
        title: "Grow \(sources.taxonomies.count) taxonomies with "
          + "\(sources.taxonomies.reduce(0) { $0 + $1.nodes.count }) nodes",
        run: record.id, summary: summary, counts: context.cache.counts, samples: nil,
        memos: memos + later)
    }
    if let version { report.versions.append(version.commit.id) }
    return (sources, version)
  }

  /// Keeps what the stages after the last one left in the base.
  private func keepLaterRecords(
    of base: Version, until stage: StageName, _ writer: VersionWriter
  ) throws {
    guard stage < .strategies else { return }
    for kind in [RecordKind.proposals, .edits, .plans] {
      for record in try base.records(kind) {
        let value = try record.value()
        let isOfStrategies = value["task"]?.string == PromptTask.planStrategies.rawValue
        let isOfFactors = !isOfStrategies && value["factor"]?.string == ""
        if !isOfFactors, stage == .factors || isOfStrategies { try writer.keep(record) }
      }
    }
  }

  private func summary(_ counts: CallCache.Counts) -> JSON {
    ["asked": JSON(counts.asked), "cached": JSON(counts.cached)]
  }
}

/// The commit messages of runs.
enum RunMessage {
  static func text(
    title: String, run: String, summary: VersionWriter.Summary, counts: CallCache.Counts,
    samples: (kept: Int, wanted: Int)?, memos: [StageMemo], more: [(String, String)] = []
  ) -> String {
    var entries = [("Run-Id", run)] + summary.memos
    if let samples { entries.append(("Samples", "\(samples.kept)/\(samples.wanted)")) }
    entries += [
      ("Calls", String(counts.asked)), ("Cached", String(counts.cached)),
      ("Tokens", "\(counts.usage.inputTokens)/\(counts.usage.outputTokens)"),
    ]
    entries += more
    entries += memos.map { (StageMemo.trailer, $0.text) }
    let difference = summary.difference
    return """
      \(title)

      Records: \(difference.added) added, \(difference.revived) returned, \
      \(difference.removed) removed.

      \(Trailers(entries).text)
      """
  }
}

/// The text files of sources in a version.
enum SourceFiles {
  static func contains(_ path: String) -> Bool {
    path == "factors.yaml" || path == "strategies.yaml" || path.hasPrefix("taxonomies/")
  }

  /// The taxonomies of a version that are no longer among the sources.
  static func gone(from base: Version?, keeping paths: [String]) throws -> [String] {
    guard let base else { return [] }
    let kept = Set(paths)
    return try base.store.repository.files(inTree: base.tree, under: ArtifactPath.taxonomies)
      .map(\.path).filter { ArtifactPath($0) == nil && !kept.contains($0) }
  }
}

/// The calls that the live records of a version name.
enum NamedCalls {
  static func find(in version: Version?) throws(StoreError) -> Set<RecordID> {
    var named = Set<RecordID>()
    guard let version else { return named }
    for kind in RecordKind.versioned where kind != .mixes {
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        if let id = try record.value()["call"]?.string.flatMap(RecordID.init(hex:)) {
          named.insert(id)
        }
      }
    }
    return named
  }
}
