import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers
import TestSupport
import Testing

/// A dataset that is made, changed and made again, with what each change asks.
///
/// Its teacher accepts every sample, so that a slot asks one question of each task.
struct Garden {
  /// A question by its task and draw, such as `generate slot 3 attempt 0`.
  typealias Question = String

  static let critics = ["judge-requirements", "ask-correct", "ask-incorrect"]
  static let sampling = ["generate"] + critics
  static let all = ["meta-prompts"] + sampling
  static let sources = Grove.sources(
    "Operation\n  Addition *2\n  Subtraction\n  Multiplication",
    "Setting\n  Indoors\n    Bakery\n    Museum *2\n  Outdoors *2\n    Ferry\n    Park\n    Zoo")

  let folder: URL
  let lab: Lab
  let teacher: ScriptedTeacher

  /// What the questions of a slot are made of.
  struct Slot: Hashable {
    let attempt: Int
    /// The names on the path to each node.
    let wording: [[String]]
    let scenario: String
    let value: JSON
  }

  /// Lends a dataset that was made once; without sources of its own it grows them.
  static func with(
    _ knobs: Lab.Knobs = [], sources: Sources? = sources, files: [String: String] = [:],
    except script: @escaping Script = { _ in nil },
    _ body: (Garden) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      var files = files
      for (path, text) in sources?.encode() ?? [] { files[path] = text }
      let recipe = try Lab.recipe(AttemptTests.steady + knobs)
      let garden = Garden(
        folder: folder, lab: try Lab.make(in: folder, recipe: recipe, files: files),
        teacher: .embedded(AttemptTests.rates, except: script))
      try await garden.lab.run(teacher: garden.teacher)
      try await body(garden)
      #expect(try Verification(garden.lab.store).damages == [])
    }
  }

  /// Runs after a change, and compares the result with that of a dataset that is made anew.
  ///
  /// - Parameters:
  ///   - keepsSources: Whether the new dataset starts with the sources as they are now.
  ///   - script: What the teacher answers otherwise.
  ///   - sourceLocation: Where an issue is reported.
  /// - Returns: What was asked.
  /// - Throws: What a run throws.
  func asked(
    keepsSources: Bool = true,
    except script: @escaping Script = { _ in nil },
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Set<Question> {
    let before = teacher.requests
    let report = try await lab.run(teacher: teacher)
    let new = teacher.requests[before.count...]
    #expect(report.counts.asked == new.count, sourceLocation: sourceLocation)
    #expect(Set(new).count == new.count, sourceLocation: sourceLocation)
    let inputs = try lab.inputs().filter { path, _ in
      keepsSources || path == "recipe.yaml" || path.hasPrefix("prompts/")
    }
    let fresh = try Lab.make(
      in: folder, named: "fresh-\(UUID().uuidString)", recipe: "", files: inputs)
    let other = ScriptedTeacher.embedded(AttemptTests.rates, except: script)
    try await fresh.run(teacher: other)
    #expect(try lab.state().differences(fresh.state()) == [], sourceLocation: sourceLocation)
    #expect(try lab.sources == fresh.sources, sourceLocation: sourceLocation)
    // No more and no less than what a new dataset asks and this one never did.
    let expected = Set(other.requests).subtracting(before)
    let isExact = Set(new) == expected
    #expect(isExact, "\(expected.count) are needed", sourceLocation: sourceLocation)
    return Set(new.map(Self.question))
  }

  private static func question(_ request: CallRequest) -> Question {
    "\(request.task) \(request.draw)" + (request.attempt > 0 ? " try \(request.attempt)" : "")
  }

  /// The questions of some tasks for some slots.
  static func questions(
    _ tasks: [String], _ slots: some Sequence<Int>, attempt: Int = 0
  ) -> Set<Question> {
    Set(
      slots.flatMap { slot in
        tasks.map { task in
          "\(task) slot \(slot) attempt \(attempt)"
            + (task == "judge-requirements" ? " round 0" : "")
        }
      })
  }

  typealias Script = @Sendable (CallRequest) throws(TeacherError) -> Answer?

  /// What a teacher answers that finds all answers right, apart from those of some draws.
  static func accepting(
    _ questions: [String: String] = [:], refusing refused: Set<String> = []
  ) -> Script {
    { request throws(TeacherError) in
      if request.task.hasPrefix("ask") {
        let isYes = request.task == "ask-correct" && !refused.contains(request.draw)
        return .stop("{\"reasoning\":\"r\",\"verdict\":\"\(isYes ? "yes" : "no")\"}")
      }
      guard request.task == "generate", let question = questions[request.draw] else { return nil }
      let sample: JSON = ["question": .string(question), "reasoning": "r", "answer": 7]
      return .stop(sample.text)
    }
  }

  // MARK: What a version holds

  func slots() throws -> [Int: Slot] {
    let sources = try lab.sources
    let wordings = try wordings(sources)
    let prompts = try byID(.metaPrompts)
    let mixes = try byID(.mixes)
    var slots: [Int: Slot] = [:]
    for sample in try lab.records(.samples) {
      guard let number = sample["slot"]?.int, let value = sample["value"],
        let prompt = prompts[sample["meta-prompt"]?.string ?? ""],
        let mix = mixes[prompt["mix"]?.string ?? ""]
      else { continue }
      slots[number] = Slot(
        attempt: sample["attempt"]?.int ?? -1,
        wording: (mix["nodes"]?.array ?? []).compactMap { wordings[$0.string ?? ""] },
        scenario: prompt["text"]?.string ?? "", value: value)
    }
    return slots
  }

  private func byID(_ kind: RecordKind) throws -> [String: JSON] {
    var values: [String: JSON] = [:]
    for record in try lab.head().records(kind) { values[record.id.hex] = try record.value() }
    return values
  }

  private func wordings(_ sources: Sources?) throws -> [String: [String]] {
    var wordings: [String: [String]] = [:]
    for taxonomy in sources?.taxonomies ?? [] {
      for node in taxonomy.nodes {
        wordings[node.id.text] = taxonomy.path(to: node.id).map(\.name)
      }
    }
    return wordings
  }

  /// What slots ask anew when what they are made of changed, and nothing else did.
  static func dependants(_ before: [Int: Slot], _ after: [Int: Slot]) -> Set<Question> {
    var questions: Set<Question> = []
    for (number, slot) in after {
      let old = before[number]
      var tasks: [String] = []
      if old?.wording != slot.wording { tasks.append("meta-prompts") }
      if !tasks.isEmpty || old?.scenario != slot.scenario { tasks.append("generate") }
      if !tasks.isEmpty || old?.value != slot.value { tasks.append("judge-requirements") }
      if old?.value != slot.value { tasks += ["ask-correct", "ask-incorrect"] }
      questions.formUnion(Self.questions(tasks, [number]))
    }
    return questions
  }

  /// The slots below a number whose nodes, or the names on the paths to them, differ.
  static func changed(
    _ before: Sources, _ after: Sources, count: Int = 12, randomSeed: Int = 7
  ) throws -> [Int] {
    let (old, new) = (
      MixSampler(before, randomSeed: randomSeed), MixSampler(after, randomSeed: randomSeed)
    )
    return try (0..<count).filter { slot in
      try wording(old.mix(slot: slot), before) != wording(new.mix(slot: slot), after)
    }
  }

  private static func wording(_ mix: Mix, _ sources: Sources) -> [[String]] {
    mix.nodes.map { node in
      sources.taxonomy(holding: node)?.path(to: node).map(\.name) ?? []
    }
  }
}
