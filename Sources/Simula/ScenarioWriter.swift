import ArtifactStore
import CanonicalJSON
import Dataset

/// The scenario that a sample is written for, with the record that holds it.
struct Scenario: Sendable {
  let text: String
  let record: RecordID
}

/// Local diversification: writes K scenarios from a mix, uses one, and makes some more complex.
struct ScenarioWriter: Sendable {
  static let codeVersion = 2
  static let tasks: [PromptTask] = [.metaPrompts, .complexify]

  private struct Shared: Hashable {
    let group: Slot
    let attempt: Int
  }
  private typealias Written = (scenario: Scenario?, records: [Record])

  private let asker: Asker
  /// Where several slots share a scenario, what was written for the last ones.
  private let recent: RecentValues<Shared, Written>?

  /// - Parameters:
  ///   - asker: Has the models.
  ///   - remembers: Whether what slots share is looked up once.
  ///   - other: One that remembers for both.
  init(_ asker: Asker, remembers: Bool, beside other: ScenarioWriter? = nil) {
    self.asker = asker
    let remembers = remembers && asker.recipe.metaPrompts.instances > 1
    recent = remembers ? other?.recent ?? RecentValues(most: 256) : nil
  }

  func run(_ attempt: Attempt, _ trail: inout SlotTrail) async throws -> Scenario? {
    guard let recent else { return try await write(attempt, &trail) }
    let shared = Shared(group: attempt.group, attempt: attempt.number)
    if let written = recent[shared] {
      trail.records += written.records
      return written.scenario
    }
    var own = SlotTrail()
    let scenario = try await write(attempt, &own)
    // What failed is told of each slot by itself.
    if scenario != nil { recent.keep((scenario, own.records), for: shared) }
    trail.records += own.records
    return scenario
  }

  private func write(_ attempt: Attempt, _ trail: inout SlotTrail) async throws -> Scenario? {
    let count = attempt.knobs.candidates
    let asked = try await asker.ask(
      .metaPrompts, .prompter,
      inputs: JSONObject([("requirements", attempt.requirements), ("count", JSON(count))]),
      schema: AnswerSchemas.scenarios(count: count), draw: attempt.scenarioDraw
    ) { (json, _) throws(UnusableAnswer) in
      let scenarios = distinct(try json.texts("scenarios"))
      guard !scenarios.isEmpty else {
        throw UnusableAnswer(.wrongShape, "it has no scenario")
      }
      return Array(scenarios.prefix(count))
    }
    switch asked.result {
    case .failure(let problem):
      trail.records.append(
        attempt.rejection(
          .unreadable, of: "scenarios", problem, call: asked.call, metaPrompt: nil))
      return nil
    case .success(let scenarios):
      let index = choice(attempt, of: scenarios.count)
      let record = Record(
        .metaPrompts,
        [
          "attempt": JSON(attempt.number), "call": .string(asked.call.hex), "index": JSON(index),
          "mix": .string(attempt.mix.hex), "text": .string(scenarios[index]),
        ])
      trail.records.append(record)
      let scenario = Scenario(text: scenarios[index], record: record.id)
      return isComplexified(attempt) ? try await complexify(attempt, scenario, &trail) : scenario
    }
  }

  /// One of K, by hash of slot and attempt.
  private func choice(_ attempt: Attempt, of count: Int) -> Int {
    let chance = Chance.uniform(
      asker.recipe.randomSeed, "scenario", attempt.group.description, String(attempt.number))
    return min(count - 1, Int(chance * Double(count)))
  }

  /// Membership by hash against c: raising c only adds, lowering it only removes.
  private func isComplexified(_ attempt: Attempt) -> Bool {
    Chance.uniform(
      asker.recipe.randomSeed, "complexify", attempt.group.description, String(attempt.number))
      < attempt.knobs.fraction
  }

  private func distinct(_ texts: [String]) -> [String] {
    var kept: [(text: String, isASCII: Bool)] = []
    for text in texts {
      let (words, isASCII) = (text.singleSpaced, text.isSpacedASCII)
      let isKnown = kept.contains { other in
        // Texts of ASCII are as long in lower case.
        if isASCII, other.isASCII, words.utf8.count != other.text.utf8.count { return false }
        return words.lowercased() == other.text.lowercased()
      }
      if !words.isEmpty, !isKnown { kept.append((words, isASCII)) }
    }
    return kept.map(\.text)
  }

  private func complexify(
    _ attempt: Attempt, _ scenario: Scenario, _ trail: inout SlotTrail
  ) async throws -> Scenario? {
    let asked = try await asker.ask(
      .complexify, .prompter,
      inputs: JSONObject([
        ("requirements", attempt.requirements), ("scenario", .string(scenario.text)),
      ]), schema: AnswerSchemas.scenario, draw: attempt.scenarioDraw
    ) { (json, _) throws(UnusableAnswer) in
      let text = try json.text("scenario").singleSpaced
      guard !text.isEmpty else { throw UnusableAnswer(.wrongShape, "the scenario is empty") }
      return text
    }
    switch asked.result {
    case .failure(let problem):
      trail.records.append(
        attempt.rejection(
          .unreadable, of: "complexify", problem, call: asked.call,
          metaPrompt: scenario.record))
      return nil
    case .success(let text):
      let record = Record(
        .metaPrompts,
        [
          "attempt": JSON(attempt.number), "call": .string(asked.call.hex),
          "from": .string(scenario.record.hex), "index": 0, "mix": .string(attempt.mix.hex),
          "text": .string(text),
        ])
      trail.records.append(record)
      return Scenario(text: text, record: record.id)
    }
  }
}
