import ArtifactStore
import CanonicalJSON
import Git

extension TraceWalk {
  /// The verdicts on a sample or rejection, the drafts that it was made from, and what its slot lost before.
  mutating func judgements(of record: Record) throws -> [TraceNode] {
    let value = try parsed(record)
    var found: [TraceNode] = []
    for verdict in try Refinement.verdicts(on: record, &links) {
      found.append(try judgement(verdict, withCall: true))
    }
    let drafts = try Refinement.drafts(withRecord: record, &links)
    let round = drafts.first { $0.record.id == record.id }?.round ?? .max
    var told: Set<RecordID> = [record.id]
    for draft in drafts where draft.round < round && draft.record.kind == .rejections {
      told.insert(draft.record.id)
      var node = try rejection(draft.record, relation: "refined from", draft.verdicts)
      if let call = try parsed(draft.record)["call"]?.string, !call.isEmpty {
        node.causes.append(try cause(call, "call"))
      }
      found.append(node)
    }
    found += try twins(of: value)
    guard let slot = Slot(value["slot"]) else { return found }
    let attempt = value["attempt"]?.int ?? 0
    var before: [(attempt: Int, record: Record)] = []
    for other in try links.records(.rejections, naming: LinkKey(.slot, slot.json)) {
      let rejection = try parsed(other)
      guard Slot(rejection["slot"]) == slot, let number = rejection["attempt"]?.int,
        number <= attempt, !told.contains(other.id)
      else { continue }
      // A rejection does not descend from what came after it.
      if record.kind == .rejections, number == attempt { continue }
      before.append((number, other))
    }
    before.sort { ($0.attempt, $0.record.id) < ($1.attempt, $1.record.id) }
    for (_, other) in before {
      let verdicts = try Refinement.verdicts(on: other, &links)
      found.append(try rejection(other, relation: "rejected before", verdicts))
    }
    return found
  }

  /// What a verdict judged.
  mutating func judged(by verdict: Record) throws -> [TraceNode] {
    guard let id = try parsed(verdict)["sample"]?.string.flatMap(RecordID.init(hex:)) else {
      return []
    }
    var records: [Record] = []
    if try links.isLive(.samples, id), let sample = try find(id) { records.append(sample) }
    records += try links.records(.rejections, naming: LinkKey(.sample, id)).filter {
      try $0.value()["sample"]?.string == id.hex
    }
    return try records.map { try node($0, relation: "judged") }
  }

  private mutating func judgement(_ verdict: Record, withCall: Bool) throws -> TraceNode {
    guard withCall else {
      return TraceNode(
        relation: "verdict", id: verdict.id.hex, content: try parsed(verdict), causes: [])
    }
    return try node(verdict, relation: "verdict")
  }

  private mutating func rejection(
    _ record: Record, relation: String, _ verdicts: [Record]
  ) throws -> TraceNode {
    let value = try parsed(record)
    let isRefined = relation == "refined from"
    var causes = try verdicts.map { try judgement($0, withCall: isRefined) }
    causes += try twins(of: value)
    return TraceNode(relation: relation, id: record.id.hex, content: value, causes: causes)
  }

  /// For a duplicate the sample of the slot that has the question.
  private mutating func twins(of rejection: JSON) throws -> [TraceNode] {
    guard rejection["reason"]?.string == "duplicate",
      let detail = rejection["detail"]?.string,
      let name = detail.firstMatch(of: /\bslot (gap\/[0-9a-f]{16}\/[0-9]+|[0-9]+)\b/)?.1
    else { return [] }
    let json = Int(name).map { JSON($0) } ?? .string(String(name))
    guard let slot = Slot(json) else { return [] }
    return try links.records(.samples, naming: LinkKey(.slot, slot.json)).filter {
      Slot(try $0.value()["slot"]) == slot
    }.map {
      TraceNode(
        relation: "same question as", id: $0.id.hex, content: try $0.value(), causes: [])
    }
  }

  /// The oldest version that held a record, and the run that made it.
  func origin(of record: Record) throws -> TraceNode {
    let first = try firstSeen.version(of: record.kind, record.id) ?? version
    return try memory.version(first.commit.id) { try origin(first) }
  }

  private func origin(_ first: Version) throws -> TraceNode {
    let memos = first.memos
    var content = JSONObject()
    if let run = memos["Run-Id"] { content["run"] = .string(run) }
    content["title"] = .string(String(first.commit.message.prefix { $0 != "\n" }))
    content["recipe"] = .string(try first.file("recipe.yaml").map { Digest(of: $0).hex } ?? "")
    if let since = try firstSeen.version(ofFile: "recipe.yaml", asIn: first) {
      content["recipe-version"] = .string(since.commit.id.hex)
    }
    content["time"] = JSON(Int(first.commit.author.time))
    content["author"] = .string(first.commit.author.name)
    return TraceNode(
      relation: "first in version", id: first.commit.id.hex, content: .object(content),
      causes: [])
  }
}
