import ArtifactStore
import CanonicalJSON
import Dataset

/// Finds the factors of variation: independent proposals, their union, and a critic.
package struct FactorStage: Sendable {
  static let codeVersion = 1
  static let tasks: [PromptTask] = [.proposeFactors, .reviewFactors]

  private let asker: Asker
  private let log: GrowthLog
  private var knobs: TaxonomyKnobs { asker.recipe.taxonomy }

  package init(_ asker: Asker, log: GrowthLog) {
    self.asker = asker
    self.log = log
  }

  /// The names of the factors, the most important first.
  package func run() async throws -> [String] {
    if let names = asker.recipe.factors { return names }
    let proposals = try await propose()
    let candidates = Names.union(proposals, excluding: [])
    guard candidates.count >= 2 else {
      throw SimulaError(
        .unusableAnswers, "the proposer named \(candidates.count) factors, and 2 are needed",
        hint: "name 'factors:' in recipe.yaml, or use another model" + UnusableAnswer.again)
    }
    let kept = try await review(candidates)
    return kept.prefix(knobs.factorCount.upperBound).map(\.name)
  }

  private func propose() async throws -> [[String]] {
    let recipe = asker.recipe
    let count = knobs.factorCount
    var proposals: [[String]] = []
    var problem: UnusableAnswer?
    let inputs = JSONObject([
      ("examples", .array(recipe.exampleSamples.map { .string($0.text) })),
      ("references", .array(recipe.references.map { .string($0) })),
      ("minimum", JSON(count.lowerBound)), ("maximum", JSON(count.upperBound)),
    ])
    // None sees another.
    let answers = try await Concurrently.map(knobs.proposals) { [asker] number in
      try await asker.ask(
        .proposeFactors, .proposer, inputs: inputs,
        schema: AnswerSchemas.factors(atMost: count.upperBound * 2), draw: "proposal \(number)"
      ) { (json, _) throws(UnusableAnswer) in try json.texts("factors") }
    }
    for (number, asked) in answers.enumerated() {
      switch asked.result {
      case .success(let names):
        log.add(
          .proposals, .init(order: 0),
          [
            "call": .string(asked.call.hex), "names": .array(names.map { .string($0) }),
            "number": JSON(number), "task": .string(PromptTask.proposeFactors.rawValue),
          ])
        proposals.append(names)
      case .failure(let failure): problem = failure
      }
    }
    if proposals.isEmpty, let problem {
      throw SimulaError(
        .unusableAnswers,
        "no proposal of factors could be used after \(Asker.tries) tries each: \(problem.message)",
        hint: "use a model that answers in JSON, or name 'factors:' in recipe.yaml"
          + UnusableAnswer.again)
    }
    return proposals
  }

  private func review(_ candidates: [Names.Candidate]) async throws -> [Names.Candidate] {
    let keys = candidates.indices.map(Names.key)
    let asked = try await asker.ask(
      .reviewFactors, .critic,
      inputs: JSONObject([
        ("minimum", JSON(min(knobs.factorCount.lowerBound, candidates.count))),
        ("candidates", Names.json(candidates, proposals: knobs.proposals)),
      ]), schema: AnswerSchemas.factorReview(keys: keys), draw: "review"
    ) { (json, _) throws(UnusableAnswer) in
      var decisions: [(action: String, reason: String)] = []
      for key in keys {
        guard let decision = json[key] else {
          throw UnusableAnswer(.wrongShape, "it has no decision on '\(key)'")
        }
        decisions.append((try decision.text("action"), try decision.text("reason")))
      }
      return decisions
    }
    guard case .success(let decisions) = asked.result else {
      log.notice("the critic gave no usable review of the factors: all proposals are kept")
      return candidates
    }
    var kept: [Names.Candidate] = []
    for (candidate, decision) in zip(candidates, decisions) {
      if decision.action != "remove" {
        kept.append(candidate)
        continue
      }
      log.add(
        .edits, .init(order: 0),
        [
          "action": "remove", "call": .string(asked.call.hex),
          "candidate": .string(candidate.name), "outcome": "applied",
          "reason": .string(decision.reason), "target": "",
        ])
    }
    let minimum = min(knobs.factorCount.lowerBound, candidates.count)
    guard kept.count >= minimum else {
      log.notice(
        "the critic left \(kept.count) of \(candidates.count) factors: the most named are kept")
      return Array(candidates.prefix(max(minimum, 2)))
    }
    return kept
  }
}
