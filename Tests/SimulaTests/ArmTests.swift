import ArtifactStore
import CanonicalJSON
import Dataset
import Simula
import Teachers
import TestSupport
import Testing

@Suite("Arms and strategies")
struct ArmTests {
  private func mixLevels(_ lab: Lab) throws -> Set<Int> {
    let sources = try #require(try lab.sources)
    return Set(
      try lab.records(.mixes).flatMap { mix in
        (mix["nodes"]?.array ?? []).compactMap { node -> Int? in
          guard let id = node.string.flatMap({ NodeID($0) }) else { return nil }
          return sources.taxonomy(holding: id)?.level(of: id)
        }
      })
  }

  @Test("Each arm uses its parts of the method, and what arms share is asked once")
  func arms() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      let teacher = ScriptedTeacher.embedded()
      try await lab.run(until: .strategies, teacher: teacher)
      var asked = teacher.requests.count
      var requests: [Arm: Int] = [:]
      for arm in [Arm.full, .localGlobal, .global, .local, .baseline, .full] {
        try lab.set(["arm"], to: arm.rawValue)
        let report = try await lab.run(teacher: teacher)
        #expect(report.kept == 12)
        requests[arm] = teacher.requests.count - asked
        asked = teacher.requests.count
        #expect(try mixLevels(lab) == (arm.usesWholeTaxonomies ? [2] : [1]), "\(arm)")
        let indexes = Set(
          try lab.records(.metaPrompts).filter { $0["from"] == nil }
            .compactMap { $0["index"]?.int })
        #expect(indexes == (arm.usesCandidates ? [0, 1] : [0]), "\(arm)")
        #expect(try lab.records(.verdicts).isEmpty == !arm.usesCritics, "\(arm)")
        #expect(try Verification(lab.store).damages == [])
      }
      // Without critics only what critics said is missing: nothing new is asked.
      #expect(requests[.localGlobal] == 0)
      // The second time of the full arm.
      #expect(requests[.full] == 0)
      #expect((requests[.baseline] ?? 0) > 0)
    }
  }

  @Test("A strategy may set K, c and the critics for its samples")
  func overrides() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "30")]))
      let teacher = ScriptedTeacher.embedded()
      try await lab.run(teacher: teacher)
      let others = Set(try lab.records(.samples))
      var sources = try #require(try lab.sources)
      try #require(sources.strategies.count == 2)
      let own = sources.strategies[0].id.text
      sources.strategies[0].overrides.candidates = 1
      sources.strategies[0].overrides.fraction = 1
      sources.strategies[0].overrides.judgesRequirements = false
      sources.strategies[0].overrides.double = .off
      try lab.write(sources)
      #expect(try #require(try lab.sources) == sources)
      try await lab.run(teacher: teacher)
      let mixes = try lab.head().records(.mixes)
      let ownMixes = Set(
        try mixes.filter { try $0.value()["strategy"]?.string == own }.map(\.id.hex))
      #expect(!ownMixes.isEmpty && ownMixes.count < mixes.count)
      let prompts = try lab.head().records(.metaPrompts)
      var ownPrompts = Set<String>()
      var complexified = Set<String>()
      for prompt in prompts {
        let value = try prompt.value()
        guard ownMixes.contains(value["mix"]?.string ?? "") else { continue }
        ownPrompts.insert(prompt.id.hex)
        #expect(value["index"] == 0)
        if value["from"] != nil { complexified.insert(value["mix"]?.string ?? "") }
      }
      #expect(complexified == ownMixes)
      let judged = Set(try lab.records(.verdicts).compactMap { $0["sample"]?.string })
      for sample in try lab.head().records(.samples) {
        let isOwn = ownPrompts.contains(try sample.value()["meta-prompt"]?.string ?? "")
        #expect(judged.contains(sample.id.hex) == !isOwn)
        // Samples of the other strategy are those that were there.
        if !isOwn { #expect(others.contains(try sample.value())) }
      }
    }
  }

  @Test("A strategy that asks for critics that cannot judge is an error that names it")
  func impossibleCritics() async throws {
    try await Bench.with { bench in
      var sources = AttemptTests.sources
      sources.strategies[0].overrides.double = .ask
      var recipe = bench.recipe
      recipe.sample.answer = nil
      let asker = try bench.asker(ScriptedTeacher.texts("never asked"), recipe: recipe)
      let error = #expect(throws: SimulaError.self) {
        _ = try SlotWork(asker, sources: sources, until: .samples)
      }
      #expect(error?.message.contains("'\(sources.strategies[0].name)'") == true)
    }
  }
}
