package import ArtifactStore
package import Dataset
import Git
package import Pipeline

/// What of a dataset is current and what is not, from memos alone: nothing is derived.
package struct RunPlan: Sendable {
  package struct StageState: Sendable, Hashable {
    package let stage: StageName
    package let freshness: Freshness
  }

  package let stages: [StageState]
  /// The factors of the text that are roots alone and that no run has divided: the next one does.
  package let bareRoots: Set<NodeID>
  /// The memos that count for the version, by stage name.
  let memos: [String: StageMemo]
  /// The version that the memos come from.
  let noted: Version?
  /// Why the version that the memos come from ended short, or nil.
  package let partial: String?
  /// How many samples that version kept, as its run says.
  let keptCount: Int?

  package var isFresh: Bool { partial == nil && stages.allSatisfy { $0.freshness == .fresh } }

  package func freshness(_ stage: StageName) -> Freshness {
    stages.first { $0.stage == stage }?.freshness ?? .missing
  }

  /// The stages of sources whose text is there and was made by no run, so that none replaces it.
  var ownText: Set<StageName> {
    Set(StageName.sources.filter { freshness($0) == .fresh && memos[$0.rawValue] == nil })
  }

  /// How many commits back a memo is looked for.
  private static let searchDepth = 1000

  /// Compares a snapshot with the memos of a version.
  package init(_ snapshot: Snapshot, base: Version?) throws(StoreError) {
    var trailers: Trailers?
    var run: Version?
    var noted: Version?
    if let base { (trailers, run, noted) = try RunPlan.lastRun(for: base) }
    let memos = Dictionary(
      (trailers?.all(StageMemo.trailer) ?? []).compactMap(StageMemo.init).map { ($0.name, $0) },
      uniquingKeysWith: { _, last in last })
    partial = trailers?["Partial"]
    keptCount = trailers?["Samples"]?.split(separator: "/").first.flatMap { Int($0) }
    self.memos = memos
    self.noted = noted
    let bareRoots = RunPlan.bareRoots(of: snapshot.sources, base: base, run: run)
    self.bareRoots = bareRoots
    let dropped = try base.map(DroppedAnswers.stages) ?? []
    let earlier = EarlierRecalls(snapshot, noted)
    let unnoted = try base.map { base throws(StoreError) in
      try RunPlan.stagesWithRecords(in: base, without: memos)
    }
    var inputs = snapshot.sources.map { Snapshot.digest($0.without(snapshot.recalls.nodes)) }
    stages = StageName.allCases.map { stage in
      let key = snapshot.key(of: stage)
      let memo = memos[stage.rawValue]
      if StageName.sources.contains(stage) {
        let isThere =
          switch stage {
          case .taxonomies: bareRoots.isEmpty
          case .strategies: snapshot.sources?.strategies.isEmpty == false
          default: true
          }
        let freshness: Freshness =
          snapshot.sources == nil || !isThere
          ? .missing
          : RunPlan.freshness(ofText: memo, key, isDropped: dropped.contains(stage))
        return StageState(
          stage: stage, freshness: earlier.explain(freshness, of: stage, memo: memo))
      }
      let found = StageState(
        stage: stage,
        freshness: Freshness(memo: memo, key: key, inputs: inputs)
          .after(isDropped: dropped.contains(stage)))
      let state = StageState(
        stage: stage,
        freshness: unnoted?.contains(stage) == true
          ? .unnoted : earlier.explain(found.freshness, of: stage, memo: memo))
      inputs = state.freshness == .fresh ? memo?.outputs : nil
      return state
    }
  }

  /// Text that people may edit is current as long as its own definition is; text that no run made
  /// is taken as it is.
  private static func freshness(
    ofText memo: StageMemo?, _ key: StageKey, isDropped: Bool
  ) -> Freshness {
    guard let memo else { return .fresh }
    return (memo.key == key.digest ? Freshness.fresh : .redefined).after(isDropped: isDropped)
  }

  /// The stages of data that have live records without a memo.
  private static func stagesWithRecords(
    in base: Version, without memos: [String: StageMemo]
  ) throws(StoreError) -> Set<StageName> {
    var found = Set<StageName>()
    for (stage, kind) in [
      (StageName.mixes, RecordKind.mixes), (.metaPrompts, .metaPrompts), (.samples, .samples),
    ] where memos[stage.rawValue] == nil {
      if try base.liveCount(kind) > 0 { found.insert(stage) }
    }
    return found
  }

  /// The roots alone that wait for growth.
  ///
  /// One that the last run left as it is was grown or written before, and a person took away what was
  /// below it: it stays that.
  private static func bareRoots(
    of sources: Sources?, base: Version?, run: Version?
  ) -> Set<NodeID> {
    let bare = Set(
      (sources?.taxonomies ?? []).filter { $0.nodes.count == 1 }.map(\.root.id))
    guard !bare.isEmpty, let run else { return bare }
    // What cannot be read is no reason to leave a factor undivided.
    let known = try? Sources.decode(readFile: { path in try run.file(path) })
    let undivided = (try? GrowthObject.find(in: base))?.undivided ?? []
    let settled = Set(known?.taxonomies.map(\.root.id) ?? []).subtracting(undivided)
    return bare.subtracting(settled)
  }

  /// The trailers of the nearest run with its version, without what it says of records that are not
  /// the version's.
  ///
  /// A recall notes what it left of a run's memos. It leaves the text as it is, of which only the run
  /// itself tells what was there.
  private static func lastRun(
    for version: Version
  ) throws(StoreError) -> (trailers: Trailers?, run: Version?, noted: Version?) {
    var next: Version? = version
    var found: (trailers: Trailers, version: Version)?
    for _ in 0..<searchDepth {
      guard let candidate = next else { break }
      var memos = candidate.memos
      if !memos.entries.isEmpty {
        let isRecall = memos[RecallRun.trailer] != nil
        if found == nil, try !holdsSameRecords(candidate, version) {
          // The text of sources does not depend on records.
          memos.entries.removeAll { entry in
            !StageName.sources.contains { entry.value.hasPrefix("\($0.rawValue) ") }
          }
        }
        let (trailers, noted) = found ?? (memos, candidate)
        if !isRecall { return (trailers, candidate, noted) }
        found = (trailers, noted)
      }
      // A rollback says where its content comes from; any other commit follows its first parent.
      let old = Trailers(message: candidate.commit.message)["Rolled-Back-To"]
        .flatMap(ObjectID.init(hex:))
      next = try (old ?? candidate.commit.parents.first).flatMap { parent throws(StoreError) in
        version.store.repository.contains(parent) ? try version.store.version(parent) : nil
      }
    }
    return (found?.trailers, nil, found?.version)
  }

  private static func holdsSameRecords(
    _ left: Version, _ right: Version
  ) throws(StoreError) -> Bool {
    for kind in RecordKind.versioned + [.tombstones] {
      guard try left.folder(kind.rawValue) == right.folder(kind.rawValue) else { return false }
    }
    return true
  }
}

extension Freshness {
  /// The same, unless answers were dropped of what is fresh otherwise.
  fileprivate func after(isDropped: Bool) -> Freshness {
    isDropped && self == .fresh ? .dropped : self
  }
}
