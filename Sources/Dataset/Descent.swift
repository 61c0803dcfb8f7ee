import ArtifactStore
import CanonicalJSON
import Git

/// The records that were found to descend from something, and the way down from them.
struct Descent {
  private let version: Version
  private var links: LiveLinks
  private let origins: GrowthOrigins
  private var children: [NodeID: [NodeID]]?
  private var found: [RecordKind: Set<RecordID>] = [:]
  /// Those whose own descendants are found too, or will be.
  private var followed = Set<RecordID>()
  /// Those of them that were not followed yet.
  private var pending: [RecordKind: [LiveLinks.Found]] = [:]
  private var nodes = Set<NodeID>()
  private var strategies = Set<NodeID>()
  /// Rejections whose attempt was not found as a whole: drafts that followed them may be missing.
  private var drafts: [LiveLinks.Found] = []
  /// So many rejections are looked at together.
  private static let batchSize = 1 << 14

  /// Parents before children.
  private static let order: [RecordKind] = [
    .proposals, .edits, .plans, .mixes, .metaPrompts, .samples, .rejections, .verdicts, .imports,
  ]

  init(
    _ version: Version, didRead: (_ done: Int, _ total: Int) -> Void
  ) throws {
    self.version = version
    links = try LiveLinks(version, didRead: didRead)
    origins = try GrowthOrigins(version)
  }

  /// Follows what is left to follow.
  mutating func finish() throws -> ImpactResult {
    repeat {
      while let kind = Self.order.first(where: { pending[$0]?.isEmpty == false }) {
        let records = pending.removeValue(forKey: kind) ?? []
        try follow(kind, records)
      }
      try followDrafts()
    } while pending.contains { !$0.value.isEmpty }
    var result = ImpactResult()
    for (kind, ids) in found where !ids.isEmpty { result.records[kind] = Array(ids) }
    return result
  }

  // MARK: - Roots

  mutating func add(calls: some Collection<RecordID>) throws {
    let keys = calls.map { LinkKey(.call, $0) }
    for kind in CallNames.kinds {
      let records = try links.find(kind, naming: keys)
      if kind == .rejections { drafts += records }
      // What was asked of a critic decides on what it judged.
      if kind == .verdicts { try add(judgedBy: records) }
      add(kind, records)
    }
  }

  /// Takes live records with all that descends from them.
  mutating func add(_ kind: RecordKind, _ ids: some Sequence<RecordID>) throws {
    let records = try withDrafts(kind, ids)
    if kind == .rejections { drafts += records }
    if kind == .verdicts { try add(judgedBy: records) }
    add(kind, records)
  }

  /// Takes what descends from a record, and not the record itself.
  mutating func addDescendants(of kind: RecordKind, _ id: RecordID) throws {
    let records = try withDrafts(kind, [id])
    if kind == .rejections { drafts += records }
    if kind == .verdicts { try add(judgedBy: records) }
    try follow(kind, records)
  }

  /// Takes nodes with all below them.
  mutating func add(nodes wanted: some Sequence<NodeID>) throws {
    let children = self.children ?? origins.children()
    self.children = children
    var new = Set<NodeID>()
    var next = Array(wanted)
    while let node = next.popLast() {
      guard !nodes.contains(node), new.insert(node).inserted else { continue }
      next += children[node] ?? []
    }
    nodes.formUnion(new)
    let keys = new.map { LinkKey(.node, node: $0.value) }
    for kind in [RecordKind.mixes, .proposals, .edits] {
      add(kind, try links.find(kind, naming: keys))
    }
    add(.plans, try links.find(.plans, naming: new.map { LinkKey(.factor, node: $0.value) }))
  }

  mutating func add(strategies wanted: some Sequence<NodeID>) throws {
    let new = Set(wanted).subtracting(strategies)
    strategies.formUnion(new)
    add(.mixes, try links.find(.mixes, naming: new.map { LinkKey(.strategy, node: $0.value) }))
  }

  /// Takes what stages left, and what later ones made of it.
  mutating func add(stages: Set<StageOutput>) throws {
    guard let first = StageOutput.allCases.firstIndex(where: stages.contains) else { return }
    let affected = StageOutput.allCases[first...]
    for kind in [RecordKind.proposals, .edits, .plans] {
      try add(
        kind,
        version.records(kind).filter { affected.contains(try Self.stage(of: $0)) }.map(\.id))
    }
    let kinds: [(StageOutput, [RecordKind])] = [
      (.mixes, [.mixes]), (.metaPrompts, [.metaPrompts]),
      (.samples, [.samples, .rejections, .verdicts]),
    ]
    for (stage, kinds) in kinds where affected.contains(stage) {
      for kind in kinds { found[kind, default: []].formUnion(try version.live(kind).ids) }
    }
  }

  /// The stage that left a record of growth.
  private static func stage(of record: Record) throws(StoreError) -> StageOutput {
    let value = try record.value()
    if record.kind == .plans, value["factor"]?.string?.isEmpty != false { return .strategies }
    return value["factor"]?.string?.isEmpty == false ? .taxonomies : .factors
  }

  // MARK: - Ways down

  private mutating func add(_ kind: RecordKind, _ records: [LiveLinks.Found]) {
    found[kind, default: []].formUnion(records.lazy.map(\.id))
    for record in records where followed.insert(record.id).inserted {
      pending[kind, default: []].append(record)
    }
  }

