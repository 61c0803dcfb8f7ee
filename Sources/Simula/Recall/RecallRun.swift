package import ArtifactStore
package import Dataset
import Git
import Pipeline

/// Makes a version without what descends from something, which is never used again.
package struct RecallRun {
  /// The trailer that names a recall in its commit.
  static let trailer = "Recall"
  private static let reason = "recalled"

  private let store: Store
  private let files: DatasetFiles
  /// What tombstones call it: a removal that was taken back must be able to hold again.
  private let id: String

  /// Sets up a recall in the working tree.
  package init(_ store: Store) throws(StoreError) {
    guard let root = store.repository.workingDirectory else {
      throw StoreError(
        .refused, "a bare repository has no \(Recalls.path)", hint: "work in a clone")
    }
    self.store = store
    files = DatasetFiles(root: root)
    id = "recall-" + RunRecord().id
  }

  /// What is recalled by now, as the text in the working tree says.
  package func recalls() throws -> Recalls {
    try files.read(Recalls.path).map(RecallsText.decode) ?? Recalls()
  }

  /// Writes down what is recalled and makes a version without what goes; the caller holds the lock.
  ///
  /// - Parameters:
  ///   - effect: What goes.
  ///   - base: The version that it goes from, which the branch is at.
  ///   - reason: Why, for whoever reads the text.
  /// - Returns: The version, or nil when there is nothing to change.
  /// - Throws: What reading the version and writing another one throws.
  package func apply(
    _ effect: RecallEffect, to base: Version, reason: String?
  ) throws -> Version? {
    guard !effect.targets.isEmpty || effect.recordCount > 0 else { return nil }
    guard case .branch(let branch, _) = try store.repository.head else {
      throw StoreError(
        .refused, "HEAD names no branch, so that a version would belong to none",
        hint: "make one with 'git switch -c NAME'")
    }
    let present = try files.read(Recalls.path)
    let entries = effect.targets.map {
      Recalls.Entry($0.subject, excerpt: $0.excerpt, reason: reason)
    }
    let text = try RecallsText.adding(entries, to: present)
    var changes = [
      VersionWriter.File(
        path: Recalls.path, bytes: text, isGenerated: true, replacing: present)
    ]
    let attributes = try base.file(DatasetAttributes.path)
    if let completed = DatasetAttributes.completing(attributes) {
      changes.append(
        VersionWriter.File(
          path: DatasetAttributes.path, bytes: Array(completed.utf8), isGenerated: true))
    }
    let memos = try memos(effect, base, after: try RecallsText.decode(text))
    let writer = try VersionWriter(
      store, base: base, deriving: effect.records.keys.sorted { $0.rawValue < $1.rawValue },
      run: id, removalReason: Self.reason)
    for (kind, ids) in effect.records {
      try writer.drop(kind, ids)
      try writer.keepRest(of: kind)
    }
    return try writer.finish(
      files: changes, taxonomyObjects: try taxonomyObjects(effect, base), branch: branch
    ) { summary in
      let difference = summary.difference
      return """
        \(title(effect))

        Records: \(difference.added) added, \(difference.revived) returned, \
        \(difference.removed) removed.

        \(Trailers([(Self.trailer, id)] + summary.memos + memos).text)
        """
    }
  }

  private func title(_ effect: RecallEffect) -> String {
    let all = effect.targets + effect.known
    guard all.count == 1, let first = all.first else { return "Recall \(all.count) things" }
    let excerpt = first.excerpt.prefix(50)
    return "Recall \(first.subject.kind): \(excerpt)\(excerpt == first.excerpt ? "" : "…")"
  }

  /// What is left of the memos: a stage that lost records, or is defined otherwise now, has no key.
  private func memos(
    _ effect: RecallEffect, _ base: Version, after recalls: Recalls
  ) throws -> [(String, String)] {
    let before = try Snapshot(base)
    let after = before.with(recalls)
    let plan = try RunPlan(before, base: base)
    var stale = Set(StageName.allCases.filter { before.key(of: $0) != after.key(of: $0) })
    if let sources = before.sources,
      sources.without(before.recalls.nodes) != sources.without(recalls.nodes)
    {
      stale.insert(.mixes)
    }
    if effect.count(.mixes) > 0 { stale.insert(.mixes) }
    if effect.count(.metaPrompts) > 0 { stale.insert(.metaPrompts) }
    if [.samples, .rejections, .verdicts].contains(where: { effect.count($0) > 0 }) {
      stale.insert(.samples)
    }
    for kind in GrowthRun.kinds where effect.count(kind) > 0 {
      for record in try base.records(kind) where effect.records[kind]?.contains(record.id) == true {
        stale.insert(try DroppedAnswers.stage(of: record))
      }
    }
    var memos = StageName.allCases.compactMap { stage -> (String, String)? in
      guard let memo = plan.memos[stage.rawValue] else { return nil }
      let kept =
        stale.contains(stage)
        ? StageMemo(
          name: memo.name, key: StageMemo.recalled, inputs: memo.inputs, outputs: memo.outputs)
        : memo
      return (StageMemo.trailer, kept.text)
    }
    if stale.isDisjoint(with: StageName.data) {
      for name in ["Samples", "Gap-Samples", "Partial"] {
        memos += plan.noted?.memos.all(name).map { (name, $0) } ?? []
      }
    }
    return memos
  }

  /// The provenance of nodes without the records of growth that go; nil leaves it.
  private func taxonomyObjects(_ effect: RecallEffect, _ base: Version) throws -> [[UInt8]]? {
    guard effect.count(.proposals) + effect.count(.edits) > 0,
      let sources = try Sources.decode(readFile: { path in try base.file(path) })
    else { return nil }
    var left: [Record] = []
    for kind in [RecordKind.proposals, .edits] {
      left += try base.records(kind).filter { effect.records[kind]?.contains($0.id) != true }
    }
    return try TaxonomyObjects.make(sources, records: left)
  }
}

extension Recalls.Subject {
  /// The word for it.
  package var kind: String {
    switch self {
    case .call: "call"
    case .node: "node"
    case .mix: "mix"
    case .model: "model"
    case .template: "template"
    case .run: "run"
    }
  }

  /// What names it.
  package var name: String {
    switch self {
    case .call(let id, _, _), .mix(let id, _): id.hex
    case .node(let id): id.text
    case .model(let provider, let name, let revision):
      "\(provider.rawValue): \(name)" + (revision.map { ", revision \($0)" } ?? "")
    case .template(let task, _): task
    case .run(let id): id
    }
  }
}
