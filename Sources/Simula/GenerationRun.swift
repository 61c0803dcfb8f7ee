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
  let store: Store
  private let observer: any RunObserver
  private let teacher: @Sendable (TeacherSettings) throws -> any Teacher
  /// A run whose first slots all fail is stopped after so many.
  package static let hopelessAfter = Filler.hopelessAfter

  /// What was asked for this run before, and not told by any version.
  private let answered: CallCache.Counts
  private let record = RunRecord()
  private let start = ContinuousClock.now

  /// Sets up a run with a function that makes the model of some settings.
  ///
  /// - Parameters:
  ///   - store: The dataset.
  ///   - observer: Told how it goes on.
  ///   - answered: What was asked for this run before, and not told by any version.
  ///   - teacher: Makes the model of some settings.
  package init(
    _ store: Store, observer: any RunObserver, answered: CallCache.Counts = CallCache.Counts(),
    teacher: @escaping @Sendable (TeacherSettings) throws -> any Teacher
  ) {
    self.store = store
    self.observer = observer
    self.answered = answered
    self.teacher = teacher
  }

  /// Runs until a stage.
  ///
  /// - Parameters:
  ///   - stage: The last stage.
  ///   - replans: Whether strategies are asked for again, whatever their memo says.
  ///   - renewsBudget: Whether what was spent before is forgotten.
  /// - Returns: What it came to.
  /// - Throws: What stopped the run. Answers so far are kept; samples so far are committed as a
  ///   partial version when it is an advance.
  package func run(
    until stage: StageName = .samples, replans: Bool = false, renewsBudget: Bool = false
  ) async throws -> RunReport {
    let root = try workingDirectory()
    var report = RunReport(runID: record.id)
    report.until = stage
    if replans { try checkText(root) }
    if !replans, !WorkingTree(store).isBehind, try isFresh(root, until: stage, &report) {
      return report
    }
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    // What another writer did until the lock was taken counts.
    if try isFresh(root, until: stage, &report), !replans { return report }
    try await withContext(root, renewsBudget: renewsBudget) { context, base in
      try await derive(context, base: base, until: stage, replans: replans, &report)
      report.counts = context.cache.counts
      report.spent = context.session.budget.spent
      if stage == .samples, report.shortfall == nil { context.session.complete() }
    }
    report.duration = start.duration(to: .now)
    return report
  }

  /// Asks models again for what is below a node, and commits what a person agrees to.
  ///
  /// - Parameters:
  ///   - node: A node that is above the recipe's depth.
  ///   - agrees: Told what would become of the tree; false leaves everything as it is.
  /// - Returns: What it came to; without a version when nobody agreed or nothing changed.
  /// - Throws: What stopped it. Answers so far are kept, and asking again goes on with them.
  package func regrow(
    _ node: NodeID, agrees: @Sendable (RegrowthResult) async throws -> Bool
  ) async throws -> RunReport {
    let root = try workingDirectory()
    var report = RunReport(runID: record.id)
    report.until = .taxonomies
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    try await withContext(root) { context, base in
      let growth = GrowthRun(store: store, observer: observer, record: record, context: context)
      try await growth.regrow(node, base: base, agrees: agrees, &report)
      report.counts = context.cache.counts
    }
    report.duration = start.duration(to: .now)
    return report
  }

  private func workingDirectory() throws(StoreError) -> URL {
    guard let root = store.repository.workingDirectory else {
      throw StoreError(
        .refused, "a bare repository has no recipe.yaml to run",
        hint: "run in a clone with a working tree")
    }
    return root
  }

  /// Makes sure that the text can be read which new strategies are merged with.
  private func checkText(_ root: URL) throws {
    do {
      _ = try Snapshot(workingDirectory: root)
    } catch let errors as SourceErrors where errors.isOfStrategies {
      throw errors.advising("or remove strategies.yaml, and strategies are planned from nothing")
    }
  }

  /// Takes the writer lock and ends what a killed process began.
  private func lock() throws -> WriterLock {
    let lock = try store.lock(purpose: "stemma run")
    try WorkingTree(store).prepare()
    try removeLeftovers()
    return lock
  }

  /// Lends what all parts of a run share; the caller holds the writer lock.
  private func withContext(
    _ root: URL, renewsBudget: Bool = false, _ body: (Context, Version?) async throws -> Void
  ) async throws {
    let snapshot = try Snapshot(workingDirectory: root)
    let branch = try branch()
    try await RunSession.with(
      store, snapshot, observer: observer, teacher: teacher, renewsBudget: renewsBudget,
      answered: answered
    ) { session in
      let plan = try RunPlan(snapshot, base: session.base)
      try await body(Context(session: session, plan: plan, branch: branch), session.base)
    }
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
    let session: RunSession
    let plan: RunPlan
    let branch: String

    var snapshot: Snapshot { session.snapshot }
    var asker: Asker { session.asker }
    var calls: CallStore { session.calls }
    var cache: CallCache { session.cache }
    var progress: ProgressBoard { session.progress }

    var filling: Filler.Context {
      Filler.Context(
        snapshot: snapshot, asker: asker, progress: progress,
        workers: Players.workers(snapshot.recipe), counts: { [cache] in cache.counts })
    }
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

  /// Brings the sources up to date, and asks what the samples need next without keeping it.
  ///
  /// - Parameters:
  ///   - stage: The last stage of the run.
  ///   - isQueued: Whether an answer is queued by now.
  /// - Throws: What stopped it; with a ``BatchQueue`` a ``TeacherError`` of code `queued` when growth has
  ///   to wait.
  func collect(until stage: StageName, isQueued: @escaping () -> Bool) async throws {
    let root = try workingDirectory()
    var report = RunReport(runID: record.id)
    guard try !isFresh(root, until: stage, &report) else { return }
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    try await withContext(root) { context, base in
      try await derive(
        context, base: base, until: stage, replans: false, collecting: isQueued, &report)
    }
  }

  /// Lends what asking takes to work that makes no version.
  func withSession<Value>(
    renewsBudget: Bool = false, _ body: (RunSession) async throws -> Value
  ) async throws -> Value {
    let snapshot = try Snapshot(workingDirectory: workingDirectory())
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    return try await RunSession.with(
      store, snapshot, observer: observer, teacher: teacher, renewsBudget: renewsBudget, body)
  }

  private func derive(
    _ context: Context, base: Version?, until stage: StageName, replans: Bool,
    collecting isQueued: (() -> Bool)? = nil, _ report: inout RunReport
  ) async throws {
    var base = base
    var sources = context.snapshot.sources
    var earlier = CallCache.Counts()
    let staleSources = StageName.sources.contains {
      $0 <= stage && context.plan.freshness($0) != .fresh
    }
    if staleSources || replans {
      let growth = GrowthRun(store: store, observer: observer, record: record, context: context)
      let grown = try await growth.run(base: base, until: stage, replans: replans, &report)
      sources = grown.sources
      base = grown.version ?? base
      if grown.version != nil { earlier = context.cache.counts }
    }
    guard stage >= .mixes, let sources else { return }
    let data = DataRun(
      store: store, record: record, context: context, sources: sources,
      drawn: try context.snapshot.drawn(sources), earlier: earlier, replans: replans)
    if let isQueued {
      return try await data.collect(base: base, until: stage, isQueued: isQueued)
    }
    try await data.run(base: base, until: stage, &report)
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

/// The text files in a version that people may edit, beside recipe and prompts.
enum SourceFiles {
  static func contains(_ path: String) -> Bool {
    path == "factors.yaml" || path == "strategies.yaml" || path.hasPrefix("taxonomies/")
  }

  /// The taxonomies of a version that are no longer among the sources, and the recalls when there are
  /// none any more.
  static func gone(from base: Version?, keeping paths: [String]) throws -> [String] {
    guard let base else { return [] }
    let kept = Set(paths)
    let taxonomies = try base.store.repository
      .files(inTree: base.tree, under: ArtifactPath.taxonomies)
      .map(\.path).filter { ArtifactPath($0) == nil && !kept.contains($0) }
    let isRecalling = try base.file(Recalls.path) != nil
    return taxonomies + (isRecalling && !kept.contains(Recalls.path) ? [Recalls.path] : [])
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