  private mutating func follow(_ kind: RecordKind, _ records: [LiveLinks.Found]) throws {
    switch kind {
    case .proposals, .edits:
      try add(nodes: records.flatMap { try bornOf(kind, $0.id) })
    case .plans: for record in records { try follow(plan: record.id) }
    case .mixes:
      add(.metaPrompts, try links.find(.metaPrompts, naming: keys(.mix, records)))
    case .metaPrompts:
      add(.metaPrompts, try links.find(.metaPrompts, naming: keys(.from, records)))
      for kind in [RecordKind.samples, .rejections] {
        add(kind, try links.find(kind, naming: keys(.metaPrompt, records)))
      }
    case .samples: add(.verdicts, try links.find(.verdicts, naming: keys(.sample, records)))
    case .rejections:
      let keys = records.compactMap(\.draft).map { LinkKey(.sample, beginning: $0) }
      add(.verdicts, try links.find(.verdicts, naming: keys))
    case .verdicts, .imports, .calls, .tombstones: return
    }
  }

  private func keys(_ member: LinkKey.Member, _ records: [LiveLinks.Found]) -> [LinkKey] {
    records.map { LinkKey(member, $0.id) }
  }

  /// The nodes that a proposal named, or the critic's edit left.
  private func bornOf(_ kind: RecordKind, _ id: RecordID) throws -> [NodeID] {
    guard let value = try version.record(kind, id)?.value() else { return [] }
    guard kind == .proposals || value["outcome"]?.string == "applied" else { return [] }
    return NodeBirth.all(in: value, of: kind).map(\.id)
      .filter { origins.entry($0)?.isStrategy == false }
  }

  private mutating func follow(plan id: RecordID) throws {
    guard let value = try version.record(.plans, id)?.value() else { return }
    guard let factor = value["factor"]?.string.flatMap({ NodeID($0) }) else {
      // Whatever the planner joined; a person's strategies do not come from it.
      return try add(strategies: try version.plannedStrategies())
    }
    guard let level = value["level"]?.int, level < GrowthOrigins.maximumDepth else { return }
    let children = self.children ?? origins.children()
    self.children = children
    var expanded = [factor]
    for _ in 0..<level { expanded = expanded.flatMap { children[$0] ?? [] } }
    let keys = expanded.map { LinkKey(.node, node: $0.value) }
    for kind in [RecordKind.proposals, .edits] { add(kind, try links.find(kind, naming: keys)) }
  }

  /// Takes what verdicts decided on: kept samples and rejections of drafts.
  private mutating func add(judgedBy verdicts: [LiveLinks.Found]) throws {
    let words = Set(verdicts.compactMap(\.draft))
    let rejected = try links.find(
      .rejections, naming: words.map { LinkKey(.sample, beginning: $0) })
    drafts += rejected
    // Their other verdicts do not come from this one, so that neither is followed.
    found[.rejections, default: []].formUnion(rejected.map(\.id))
    for word in words {
      let ids = try version.store.index.find(idPrefix: word.bigEndianBytes).filter {
        $0.kind == .samples
      }.map(\.id)
      for id in Set(ids) where try links.isLive(.samples, id) {
        found[.samples, default: []].insert(id)
      }
    }
  }

  private func withDrafts(
    _ kind: RecordKind, _ ids: some Sequence<RecordID>
  ) throws -> [LiveLinks.Found] {
    guard kind == .rejections || kind == .verdicts else {
      return ids.map { LiveLinks.Found(id: $0, draft: nil) }
    }
    return try ids.map { id in
      let draft = try version.record(kind, id)?.value()["sample"]?.string
      return LiveLinks.Found(
        id: id, draft: draft.flatMap(RecordID.init(hex:))?.digest.leadingWord)
    }
  }

  // MARK: - Refinement

  /// Takes the drafts that were written after a critic had sent found ones back.
  private mutating func followDrafts() throws {
    let sent = drafts
    drafts = []
    for start in stride(from: 0, to: sent.count, by: Self.batchSize) {
      let batch = Array(sent[start..<min(start + Self.batchSize, sent.count)])
      for (kind, record) in try Refinement.later(thanAny: batch, &links) { add(kind, [record]) }
    }
  }
}

extension UInt64 {
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

extension Version {
  /// A record of this version or another, or nil when it is not here.
  func record(_ kind: RecordKind, _ id: RecordID) throws(StoreError) -> Record? {
    for match in try store.index.find(kind, id) {
      do throws(StoreError) {
        return try record(kind, match.location)
      } catch {
        // The index remembers places that git has pruned since.
        guard error.code == .missing else { throw error }
      }
    }
    return nil
  }

  /// The strategies that the planner made last, whatever a person has done to them since.
  func plannedStrategies() throws -> [NodeID] {
    let files = try store.repository.files(inTree: tree, under: ArtifactPath.growth)
    guard let file = files.first(where: { ArtifactPath($0.path)?.isShard == false }) else {
      return []
    }
    let growth = try JSON(parsing: try store.reader.artifact(file.entry.id))
    return (growth["strategies"]?.array ?? []).compactMap {
      $0["id"]?.string.flatMap { NodeID($0) }
    }
  }
}
