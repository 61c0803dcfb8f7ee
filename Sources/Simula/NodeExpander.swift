import ArtifactStore
import CanonicalJSON
import Dataset

/// The children that were found for one node.
struct Expansion: Sendable {
  var children: [Names.Candidate] = []
  /// Why there are too few, or nil.
  var problem: String?
}

/// Divides one node: independent proposals, their union, a critic, and the critic's safety net.
struct NodeExpander: Sendable {
  let asker: Asker
  let log: GrowthLog
  let factor: String
  let root: NodeID
  let node: NodeID
  /// Names from the root to the node.
  let path: [String]
  let siblings: [String]
  let plan: String

  private var knobs: TaxonomyKnobs { asker.recipe.taxonomy }
  private var place: GrowthLog.Place { .init(order: 1, factor: root, node: node) }
  private var inputs: JSONObject {
    JSONObject([
      ("factor", .string(factor)), ("node", .string(path.last ?? "")),
      ("path", .string(path.joined(separator: " > "))),
      ("siblings", .array(siblings.map { .string($0) })),
      ("hasSiblings", .bool(!siblings.isEmpty)), ("plan", .string(plan)),
    ])
  }

  func run() async throws -> Expansion {
    let (proposals, problem) = try await propose()
    let taken = Set(path.map(NodeName.normalized))
    let candidates = Array(Names.union(proposals, excluding: taken).prefix(knobs.childrenCap * 2))
    guard candidates.count >= 2 else {
      return Expansion(problem: problem?.message ?? "the proposals named too few children")
    }
    for round in 0..<2 {
      guard let review = try await review(candidates, round: round) else { break }
      let result = review.apply(to: candidates, taken: taken)
      let isSafe = isSafe(result, of: candidates)
      record(result.edits, call: review.call, isApplied: isSafe)
      if isSafe { return Expansion(children: Array(result.children.prefix(knobs.childrenCap))) }
    }
    log.notice("'\(path.joined(separator: " > "))' keeps the union of its proposals, by votes")
    return Expansion(children: Array(candidates.prefix(knobs.children.upperBound)))
  }

  /// Whether edits leave enough: 2 children, and half of what two or more proposals named.
  private func isSafe(
    _ result: (children: [Names.Candidate], edits: [ChildReview.Edit]),
    of candidates: [Names.Candidate]
  ) -> Bool {
    let supported = Set(candidates.filter { $0.votes >= 2 }.map(\.name))
    let removed = result.edits.filter {
      $0.action == "remove" && !$0.isVoid && supported.contains($0.candidate)
    }
    return result.children.count >= 2 && removed.count * 2 <= supported.count
  }

  private func propose() async throws -> ([[String]], UnusableAnswer?) {
    var proposals: [[String]] = []
    var problem: UnusableAnswer?
    var inputs = inputs
    inputs["minimum"] = JSON(knobs.children.lowerBound)
    inputs["maximum"] = JSON(knobs.children.upperBound)
    for number in 0..<knobs.proposals {
      let asked = try await asker.ask(
        .proposeChildren, .proposer, inputs: inputs,
        schema: AnswerSchemas.children(atMost: knobs.childrenCap), draw: "proposal \(number)"
      ) { (json, _) throws(UnusableAnswer) in try json.texts("children") }
      switch asked.result {
      case .success(let names):
        log.add(
          .proposals, place,
          [
            "call": .string(asked.call.hex), "names": .array(names.map { .string($0) }),
            "number": JSON(number), "task": .string(PromptTask.proposeChildren.rawValue),
          ])
        proposals.append(names)
      case .failure(let failure): problem = failure
      }
    }
    return (proposals, problem)
  }

  private func review(
    _ candidates: [Names.Candidate], round: Int
  ) async throws -> ChildReview? {
    let keys = candidates.indices.map(Names.key)
    var inputs = inputs
    inputs["candidates"] = Names.json(candidates, proposals: knobs.proposals)
    let asked = try await asker.ask(
      .reviewChildren, .critic, inputs: inputs, schema: AnswerSchemas.childReview(keys: keys),
      draw: round == 0 ? "review" : "review repair \(round)"
    ) { (json, _) throws(UnusableAnswer) in try ChildReview.read(json, keys: keys) }
    guard case .success(var review) = asked.result else { return nil }
    review.call = asked.call
    return review
  }

  private func record(_ edits: [ChildReview.Edit], call: RecordID?, isApplied: Bool) {
    for edit in edits {
      log.add(
        .edits, place,
        [
          "action": .string(edit.action), "call": .string(call?.hex ?? ""),
          "candidate": .string(edit.candidate),
          "outcome": edit.isVoid || !isApplied ? "void" : "applied",
          "reason": .string(edit.reason), "target": .string(edit.target),
        ])
    }
  }
}

/// The critic's decisions on the candidates of one node.
struct ChildReview: Sendable {
  struct Decision: Sendable {
    let action: String
    let reason: String
    let target: String
  }
  struct Edit: Sendable {
    let action: String
    let candidate: String
    let target: String
    let reason: String
    let isVoid: Bool
  }

  /// One a candidate, in their order.
  var decisions: [Decision]
  var missing: [String]
  var call: RecordID?

  static func read(_ json: JSON, keys: [String]) throws(UnusableAnswer) -> ChildReview {
    var decisions: [Decision] = []
    for key in keys {
      guard let decision = json[key] else {
        throw UnusableAnswer(.wrongShape, "it has no decision on '\(key)'")
      }
      decisions.append(
        Decision(
          action: try decision.text("action"), reason: try decision.text("reason"),
          target: decision["target"]?.string ?? ""))
    }
    return ChildReview(decisions: decisions, missing: try json.texts("missing"), call: nil)
  }

  /// The children after all valid edits, and the edits; one that names nothing known is void.
  func apply(
    to candidates: [Names.Candidate], taken: Set<String>
  ) -> (children: [Names.Candidate], edits: [Edit]) {
    var children: [Names.Candidate?] = candidates
    var edits: [Edit] = []
    for (index, decision) in decisions.enumerated() where decision.action != "keep" {
      var target = decision.target
      var isVoid = false
      switch decision.action {
      case "remove": children[index] = nil
      case "merge":
        let place = candidates.indices.first { Names.key($0) == decision.target }
        if let place, place != index, children[place] != nil, let merged = children[index] {
          children[place]?.votes += merged.votes
          children[index] = nil
          target = candidates[place].name
        } else {
          isVoid = true
        }
      case "rename":
        if let name = Names.cleaned(decision.target), isFree(name, children, index, taken) {
          children[index]?.name = name
        } else {
          isVoid = true
        }
      default: isVoid = true
      }
      edits.append(
        Edit(
          action: decision.action, candidate: candidates[index].name, target: target,
          reason: decision.reason, isVoid: isVoid))
    }
    for name in missing {
      let cleaned = Names.cleaned(name)
      let isVoid = cleaned.map { !isFree($0, children, nil, taken) } ?? true
      if let cleaned, !isVoid { children.append(Names.Candidate(name: cleaned, votes: 0)) }
      edits.append(
        Edit(
          action: "add", candidate: "", target: cleaned ?? name, reason: "named as missing",
          isVoid: isVoid))
    }
    return (children.compactMap(\.self), edits)
  }

  private func isFree(
    _ name: String, _ children: [Names.Candidate?], _ place: Int?, _ taken: Set<String>
  ) -> Bool {
    let normalized = NodeName.normalized(name)
    return !taken.contains(normalized)
      && !children.enumerated().contains { $0 != place && $1?.normalized == normalized }
  }
}
