package import ArtifactStore
package import Dataset
import Git

/// The answers that are never used again, by request where that is known and by themselves.
package struct RecalledCalls: Sendable {
  /// The recalled answer of each request.
  private var byKey: [Digest: RecordID] = [:]
  private var ids = Set<RecordID>()

  /// None.
  package init() {}

  /// Takes what is recalled, of runs what the history of a version tells.
  ///
  /// - Complexity: Linear in the records of recalled runs; else in the entries.
  /// - Throws: ``StoreError`` when a recalled run is not in the history that is here.
  package init(_ recalls: Recalls, history version: Version?) throws(StoreError) {
    for entry in recalls.entries {
      guard case .call(let id, let key, _) = entry.subject else { continue }
      ids.insert(id)
      // Of several answers to one request the smallest stands for it, whatever the order of lines.
      if let key { byKey[key] = min(byKey[key] ?? id, id) }
    }
    for (run, line) in recalls.runs {
      do throws(StoreError) {
        let calls = try RunCalls(of: run, in: version)
        ids.formUnion(calls.ofGrowth)
        ids.formUnion(calls.ofSlots)
      } catch {
        throw StoreError(
          error.code, "\(Recalls.path):\(line): \(error.message)", hint: error.hint)
      }
    }
  }

  package var isEmpty: Bool { ids.isEmpty }

  /// Whether any request is known to be recalled before it is answered.
  var hasKeys: Bool { !byKey.isEmpty }

  /// The recalled answer to a request, or nil.
  func answer(toKey key: Digest) -> RecordID? { byKey[key] }

  func contains(_ call: RecordID) -> Bool { ids.contains(call) }
}

/// The calls that the versions of a run were the first to name.
struct RunCalls {
  /// Those that grew text.
  private(set) var ofGrowth = Set<RecordID>()
  private(set) var ofSlots = Set<RecordID>()
  var count: Int { ofGrowth.count + ofSlots.count }

  /// Finds them in the history of a version.
  ///
  /// - Complexity: Linear in the history's commits and in the records that the run added.
  /// - Throws: ``StoreError`` when the run, or what was before it, is not in the history that is here.
  init(of run: String, in version: Version?) throws(StoreError) {
    guard let version else { throw Self.unknown(run, isShallow: false) }
    let store = version.store
    let (history, boundary) = try convert { () throws(GitError) in
      (
        try store.repository.history(from: [version.commit.id]),
        try store.repository.shallowCommits
      )
    }
    let commits = history.filter { Trailers(message: $0.message)["Run-Id"] == run }
    guard !commits.isEmpty else { throw Self.unknown(run, isShallow: !boundary.isEmpty) }
    guard commits.allSatisfy({ !boundary.contains($0.id) }) else {
      throw Self.unknown(run, isShallow: true)
    }
    for commit in commits {
      let made = try store.version(commit.id)
      let before = try commit.parents.first.map { id throws(StoreError) in try store.version(id) }
      for kind in CallNames.kinds {
        let known = Set(try before?.shards(kind).map(\.object) ?? [])
        for shard in try made.shards(kind) where !known.contains(shard.object) {
          let content = try store.reader.artifact(shard.object)
          for range in try Shard.lineRanges(content) {
            guard let call = CallMember.id(in: content[range]) else { continue }
            if GrowthRun.kinds.contains(kind) {
              ofGrowth.insert(call)
            } else {
              ofSlots.insert(call)
            }
          }
        }
      }
    }
  }

  private static func unknown(_ run: String, isShallow: Bool) -> StoreError {
    isShallow
      ? StoreError(
        .missing, "older versions are not here, so that it is not known what run '\(run)' made",
        hint: "fetch them with 'git fetch --unshallow'")
      : StoreError(
        .notFound, "no version of this branch is of run '\(run)'",
        hint: "'stemma log' shows the runs")
  }
}
