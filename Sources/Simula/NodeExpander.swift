import ArtifactStore
import CanonicalJSON
import Dataset
import Teachers

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
  /// The regrowth that this is part of, or nil in the first growth.
  var regrowth: Regrowth?

  private var knobs: TaxonomyKnobs { asker.recipe.taxonomy }
  private var place: GrowthLog.Place { .init(order: 1, factor: root, node: node) }
  private func draw(_ question: String) -> String { regrowth.draw(question) }
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
    let union = Names.union(proposals, excluding: taken)
    let candidates = Array(union.prefix(knobs.childrenCap * 2))
    guard candidates.count >= 2 else {
      return Expansion(problem: problem?.message ?? "the proposals named too few children")
    }
    var objection: Objection?
    for round in 0..<2 {
      guard let review = try await review(candidates, round: round, after: objection) else { break }
      let result = review.apply(to: candidates, taken: taken, atMost: knobs.childrenCap)
      let fault = result.fault(for: candidates)
      record(result.edits, call: review.call, isApplied: fault == nil)
      guard let fault else {
        if result.cutCount > 0 {
          log.notice(
            "\(title) has \(result.children.count + result.cutCount) children after the review, and "
              + "the children cap lets the \(knobs.childrenCap) most named stay")
        }
        return Expansion(children: result.children)
      }
      objection = Objection(answer: review.text, fault: fault)
    }
    let kept = Array(candidates.prefix(knobs.children.upperBound))
    let share =
      kept.count < union.count
      ? "the first \(kept.count) of the \(union.count) names in" : "all names in"
    log.notice("\(title) keeps \(share) the union of its proposals, by votes")
    return Expansion(children: kept)
  }

  private var title: String { "'\(path.joined(separator: " > "))'" }

  /// What is wrong with a review that was read, told to the critic who gave it.
  private struct Objection {
    let answer: String
    let fault: String

    var messages: [Message] {
      [
        Message(.assistant, String(answer.prefix(4000))),
        Message(
          .user,
          "That review cannot be applied: \(fault). Keep what belongs under the node, and review "
            + "all keys again in the same form."),
      ]
    }
  }

  private func propose() async throws -> ([[String]], UnusableAnswer?) {
    var proposals: [[String]] = []
    var problem: UnusableAnswer?
    var inputs = inputs
    inputs["minimum"] = JSON(knobs.children.lowerBound)
    inputs["maximum"] = JSON(knobs.children.upperBound)
    for (number, asked) in try await answers(inputs).enumerated() {
      switch asked.result {
      case .success(let names):
        log.add(
          .proposals, place,
          [
            "call": .string(asked.call.hex), "names": .array(names.map { .string($0) }),
            "number": JSON(number), "task": .string(PromptTask.proposeChildren.rawValue),
          ], regrowth)
        proposals.append(names)
      case .failure(let failure): problem = failure
      }
    }
    return (proposals, problem)
  }

  /// All proposals at once: none sees another.
  private func answers(_ inputs: JSONObject) async throws -> [Asked<[String]>] {
    let schema = AnswerSchemas.children(atMost: knobs.childrenCap)
    return try await Concurrently.map(knobs.proposals) { number in
      try await asker.ask(
        .proposeChildren, .proposer, inputs: inputs, schema: schema,
        draw: draw("proposal \(number)")
      ) { (json, _) throws(UnusableAnswer) in try json.texts("children") }
    }
  }

  private func review(
    _ candidates: [Names.Candidate], round: Int, after objection: Objection?
  ) async throws -> ChildReview? {
    let keys = candidates.indices.map(Names.key)
    var inputs = inputs
    inputs["candidates"] = Names.json(candidates, proposals: knobs.proposals)
    if let objection { inputs["objection"] = .string(objection.fault) }
    let asked = try await asker.ask(
      .reviewChildren, .critic, inputs: inputs, schema: AnswerSchemas.childReview(keys: keys),
      draw: draw(round == 0 ? "review" : "review repair \(round)"),
      following: objection?.messages ?? []
    ) { (json, _) throws(UnusableAnswer) in try ChildReview.read(json, keys: keys) }
    guard case .success(var review) = asked.result else { return nil }
    review.call = asked.call
    review.text = asked.text
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
        ], regrowth)
    }
  }
}
