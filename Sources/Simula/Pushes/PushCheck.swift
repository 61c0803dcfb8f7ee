package import ArtifactStore
import Dataset
package import Git
import Teachers

/// Checks what a push brings: form and hashes of all of it, and where the records of each commit come from.
///
/// Each new commit is held to the rules, also where a later one mends it: whatever is in a history can become
/// a version of its own, by a branch or a rollback. The work is in proportion to what is new; the index of records
/// makes it so.
package struct PushCheck {
  /// On which side of the push this is.
  package enum Side: Sendable, Hashable {
    /// Where it arrives. Calls that records name must be there; not where that is left open.
    case receiving(needsCalls: Bool)
    /// Where it comes from: the names of references that tell what the other side has.
    case sending(fetchedCalls: [ObjectID]?)
  }

  /// What is wrong.
  package private(set) var report = CheckReport()
  /// How many records name calls that are here, and not at the other side.
  package private(set) var unsentCallCount = 0

  private let store: Store
  private let updates: [PushUpdate]
  private let known: [ObjectID]
  private let side: Side
  private var artifacts: PushedArtifacts
  /// The histories of calls that count.
  private var callTips: [ObjectID] = []

  /// More changed files than this are no dataset's.
  private static let maximumChangeCount = 1_000_000

  /// Checks a push.
  ///
  /// - Parameters:
  ///   - store: The repository, opened so that pushed objects are seen.
  ///   - updates: What the push does.
  ///   - known: Commits that the receiving side has, and whose histories are not looked at.
  ///   - side: On which side this is.
  /// - Throws: ``StoreError`` for what is not the push's fault.
  package init(
    _ store: Store, _ updates: [PushUpdate], known: [ObjectID], side: Side
  ) throws(StoreError) {
    self.store = store
    self.updates = updates
    self.known = known
    self.side = side
    artifacts = try PushedArtifacts(store)
    try checkCalls()
    try checkVersions()
  }

  // MARK: - Calls

  private mutating func checkCalls() throws(StoreError) {
    let present = try CallReferences.all(in: store.repository).map(\.id)
    callTips = present
    if case .sending(let fetched) = side { callTips = fetched ?? present }
    for update in updates {
      switch update.kind {
      case .calls:
        var calls = PushedCalls(store, artifacts, report, isReceiving: isReceiving)
        try calls.check(update, known: present)
        (artifacts, report) = (calls.artifacts, calls.report)
        if let new = update.new { callTips.append(new) }
      case .other where update.new != nil && isReceiving:
        report.add(
          update.name, "references of this name are not taken",
          hint: "push branches, tags and calls: 'stemma push'")
      default: break
      }
    }
    try artifacts.flush()
  }

  private var isReceiving: Bool {
    if case .receiving = side { return true }
    return false
  }

  // MARK: - Versions

  private mutating func checkVersions() throws(StoreError) {
    var tips: [ObjectID: String] = [:]
    for update in updates where update.kind == .version {
      guard let new = update.new else { continue }
      do throws(GitError) {
        tips[try store.repository.resolve(new.hex)] = update.name
      } catch {
        report.add(
          update.name, "it names no version: \(error.message)",
          hint: "push commits, or tags of commits")
      }
    }
    guard !tips.isEmpty else { return }
    let commits: [Commit]
    do throws(GitError) {
      commits = try store.repository.newCommits(from: Array(tips.keys), notIn: known)
    } catch {
      return report.add(
        tips.values.min() ?? "", "its history is not whole: \(error.message)",
        hint: "'git fsck' where you push from says what is missing")
    }
    let fresh = Dictionary(commits.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    // What was there before is known first, so that what is new shows.
    for parent in Set(commits.flatMap(\.parents)) where fresh[parent] == nil {
      guard let base = try? store.version(parent) else { continue }
      try store.index.catchUp(tree: base.tree)
    }
    for commit in commits { try check(commit) }
    guard report.isClean else { return }
    for (tip, name) in tips.sorted(by: { $0.value < $1.value }) where !known.contains(tip) {
      let version = try store.version(tip)
      if try version.file(DatasetIdentity.path) == nil {
        // A branch with something else is nothing to look at, unless it is to be taken for a dataset.
        guard isReceiving, fresh[tip] != nil else { continue }
      }
      if isReceiving || fresh[tip] != nil { checkTexts(of: version, name) }
    }
    guard report.isClean else { return }
    try checkProvenance(of: commits, fresh)
  }

  private mutating func checkProvenance(
    of commits: [Commit], _ fresh: [ObjectID: Commit]
  ) throws(StoreError) {
    var trees = try formerTrees(commits, fresh)
    let calls = try CallPresence(store, artifacts.index, callTips)
    var held = HeldShards()
    var texts: JudgingTexts?
    for commit in commits where trees.insert(commit.tree).inserted {
      let version = try store.version(commit.id)
      if !isReceiving, try version.file(DatasetIdentity.path) == nil { continue }
      do throws(StoreError) {
        let differences = try differences(of: version)
        try held.move(to: version, differences)
        var provenance = VersionProvenance(
          version, differences, held, artifacts.index, calls: calls, texts: texts, report)
        if case .receiving(needsCalls: true) = side { provenance.needsCalls = true }
        try provenance.check()
        texts = provenance.texts
        report = provenance.report
        unsentCallCount += provenance.absentCallCount
      } catch {
        guard error.code == .corrupt else { throw error }
        report.add(Self.place(commit), error.message, hint: error.hint)
      }
      guard !report.isClean else { continue }
      // What follows builds on it.
      return noteMending(of: commit, among: commits)
    }
  }

  /// The trees of versions that are at the other side, as after a rollback.
  private func formerTrees(
    _ commits: [Commit], _ fresh: [ObjectID: Commit]
  ) throws(StoreError) -> Set<ObjectID> {
    let parents = Set(commits.flatMap(\.parents)).filter { fresh[$0] == nil }
    return try convert { () throws(GitError) in
      // What a shallow clone lacks is passed over.
      let present = parents.filter { store.repository.contains($0) }
      return Set(try store.repository.history(from: Array(present), limit: 1000).map(\.tree))
    }
  }

  private func differences(of version: Version) throws(StoreError) -> [CommitDifference] {
    var differences: [CommitDifference] = []
    for parent in version.commit.parents {
      guard let base = try? store.version(parent) else { continue }
      differences.append(
        try CommitDifference(from: base, to: version, maximumCount: Self.maximumChangeCount))
    }
    return differences
  }

  /// Says what to do about a commit that others follow, and that stays in the history with them.
  private mutating func noteMending(of commit: Commit, among commits: [Commit]) {
    // Answers that did not arrive are to be sent: there is nothing wrong with the history.
    guard !report.isOnly(VersionProvenance.missingCall),
      commits.contains(where: { $0.parents.contains(commit.id) })
    else { return }
    let base = commit.parents.first.map { "\($0.hex.prefix(12))" }
    report.add(
      Self.place(commit), "each commit of a push must hold, also where a later one mends it",
      hint: base.map {
        "one commit in place of all since then: 'git reset --soft \($0)' and 'git commit'"
      } ?? "begin the history with a commit that holds: 'git checkout --orphan NAME'")
  }

  private static func place(_ commit: Commit) -> String { "commit \(commit.id.hex.prefix(12))" }

  /// Checks what a commit brings that none of its parents has.
  private mutating func check(_ commit: Commit) throws(StoreError) {
    let place = Self.place(commit)
    var changes: [PathChange]
    do throws(GitError) {
      changes = try self.changes(of: commit)
    } catch {
      return report.add(place, Self.shortened(error.message), cause: "tree")
    }
    for change in changes {
      guard let new = change.new else { continue }
      if let fault = DatasetPlace.fault(of: change.path, new.mode) {
        report.add(
          "\(Self.shortened(change.path)) in \(place)", fault,
          hint: "remove it from the commit: what a dataset holds where is in its format")
        continue
      }
      guard new.mode != .submodule else { continue }
      guard try checkSize(of: new.id, at: change.path, place) else { continue }
      guard let path = ArtifactPath(change.path) else { continue }
      switch try artifacts.check(path, new.id) {
      case .known: continue
      case .damaged(let message):
        report.add(
          "\(change.path) in \(place)", message, cause: "artifact",
          hint: "'stemma verify --full' where you push from says what is damaged")
      case .sound(let artifact):
        try artifacts.add(artifact, new.id)
      }
    }
    try artifacts.flush()
  }

  private func changes(of commit: Commit) throws(GitError) -> [PathChange] {
    var trees: [ObjectID] = []
    for parent in commit.parents {
      if let parent = try? store.repository.commit(parent) { trees.append(parent.tree) }
    }
    var changes = try store.repository.changes(
      from: trees.first, to: commit.tree, maximumCount: Self.maximumChangeCount)
    for tree in trees.dropFirst() where !changes.isEmpty {
      let other = try store.repository.changes(
        from: tree, to: commit.tree, maximumCount: Self.maximumChangeCount)
      let paths = Set(other.map(\.path))
      changes.removeAll { !paths.contains($0.path) }
    }
    return changes
  }

  /// Looks at an object's header only, whatever its content is.
  private mutating func checkSize(
    of object: ObjectID, at path: String, _ place: String
  ) throws(StoreError) -> Bool {
    do throws(GitError) {
      let size = try store.repository.sizeInBytes(of: object)
      guard size > DatasetPlace.maximumFileSizeInBytes else { return true }
      report.add(
        "\(Self.shortened(path)) in \(place)",
        "it has \(size) bytes, at most \(DatasetPlace.maximumFileSizeInBytes) are taken",
        cause: "size",
        hint: "keep large files elsewhere, or bring their lines in with 'stemma import'")
    } catch {
      report.add("\(Self.shortened(path)) in \(place)", error.message, cause: "object")
    }
    return false
  }

  /// Checks that the texts of a version can be read.
  private mutating func checkTexts(of version: Version, _ name: String) {
    do {
      guard let bytes = try version.file(DatasetIdentity.path), DatasetIdentity(bytes) != nil else {
        return report.add(name, "its 'dataset.json' is missing, or not of format 1")
      }
      _ = try Snapshot(version)
    } catch {
      report.add(
        name, Self.text(of: error), hint: "'stemma plan' says the same where you push from")
    }
  }

  private static func text(of error: any Error) -> String {
    switch error {
    case let error as StoreError: error.message
    case let error as RecipeErrors: error.errors.map(\.description).joined(separator: "; ")
    case let error as SourceErrors: error.errors.map(\.description).joined(separator: "; ")
    case let error as SimulaError: error.message
    default: "it cannot be read"
    }
  }

  /// A path that is no longer than is good to read.
  static func shortened(_ path: String) -> String {
    path.count <= 200 ? path : path.prefix(120) + "…" + path.suffix(40)
  }
}
