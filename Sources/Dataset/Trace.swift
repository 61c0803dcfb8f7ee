package import ArtifactStore
package import CanonicalJSON
import Git

/// One thing in the descent of a record, with what it came from.
package struct TraceNode: Sendable {
  /// How the parent in the tree relates to this: "meta-prompt", "verdict", "call".
  package let relation: String
  /// The record's id, a node's id, or "".
  package let id: String
  package let content: JSON
  package var causes: [TraceNode]

  package var json: JSON {
    [
      "relation": .string(relation), "id": .string(id), "content": content,
      "causes": .array(causes.map(\.json)),
    ]
  }
}

/// Walks up from a record to all that it descends from.
package struct Trace: Sendable {
  private let version: Version
  private let lookup: RecordLookup
  private let sources: Sources?
  private let provenance: [String: JSON]

  package init(_ version: Version) throws {
    self.version = version
    lookup = try RecordLookup(version)
    sources = try Sources.decode(readFile: { path in try version.file(path) })
    var provenance: [String: JSON] = [:]
    let files = try version.store.repository.files(
      inTree: version.tree, under: ArtifactPath.taxonomies)
    for file in files where ArtifactPath(file.path)?.isShard == false {
      let object = try JSON(parsing: try version.store.reader.artifact(file.entry.id))
      for node in object["nodes"]?.array ?? [] {
        if let id = node["id"]?.string { provenance[id] = node }
      }
    }
    self.provenance = provenance
  }

  /// The descent of the record whose id starts with some digits.
  package func run(_ prefix: String) throws -> TraceNode {
    let record = try lookup.record(prefix)
    var tree = try node(record, relation: record.kind.rawValue)
    if record.kind == .samples { tree.causes += try judgements(of: record) }
    // Calls are in no version.
    if record.kind != .calls { tree.causes.append(try origin(of: record)) }
    return tree
  }

  private func node(_ record: Record, relation: String) throws -> TraceNode {
    let value = try record.value()
    var causes: [TraceNode] = []
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
    return TraceNode(relation: relation, id: record.id.hex, content: value, causes: causes)
  }

  private func cause(_ id: String, _ relation: String) throws -> TraceNode {
    guard let recordID = RecordID(hex: id), let record = try lookup.find(recordID) else {
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

  /// The strategy and the taxonomy nodes of a mix, with who proposed and edited each.
  private func requirements(of mix: JSON) throws -> [TraceNode] {
    var causes: [TraceNode] = []
    if let id = mix["strategy"]?.string {
      let strategy = sources?.strategies.first { $0.id.text == id }
      causes.append(
        TraceNode(
          relation: "strategy", id: id,
          content: [
            "name": .string(strategy?.name ?? "(no longer in strategies.yaml)"),
            "weight": .number(strategy?.weight ?? 0),
          ], causes: []))
    }
    for id in mix["nodes"]?.array?.compactMap(\.string) ?? [] {
      let path = NodeID(id).flatMap { node in
        sources?.taxonomy(holding: node)?.path(to: node).map(\.name).joined(separator: " > ")
      }
      let made = provenance[id]
      var origins: [TraceNode] = []
      for (member, relation) in [("proposals", "proposed in"), ("edits", "edited by the critic")] {
        for record in made?[member]?.array?.compactMap(\.string) ?? [] {
          guard let recordID = RecordID(hex: record), let found = try lookup.find(recordID) else {
            continue
          }
          origins.append(
            TraceNode(relation: relation, id: record, content: try found.value(), causes: []))
        }
      }
      causes.append(
        TraceNode(
          relation: "taxonomy node", id: id,
          content: ["path": .string(path ?? "(no longer in the taxonomies)")], causes: origins))
    }
    return causes
  }

  /// The verdicts on a sample, and the drafts of its slot that it replaced.
  private func judgements(of sample: Record) throws -> [TraceNode] {
    let value = try sample.value()
    var found: [TraceNode] = []
    for record in try mentions(sample.id.hex, in: .verdicts) {
      found.append(try node(record, relation: "verdict"))
    }
    guard let slot = Slot(value["slot"]) else { return found }
    let text = slot.json.text
    for record in try mentions("\"slot\":\(text),", in: .rejections, or: "\"slot\":\(text)}") {
      let rejection = try record.value()
      guard Slot(rejection["slot"]) == slot,
        (rejection["attempt"]?.int ?? 0) <= (value["attempt"]?.int ?? 0)
      else { continue }
      found.append(
        TraceNode(
          relation: "rejected before", id: record.id.hex, content: rejection, causes: []))
    }
    return found
  }

  /// The live records of a kind whose lines hold some text.
  private func mentions(
    _ text: String, in kind: RecordKind, or other: String? = nil
  ) throws(StoreError) -> [Record] {
    let needles = [text, other].compactMap { $0.map { Array($0.utf8) } }
    return try version.records(kind).filter { record in
      needles.contains { record.line.firstRange(of: $0) != nil }
    }
  }

  /// The oldest version of this branch that held a record, and the run that made it.
  private func origin(of record: Record) throws -> TraceNode {
    let objects = Set(
      try version.store.index.find(record.id).map(\.location.object))
    var first = version
    var next: Version? = version
    while let candidate = next {
      if try holds(objects, record.kind, candidate) { first = candidate }
      next = try candidate.commit.parents.first.flatMap { parent in
        version.store.repository.contains(parent) ? try version.store.version(parent) : nil
      }
    }
    let memos = first.memos
    var content = JSONObject()
    if let run = memos["Run-Id"] { content["run"] = .string(run) }
    content["title"] = .string(String(first.commit.message.prefix { $0 != "\n" }))
    content["recipe"] = .string(try first.file("recipe.yaml").map { Digest(of: $0).hex } ?? "")
    return TraceNode(
      relation: "first in version", id: first.commit.id.hex, content: .object(content),
      causes: [])
  }

  private func holds(
    _ objects: Set<ObjectID>, _ kind: RecordKind, _ version: Version
  ) throws(StoreError) -> Bool {
    try version.shards(kind).contains { objects.contains($0.object) }
  }
}

extension Collection where Element == UInt8, Index == Int {
  /// Where some bytes first stand, or nil.
  func firstRange(of needle: [UInt8]) -> Range<Int>? {
    guard let first = needle.first, count >= needle.count else { return nil }
    var start = startIndex
    while let place = self[start...].firstIndex(of: first) {
      guard place + needle.count <= endIndex else { return nil }
      if self[place..<(place + needle.count)].elementsEqual(needle) {
        return place..<(place + needle.count)
      }
      start = place + 1
    }
    return nil
  }
}
