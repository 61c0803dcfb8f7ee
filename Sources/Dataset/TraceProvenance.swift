import ArtifactStore
package import CanonicalJSON
import Foundation

extension TraceNode {
  /// The descent as W3C PROV-JSON.
  ///
  /// Records, nodes, strategies, answers, recipes and versions are entities; calls and runs are activities; models
  /// and the authors of versions are agents.
  package var provenance: JSON {
    var document = ProvenanceDocument(TraceGraph(self))
    return document.finish()
  }
}

/// A PROV document in the making.
private struct ProvenanceDocument {
  private let graph: TraceGraph
  private var sections: [String: [(String, JSON)]] = [:]
  private var named: [String: Set<String>] = [:]

  init(_ graph: TraceGraph) { self.graph = graph }

  mutating func finish() -> JSON {
    for thing in graph.things { describe(thing) }
    for edge in graph.edges { relate(edge) }
    var document = JSONObject([
      (
        "prefix",
        [
          "stemma": "https://stemma.dev/prov/v1#", "xsd": "http://www.w3.org/2001/XMLSchema#",
        ]
      )
    ])
    for (section, members) in sections.sorted(by: { $0.key < $1.key }) {
      document[section] = .object(
        JSONObject(distinct: members.map { .init(name: $0.0, value: $0.1) }))
    }
    return .object(document)
  }

  // MARK: - Things

  private mutating func describe(_ thing: TraceGraph.Thing) {
    switch thing.kind {
    case .call: describeCall(thing)
    case .version: describeVersion(thing)
    default:
      let label = graph.lines(of: thing, width: 60).joined(separator: ": ")
      add(
        "entity", name(thing),
        [
          "prov:label": .string(label), "prov:type": qualified("stemma:\(thing.kind.rawValue)"),
          "prov:value": .string(thing.content.string ?? thing.content.canonicalText),
          "stemma:id": .string(thing.id),
        ])
    }
  }

  private mutating func describeCall(_ thing: TraceGraph.Thing) {
    let call = name(thing)
    let content = thing.content
    var attributes = JSONObject([
      ("prov:type", qualified("stemma:call")), ("stemma:id", .string(thing.id)),
    ])
    guard let request = content["request"]?.object else {
      attributes["stemma:missing"] = content["missing"] ?? ""
      return add("activity", call, .object(attributes))
    }
    for member in request.members where !["messages", "model"].contains(member.name) {
      attributes["stemma:\(member.name)"] = Self.plain(member.value)
    }
    for member in ["input", "output"] {
      attributes["stemma:\(member)-tokens"] = content["usage"]?[member]
    }
    add("activity", call, .object(attributes))
    let prompt = "stemma:request-\(thing.id)"
    add(
      "entity", prompt,
      [
        "prov:type": qualified("stemma:request"),
        "prov:value": .string(request["messages"]?.canonicalText ?? ""),
      ])
    relation("used", ["prov:activity": .string(call), "prov:entity": .string(prompt)])
    let answer = "stemma:answer-\(thing.id)"
    add(
      "entity", answer,
      [
        "prov:type": qualified("stemma:answer"),
        "prov:value": content["answer"]?["text"] ?? "",
        "stemma:finish": content["answer"]?["finish"] ?? "",
      ])
    relation("wasGeneratedBy", ["prov:entity": .string(answer), "prov:activity": .string(call)])
    let model = request["model"]?.string ?? ""
    let provider = request["provider"]?.string ?? ""
    // A name may hold anything; its hash is a name everywhere.
    let agent = "stemma:model-" + Digest(of: Array("\(provider)\n\(model)".utf8)).hex.prefix(16)
    add(
      "agent", agent,
      [
        "prov:label": .string(model), "prov:type": qualified("prov:SoftwareAgent"),
        "stemma:provider": .string(provider),
      ])
    relation(
      "wasAssociatedWith",
      [
        "prov:activity": .string(call), "prov:agent": .string(agent),
        "prov:role": request["task"] ?? "",
      ])
  }

