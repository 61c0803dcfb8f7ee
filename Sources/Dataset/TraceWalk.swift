import ArtifactStore
import CanonicalJSON
import Git

/// One walk up from something; what the indexes say of the version is remembered on the way.
struct TraceWalk {
  let version: Version
  let lookup: RecordLookup
  let growth: GrowthOrigins
  var links: LiveLinks
  let firstSeen: FirstSeen
  let memory: TraceMemory
  /// The records that were read, and the values of those that were looked into.
  var known: [RecordID: Record] = [:]
  private var values: [RecordID: JSON] = [:]

  init(
    version: Version, lookup: RecordLookup, growth: GrowthOrigins, links: LiveLinks,
    firstSeen: FirstSeen, memory: TraceMemory
  ) {
    self.version = version
    self.lookup = lookup
    self.growth = growth
    self.links = links
    self.firstSeen = firstSeen
    self.memory = memory
  }

  mutating func parsed(_ record: Record) throws -> JSON {
    if let value = values[record.id] { return value }
    let value = try record.value()
    values[record.id] = value
    return value
  }

  mutating func note(_ value: JSON, of record: Record) { values[record.id] = value }

  mutating func find(_ id: RecordID) throws(StoreError) -> Record? {
    if let record = known[id] { return record }
    let record = try lookup.find(id)
    known[id] = record
    return record
  }

  /// A record that a node comes from: where it was last, or wherever it is now.
  private mutating func find(_ maker: GrowthOrigins.Maker) throws(StoreError) -> Record? {
    if let record = known[maker.id] { return record }
    if let location = maker.location,
      let line = try? version.store.reader.singleLine(at: location),
      let record = try? Record(maker.kind, line: line), record.id == maker.id
    {
      known[maker.id] = record
      return record
    }
    return try find(maker.id)
  }

  mutating func descent(of root: Trace.Root) throws -> TraceNode {
    switch root {
    case .record(let record): return try descent(of: record)
    case .node(let id): return try taxonomyNode(id, relation: "taxonomy node")
    case .strategy(let id): return try strategy(id, withRoots: true)
    }
  }

  private mutating func descent(of record: Record) throws -> TraceNode {
    try readAhead(of: record)
    var tree = try node(record, relation: record.kind.rawValue)
    switch record.kind {
    case .samples, .rejections: tree.causes += try judgements(of: record)
    case .verdicts: tree.causes += try judged(by: record)
    case .proposals, .edits, .plans: tree.causes += try grown(from: record)
    default: break
    }
    // Calls are in no version.
    if record.kind != .calls { tree.causes.append(try origin(of: record)) }
    return tree
  }

  /// A record with what its members name.
  mutating func node(_ record: Record, relation: String) throws -> TraceNode {
    let value = try parsed(record)
    var causes: [TraceNode] = []
    guard record.kind != .imports, record.kind != .calls else {
      return TraceNode(relation: relation, id: record.id.hex, content: value, causes: [])
    }
    for (member, relation) in [
      ("from", "complexified from"), ("meta-prompt", "meta-prompt"), ("mix", "mix"),
      ("call", "call"),
    ] {
      // A complexified meta-prompt shares the mix of the one it came from.
      if member == "mix", value["from"] != nil { continue }
      guard let id = value[member]?.string, !id.isEmpty else { continue }
      causes.append(try cause(id, relation))
    }
    if record.kind == .mixes { causes += try requirements(of: value) }
    if record.kind == .metaPrompts { causes += try siblings(of: value) }
    return TraceNode(relation: relation, id: record.id.hex, content: value, causes: causes)
  }

  mutating func cause(_ id: String, _ relation: String) throws -> TraceNode {
    guard let recordID = RecordID(hex: id), let record = try find(recordID) else {
      let isPruned = RecordID(hex: id).map(RetiredCalls(version.store).contains) ?? false
      let reason: JSON = [
        "missing": isPruned
          ? "pruned: 'stemma cache prune' removed it here"
          : "not here: fetch the calls, or look in another clone"
      ]
      return TraceNode(relation: relation, id: id, content: reason, causes: [])
    }
    return try node(record, relation: relation)
  }

  // MARK: - Scenarios and requirements

  /// The other candidates of the answer that a meta-prompt was taken from.
  private mutating func siblings(of metaPrompt: JSON) throws -> [TraceNode] {
    guard metaPrompt["from"] == nil, let chosen = metaPrompt["text"]?.string,
      let call = metaPrompt["call"]?.string.flatMap(RecordID.init(hex:)),
      let record = try find(call), let answer = try parsed(record)["answer"]?["text"]?.string,
      let texts = AnswerText.json(answer)?["scenarios"]?.array
    else { return [] }
    var seen: Set = [Self.plain(chosen)]
    return texts.enumerated().compactMap { index, text in
      guard let text = text.string, seen.insert(Self.plain(text)).inserted else { return nil }
      return TraceNode(
        relation: "candidate not used", id: "",
        content: ["index": JSON(index), "text": .string(text)], causes: [])
    }
  }

