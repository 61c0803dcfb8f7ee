package import ArtifactStore
import CanonicalJSON
package import Dataset
import Teachers

/// What recalling something takes out of a version.
package struct RecallEffect: Sendable {
  /// What is not recalled yet.
  package let targets: [RecallTarget]
  /// What `recalls.yaml` names already.
  package let known: [RecallTarget]
  /// The live records that go.
  package private(set) var records: [RecordKind: Set<RecordID>] = [:]
  /// The nodes of the text that recalled proposals and edits named; these stay.
  package private(set) var nodes: [NodeReference.Found] = []

  package var recordCount: Int { records.values.reduce(0) { $0 + $1.count } }
  package func count(_ kind: RecordKind) -> Int { records[kind]?.count ?? 0 }

  /// Finds what descends from some targets, under what is recalled by now.
  ///
  /// What models grew goes with the very calls that made it; what is in the text by now stays.
  ///
  /// - Parameters:
  ///   - targets: What is to be recalled.
  ///   - version: The version that it goes from.
  ///   - recalls: What is recalled by now.
  ///   - didRead: Told how many shards of how many were read, where many have to be.
  /// - Throws: What reading the version throws.
  package init(
    of targets: [RecallTarget], in version: Version, _ recalls: Recalls,
    didRead: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    var seen = Set<Recalls.Subject>()
    let distinct = targets.filter { seen.insert($0.subject).inserted }
    let present = Set(recalls.entries.map(\.subject.identity))
    self.targets = distinct.filter { !present.contains($0.subject.identity) }
    known = distinct.filter { present.contains($0.subject.identity) }
    let impact = try Impact(version, didRead: didRead)
    for target in distinct {
      if let root = try Self.root(target.subject, version, didRead) {
        let descendants = try impact.descendants(of: root)
        for kind in SlotHistory.kinds {
          records[kind, default: []].formUnion(descendants.records[kind] ?? [])
        }
      }
      if case .mix(let id, _) = target.subject, try version.live(.mixes).contains(id) {
        records[.mixes, default: []].insert(id)
      }
    }
    // A critic's word decides on a draft and not on its other verdicts; without the draft they say nothing.
    records[.verdicts, default: []].formUnion(
      try version.verdicts(
        onSamples: records[.samples] ?? [], rejections: records[.rejections] ?? []))
    let growth = try GrowthRecall(distinct, version)
    for kind in GrowthRun.kinds {
      for record in try version.records(kind) where try growth.contains(record) {
        records[kind, default: []].insert(record.id)
      }
    }
    records = records.filter { !$0.value.isEmpty }
    nodes = try named(in: version)
  }

  /// What records of slots descend from, or nil for what grew text alone.
  private static func root(
    _ subject: Recalls.Subject, _ version: Version,
    _ didRead: (_ done: Int, _ total: Int) -> Void
  ) throws -> ImpactRoot? {
    func isOfSlots(_ task: String) -> Bool { PromptTask(rawValue: task)?.growsText != true }
    /// All recorded calls of a kind.
    func calls(where isMeant: (CallOutline) -> Bool) throws -> ImpactRoot {
      var calls = Set<RecordID>()
      try CallLines(version.store).forEach(didRead: didRead) { line, id in
        if let call = CallOutline(line), isMeant(call) { calls.insert(id) }
      }
      return .calls(calls)
    }
    switch subject {
    case .call(let id, _, let task): return task.map(isOfSlots) ?? true ? .call(id) : nil
    case .node(let id): return .node(id)
    case .mix(let id, _): return .record(.mixes, id)
    case .model(_, let name, _):
      return try calls { $0.model == name && isOfSlots($0.task) }
    case .template(let task, _):
      return isOfSlots(task) ? try calls { $0.task == task } : nil
    case .run(let id): return .calls(try RunCalls(of: id, in: version).ofSlots)
    }
  }

  /// The nodes of the text that come from records which go.
  private func named(in version: Version) throws -> [NodeReference.Found] {
    let gone = (records[.proposals] ?? []).union(records[.edits] ?? [])
    guard !gone.isEmpty,
      let sources = try Sources.decode(readFile: { path in try version.file(path) })
    else { return [] }
    var left = Set<NodeID>()
    var named = Set<NodeID>()
    for kind in [RecordKind.proposals, .edits] {
      for record in try version.records(kind) {
        let nodes = NodeBirth.all(in: try record.value(), of: kind).map(\.id)
        if gone.contains(record.id) { named.formUnion(nodes) } else { left.formUnion(nodes) }
      }
    }
    // What another answer named too would be there without the recalled one.
    named.subtract(left)
    return sources.taxonomies.flatMap { taxonomy in
      taxonomy.nodes.filter { named.contains($0.id) }
        .map { NodeReference.Found(taxonomy: taxonomy, node: $0) }
    }
  }
}

extension Recalls.Subject {
  /// What is recalled, whatever else its entry says.
  fileprivate var identity: Recalls.Subject {
    if case .call(let id, _, _) = self { .call(id, key: nil, task: nil) } else { self }
  }
}

/// Which records of growth go: those that recalled calls made.
private struct GrowthRecall {
  private var calls = Set<RecordID>()
  private var models: [(provider: String, name: String, revision: String?)] = []
  private var tasks = Set<String>()
  private let lookup: RecordLookup

  init(_ targets: [RecallTarget], _ version: Version) throws {
    lookup = try RecordLookup(version)
    for target in targets {
      switch target.subject {
      case .call(let id, _, _): calls.insert(id)
      case .model(let provider, let name, let revision):
        models.append((provider.rawValue, name, revision))
      case .template(let task, _): tasks.insert(task)
      case .run(let id): calls.formUnion(try RunCalls(of: id, in: version).ofGrowth)
      case .node, .mix: continue
      }
    }
  }

  func contains(_ record: Record) throws -> Bool {
    guard let id = CallMember.id(in: record.line[...]) else { return false }
    if calls.contains(id) { return true }
    guard !models.isEmpty || !tasks.isEmpty, let call = try lookup.find(id) else { return false }
    let request = try call.value()["request"]
    if let task = request?["task"]?.string, tasks.contains(task) { return true }
    return models.contains { model in
      request?["provider"]?.string == model.provider && request?["model"]?.string == model.name
        && (model.revision == nil || request?["revision"]?.string == model.revision)
    }
  }
}