  private mutating func describeVersion(_ thing: TraceGraph.Thing) {
    let version = name(thing)
    let content = thing.content
    let time = content["time"]?.int.map {
      JSON.string(Date(timeIntervalSince1970: Double($0)).formatted(.iso8601))
    }
    add(
      "entity", version,
      [
        "prov:label": content["title"] ?? "", "prov:type": qualified("prov:Collection"),
        "stemma:id": .string(thing.id),
      ])
    let run = "stemma:run-" + (content["run"]?.string.map(Self.safe) ?? "of-\(thing.id)")
    var attributes = JSONObject([("prov:type", qualified("stemma:run"))])
    if let time { attributes["prov:endTime"] = time }
    add("activity", run, .object(attributes))
    var generation = JSONObject([
      ("prov:entity", .string(version)), ("prov:activity", .string(run)),
    ])
    if let time { generation["prov:time"] = time }
    relation("wasGeneratedBy", .object(generation))
    if let digest = content["recipe"]?.string, !digest.isEmpty {
      let recipe = "stemma:recipe-\(digest)"
      var attributes = JSONObject([
        ("prov:type", qualified("stemma:recipe")), ("stemma:sha256", .string(digest)),
      ])
      attributes["stemma:version"] = content["recipe-version"]
      add("entity", recipe, .object(attributes))
      relation("used", ["prov:activity": .string(run), "prov:entity": .string(recipe)])
    }
    guard let author = content["author"]?.string else { return }
    let person = "stemma:author-" + Digest(of: Array(author.utf8)).hex.prefix(16)
    add("agent", person, ["prov:label": .string(author)])
    relation("wasAssociatedWith", ["prov:activity": .string(run), "prov:agent": .string(person)])
  }

  // MARK: - Relations

  private mutating func relate(_ edge: TraceGraph.Edge) {
    let (thing, cause) = (graph.things[edge.from], graph.things[edge.to])
    let (from, to) = (JSON.string(name(thing)), JSON.string(name(cause)))
    switch (edge.relation, cause.kind) {
    case (_, .call):
      relation("wasGeneratedBy", ["prov:entity": from, "prov:activity": to])
      guard cause.content["answer"] != nil else { return }
      relation(
        "wasDerivedFrom",
        [
          "prov:generatedEntity": from, "prov:usedEntity": .string("stemma:answer-\(cause.id)"),
          "prov:activity": to,
        ])
    case (_, .version): relation("hadMember", ["prov:collection": to, "prov:entity": from])
    // A verdict comes after what it judges, whichever was asked for.
    case ("verdict", _): derivation(to, from, of: cause)
    case ("rejected before", _):
      relation("wasInfluencedBy", ["prov:influencee": from, "prov:influencer": to])
    case ("same question as", _):
      relation("alternateOf", ["prov:alternate1": from, "prov:alternate2": to])
    case ("candidate not used", _):
      guard let call = call(of: thing) else { return }
      relation(
        "wasGeneratedBy", ["prov:entity": to, "prov:activity": .string(name(call))])
    case ("refined from", _): derivation(from, to, of: thing, type: "prov:Revision")
    default: derivation(from, to, of: thing)
    }
  }

  private mutating func derivation(
    _ new: JSON, _ old: JSON, of thing: TraceGraph.Thing, type: String? = nil
  ) {
    var members = JSONObject([("prov:generatedEntity", new), ("prov:usedEntity", old)])
    if let call = call(of: thing) {
      members["prov:activity"] = .string(name(call))
      relation("used", ["prov:activity": .string(name(call)), "prov:entity": old])
    }
    if let type { members["prov:type"] = qualified(type) }
    relation("wasDerivedFrom", .object(members))
  }

  /// The call that answered with a thing, where it is in the graph.
  private func call(of thing: TraceGraph.Thing) -> TraceGraph.Thing? {
    guard let id = thing.content["call"]?.string else { return nil }
    return graph.things.first { $0.kind == .call && $0.id == id }
  }

  // MARK: - Form

  private mutating func add(_ section: String, _ name: String, _ attributes: JSON) {
    guard named[section, default: []].insert(name).inserted else { return }
    sections[section, default: []].append((name, attributes))
  }

  private mutating func relation(_ section: String, _ members: JSON) {
    // Equal relations are one.
    guard named[section, default: []].insert(members.canonicalText).inserted else { return }
    let number = sections[section]?.count ?? 0
    sections[section, default: []].append(("_:\(section)\(number)", members))
  }

  private func name(_ thing: TraceGraph.Thing) -> String { "stemma:\(thing.name)" }

  private func qualified(_ name: String) -> JSON {
    ["$": .string(name), "type": "prov:QUALIFIED_NAME"]
  }

  /// A value that an attribute can have.
  private static func plain(_ value: JSON) -> JSON {
    switch value {
    case .array, .object, .null: .string(value.canonicalText)
    default: value
    }
  }

  private static func safe(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
  }
}