  /// The words of a text, without their case.
  private static func plain(_ text: String) -> [UInt8] {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
      return Array(
        text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ").utf8)
    }
    var plain: [UInt8] = []
    plain.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case 0x09...0x0D, 0x20: if plain.last != 0x20, !plain.isEmpty { plain.append(0x20) }
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): plain.append(byte | 0x20)
      default: plain.append(byte)
      }
    }
    if plain.last == 0x20 { plain.removeLast() }
    return plain
  }

  /// The strategy and the taxonomy nodes of a mix, with who proposed and edited each.
  private mutating func requirements(of mix: JSON) throws -> [TraceNode] {
    var causes: [TraceNode] = []
    if let id = mix["strategy"]?.string {
      if let strategy = NodeID(id) {
        causes.append(try self.strategy(strategy, withRoots: false))
      } else {
        causes.append(TraceNode(relation: "strategy", id: id, content: [:], causes: []))
      }
    }
    for id in mix["nodes"]?.array?.compactMap(\.string) ?? [] {
      guard let node = NodeID(id) else { continue }
      causes.append(try taxonomyNode(node, relation: "taxonomy node"))
    }
    return causes
  }

  private mutating func strategy(_ id: NodeID, withRoots: Bool) throws -> TraceNode {
    let strategy = growth.entry(id)
    var causes: [TraceNode] = []
    if strategy?.isPlanned == true {
      causes += try links.records(.plans, naming: LinkKey(.factor, node: 0)).compactMap {
        let plan = try parsed($0)
        guard plan["factor"]?.string?.isEmpty != false else { return nil }
        return TraceNode(relation: "planned in", id: $0.id.hex, content: plan, causes: [])
      }
    }
    for root in withRoots ? strategy?.roots ?? [] : [] {
      causes.append(try taxonomyNode(root, relation: "taxonomy node"))
    }
    return TraceNode(
      relation: "strategy", id: id.text,
      content: [
        "name": .string(strategy?.name ?? "(no longer in strategies.yaml)"),
        "weight": .number(strategy?.weight ?? 0),
      ], causes: causes)
  }

  /// A node, the proposals and edits that made it, and the nodes above it.
  private mutating func taxonomyNode(_ id: NodeID, relation: String) throws -> TraceNode {
    try memory.node(id, relation: relation) { try makeNode(id, relation) }
  }

  private mutating func makeNode(_ id: NodeID, _ relation: String) throws -> TraceNode {
    let path = growth.path(to: id)
    let node = path.last?.entry
    var causes: [TraceNode] = []
    for (records, relation) in [
      (node?.proposals ?? [], "proposed in"), (node?.edits ?? [], "edited by the critic"),
    ] {
      for record in records {
        guard let found = try find(record) else { continue }
        causes.append(
          TraceNode(
            relation: relation, id: record.id.hex, content: try parsed(found), causes: []))
      }
    }
    if path.count > 1 {
      causes += try levelPlans(of: path[0].id, level: path.count - 2)
      causes.append(try taxonomyNode(path[path.count - 2].id, relation: "parent node"))
    }
    let names = path.map(\.entry.name).joined(separator: " > ")
    var content = JSONObject([
      ("path", .string(path.isEmpty ? "(no longer in the taxonomies)" : names))
    ])
    if let node {
      content["weight"] = .number(node.weight)
      if node.isPinned { content["pinned"] = true }
      if let name = try nameAtBirth(of: id, node) { content["name-at-birth"] = .string(name) }
    }
    return TraceNode(relation: relation, id: id.text, content: .object(content), causes: causes)
  }

  /// The name that a node's id was made from, where it is known and the node has another one now.
  private mutating func nameAtBirth(
    of id: NodeID, _ node: GrowthOrigins.Entry
  ) throws -> String? {
    for record in node.proposals + node.edits {
      guard let found = try find(record) else { continue }
      let births = NodeBirth.all(in: try parsed(found), of: found.kind)
      guard let birth = births.first(where: { $0.id == id }) else { continue }
      let isKept = NodeName.normalized(birth.name) == NodeName.normalized(node.name)
      return isKept ? nil : birth.name
    }
    return node.nameAtBirth
  }

  /// The plans by which the nodes of a level were divided.
  private mutating func levelPlans(of factor: NodeID, level: Int) throws -> [TraceNode] {
    guard level > 0 else { return [] }
    return try links.records(.plans, naming: LinkKey(.factor, node: factor.value)).compactMap {
      let plan = try parsed($0)
      guard plan["level"]?.int == level, plan["factor"]?.string == factor.text else { return nil }
      return TraceNode(relation: "planned in", id: $0.id.hex, content: plan, causes: [])
    }
  }

  /// The node that a proposal, an edit or a plan was about.
  private mutating func grown(from record: Record) throws -> [TraceNode] {
    let value = try parsed(record)
    let text = record.kind == .plans ? value["factor"]?.string : value["node"]?.string
    guard let id = text.flatMap({ NodeID($0) }) else { return [] }
    return [try taxonomyNode(id, relation: "parent node")]
  }
}
