package import ArtifactStore
import Dataset
import Foundation
import Git
package import Pipeline
import Synchronization
import Teachers

/// Derives a version again from its recipe and the recorded calls, and compares every record.
///
/// Nothing is asked, written or locked: a dataset may be replayed while another command writes to it.
package struct ReplayRun: Sendable {
  /// About as many as have their answers in one shard.
  private static let slotsAtOnce = 16

  /// How many slots are worked on at once.
  var workers = ProcessInfo.processInfo.activeProcessorCount
  /// A worker that fills so many gets means of its own.
  var slotsForMeans = 4096

  private let version: Version
  private let progress: ProgressBoard
  private let calls: CountedAnswers

  package init(_ version: Version, observer: any RunObserver) {
    self.version = version
    progress = ProgressBoard(observer)
    calls = CountedAnswers(
      RecordedAnswers(version.store) { () throws(StoreError) in
        try NamedCalls.find(in: version)
      })
  }

  /// Derives all that the version's recipe defines.
  ///
  /// - Returns: What came out, up to the first divergence.
  /// - Throws: ``StoreError`` or ``SimulaError`` for a version that cannot be read or has no recipe.
  package func run() async throws -> ReplayReport {
    let start = ContinuousClock.now
    var report = ReplayReport(version: version.commit.id)
    let snapshot = try Snapshot(version)
    try version.store.index.catchUp(tree: version.tree)
    try version.store.index.catchUpCalls()
    let plan = try RunPlan(snapshot, base: version)
    let recalled = try RecalledCalls(snapshot.recalls, history: version)
    let asker = asker(snapshot, recalled)
    try sortOut(plan, &report)
    if report.foreign.isEmpty {
      let isGrown = StageName.sources.contains { plan.memos[$0.rawValue] != nil }
      try await GrowthReplay(version, asker, progress, isGrown: isGrown).run(&report)
    }
    if report.isSame, let sources = snapshot.sources, let stage = try lastStage(plan, report) {
      let filling = Filler.Context(
        snapshot: snapshot, asker: asker, means: try means(besides: snapshot, recalled),
        progress: progress, workers: workers, slotsAtOnce: Self.slotsAtOnce,
        counts: { [calls] in calls.counts })
      let slots = SlotReplay(
        version, filling, sources: try snapshot.drawn(sources), plan: plan)
      try await slots.run(until: stage, &report)
    }
    for kind in SlotHistory.kinds where !report.kinds.contains(where: { $0.kind == kind }) {
      report.unchecked += try version.liveCount(kind)
    }
    report.callCount = calls.counts.cached
    report.duration = start.duration(to: .now)
    return report
  }

  private func asker(_ snapshot: Snapshot, _ recalled: RecalledCalls) -> Asker {
    Asker(
      recipe: snapshot.recipe, prompts: snapshot.prompts, cache: calls,
      players: Players.make(snapshot.recipe) { _ in KeylessTeacher(variable: "none") },
      recalled: recalled)
  }

  /// What further workers fill slots with; none where few slots are filled, or much would be read for it.
  private func means(
    besides snapshot: Snapshot, _ recalled: RecalledCalls
  ) throws -> [Filler.Means] {
    let recipe = snapshot.recipe
    guard recipe.duplicates.heldOut.isEmpty else { return [] }
    let count = min(workers, recipe.sampleCount / slotsForMeans)
    return try (0..<max(0, count - 1)).compactMap { _ in
      let snapshot = try Snapshot(version)
      return try snapshot.sources.map {
        Filler.Means(asker: asker(snapshot, recalled), sources: try snapshot.drawn($0))
      }
    }
  }

  /// Tells stages that other code made from such whose recipe has changed since.
  private func sortOut(_ plan: RunPlan, _ report: inout ReplayReport) throws {
    let before = try version.commit.parents.first.flatMap { parent in
      version.store.repository.contains(parent) ? try version.store.version(parent).memos : nil
    }
    let inherited = Set(before?.all(StageMemo.trailer) ?? [])
    // Only a run derives; merges, rollbacks and recalls hand on what runs noted.
    let isRun = version.memos["Run-Id"] != nil && version.memos[RecallRun.trailer] == nil
    var isStale = false
    for stage in StageName.allCases {
      switch plan.freshness(stage) {
      case .fresh, .dropped, .missing, .unnoted: continue
      case .newInputs, .recalled: isStale = true
      case .redefined:
        // A commit hands on the memos of stages that it does not touch.
        let memo = plan.memos[stage.rawValue]?.text ?? ""
        isStale = !isRun || inherited.contains(memo)
        if !isStale {
          report.foreign.append(stage)
          continue
        }
      }
      if isStale { report.stale.append(stage) }
    }
    // What follows a stale stage is not of this recipe either.
    if let first = report.stale.first {
      report.stale = StageName.allCases.filter {
        $0 >= first && ![.missing, .unnoted].contains(plan.freshness($0))
      }
    }
  }

  /// The last stage of the data that the version's recipe defines; nil when there is none.
  private func lastStage(
    _ plan: RunPlan, _ report: ReplayReport
  ) throws(StoreError) -> StageName? {
    guard !report.stale.contains(.mixes) else { return nil }
    let known = StageName.data.last { plan.memos[$0.rawValue] != nil && !report.stale.contains($0) }
    if let known, plan.partial == nil { return known }
    for kind in [RecordKind.samples, .rejections, .verdicts] {
      if try version.liveCount(kind) > 0 { return .samples }
    }
    if try version.liveCount(.metaPrompts) > 0 { return .metaPrompts }
    return try version.liveCount(.mixes) > 0 ? .mixes : nil
  }
}

/// Counts the recorded answers that are used.
final class CountedAnswers: CallSource {
  private let answers: RecordedAnswers
  private let used = Atomic(0)

  init(_ answers: RecordedAnswers) { self.answers = answers }

  func answer(_ request: CallRequest, from teacher: any Teacher) async throws -> RecordedCall {
    let call: RecordedCall
    do {
      call = try await answers.answer(request, from: teacher)
    } catch let missing as RecordedAnswers.Missing {
      // A server may have refused another try, which leaves no answer; one that is lost shows in the
      // records.
      guard request.attempt == 0 else { throw TeacherError(.rejected, "no answer is recorded") }
      throw missing
    }
    used.add(1, ordering: .relaxed)
    return call
  }

  var counts: CallCache.Counts {
    var counts = CallCache.Counts()
    counts.cached = used.load(ordering: .relaxed)
    return counts
  }
}
