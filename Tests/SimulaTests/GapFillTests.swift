import ArtifactStore
import CanonicalJSON
import Dataset
import Simula
import Synchronization
import Teachers
import TestSupport
import Testing

@Suite("Instances and gaps")
struct GapFillTests {
  /// How many kept samples each node of mixes has, and the slots of all samples.
  private func counts(_ lab: Lab) throws -> (nodes: [String: Int], slots: [Slot]) {
    var mixOfPrompt: [String: String] = [:]
    for record in try lab.head().records(.metaPrompts) {
      mixOfPrompt[record.id.hex] = try record.value()["mix"]?.string
    }
    var nodesOfMix: [String: [String]] = [:]
    for record in try lab.head().records(.mixes) {
      nodesOfMix[record.id.hex] = try record.value()["nodes"]?.array?.compactMap(\.string)
    }
    var nodes: [String: Int] = [:]
    var slots: [Slot] = []
    for sample in try lab.records(.samples) {
      slots.append(try #require(Slot(sample["slot"])))
      let mix = mixOfPrompt[sample["meta-prompt"]?.string ?? ""] ?? ""
      for node in nodesOfMix[mix] ?? [] { nodes[node, default: 0] += 1 }
    }
    return (nodes, slots.sorted())
  }

  @Test("Every leaf gets its minimum, on top of the numbered samples, which stay as they are")
  func minimum() async throws {
    try await withTemporaryDirectory { folder in
      // No attempt is rejected, so that no slot of a gap is spent.
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(AttemptTests.steady))
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates)
      try await lab.run(teacher: teacher)
      let before = Set(try lab.records(.samples))
      let sources = try #require(try lab.sources)
      let leaves = MixSampler(sources, randomSeed: 7).leaves
      let plain = try counts(lab).nodes
      let expected = leaves.reduce(0) { $0 + max(0, 3 - (plain[$1.text] ?? 0)) }
      try #require(expected > 0)
      try lab.write(
        "recipe.yaml", try lab.read("recipe.yaml") + "gap-fill: {minimum: 3, limit: 9}\n")
      let report = try await lab.run(teacher: teacher)
      #expect(report.gaps == GapReport(wanted: expected, kept: expected, underCovered: 0))
      #expect(report.kept == 12)
      let (nodes, slots) = try counts(lab)
      for leaf in leaves { #expect((nodes[leaf.text] ?? 0) >= 3) }
      #expect(slots.count == 12 + expected)
      #expect(Set(try lab.records(.samples)).isSuperset(of: before))
      #expect(try lab.head().memos["Gap-Samples"] == "\(expected)/\(expected)")
      #expect(try Verification(lab.store).damages == [])
      let asked = teacher.requests.count
      #expect(try await lab.run(teacher: teacher).isUpToDate)
      // A sample of a gap is traced like any other.
      let gap = try #require(
        try lab.head().records(.samples).first { try $0.value()["slot"]?.string != nil })
      #expect(
        try Trace(lab.head()).run(gap.id.hex).causes.contains { $0.relation == "meta-prompt" })
      try lab.set(["gap-fill", "minimum"], to: "0")
      try await lab.run(teacher: teacher)
      #expect(Set(try lab.records(.samples)) == before)
      #expect(teacher.requests.count == asked)
    }
  }

  @Test("The limit is spread over the leaves, and the report says what is still missing")
  func limit() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      try await lab.run()
      let before = try counts(lab).nodes
      try lab.write(
        "recipe.yaml", try lab.read("recipe.yaml") + "gap-fill: {minimum: 9, limit: 0.5}\n")
      let report = try await lab.run()
      #expect(report.gaps?.wanted == 6)
      #expect((report.gaps?.underCovered ?? 0) > 0)
      let gaps = try counts(lab).slots.filter { if case .gap = $0 { true } else { false } }
      #expect(gaps.count == 6)
      let nodes = gaps.compactMap { slot -> NodeID? in
        if case .gap(let node, 0) = slot { return node }
        return nil
      }
      // One for each of six leaves, not six for one.
      #expect(Set(nodes).count == 6)
      #expect(nodes.allSatisfy { (before[$0.text] ?? 0) < 9 })
    }
  }

  @Test("A run that is stopped while it fills gaps goes on to what an uninterrupted one gives")
  func interrupted() async throws {
    try await withTemporaryDirectory { folder in
      let recipe = try Lab.recipe() + "gap-fill: {minimum: 3, limit: 9}\n"
      let whole = try Lab.make(in: folder, named: "whole", recipe: recipe)
      try await whole.run()
      let lab = try Lab.make(in: folder, recipe: recipe)
      let failing = ScriptedTeacher.embedded { request throws(TeacherError) in
        guard request.task == "generate", request.draw.hasPrefix("slot gap/"),
          request.draw.contains("/1 attempt")
        else { return nil }
        throw TeacherError(.serverFault, "500")
      }
      await #expect(throws: RunStopped.self) { try await lab.run(teacher: failing) }
      let part = try counts(lab).slots
      #expect(part.count >= 12)
      #expect(try lab.head().memos["Partial"]?.contains("gaps are not filled") == true)
      try await lab.run()
      #expect(try lab.state() == whole.state())
      #expect(try lab.head().memos["Partial"] == nil)
    }
  }

  @Test("A run that is stopped while it fills the gaps of a whole dataset keeps those it filled")
  func interruptedLater() async throws {
    try await withTemporaryDirectory { folder in
      let gapFill = "gap-fill: {minimum: 3, limit: 9}\n"
      let whole = try Lab.make(in: folder, named: "whole", recipe: try Lab.recipe() + gapFill)
      try await whole.run()
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      try await lab.run()
      let before = try lab.records(.samples)
      try lab.write("recipe.yaml", try lab.read("recipe.yaml") + gapFill)
      // Each time two more attempts at gaps are answered.
      var cuts = 0
      for part in 1...20 {
        let asked = Mutex(0)
        let failing = ScriptedTeacher.embedded { request throws(TeacherError) in
          guard request.task == "generate", request.draw.hasPrefix("slot gap/"),
            asked.withLock({
              $0 += 1
              return $0 > 2
            })
          else { return nil }
          throw TeacherError(.serverFault, "500")
        }
        let samples = try lab.records(.samples).count
        do {
          try await lab.run(teacher: failing)
          break
        } catch is RunStopped {
          cuts += 1
          #expect(try lab.records(.samples).count > samples, "\(part)")
          #expect(try lab.head().memos["Partial"]?.contains("gaps are not filled") == true)
        } catch {
          #expect(try lab.records(.samples).count == samples, "\(part)")
        }
        #expect(Set(try lab.records(.samples)).isSuperset(of: before))
      }
      #expect(cuts > 0)
      try await lab.run()
      #expect(try lab.state() == whole.state())
      #expect(try lab.head().memos["Partial"] == nil)
    }
  }

  @Test("Several instances share mix and scenario, and differ as samples", arguments: [1, 3, 5])
  func instances(count: Int) async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder,
        recipe: try Lab.recipe([(["meta-prompts", "instances"], "\(count)")] + AttemptTests.steady))
      let report = try await lab.run()
      #expect(report.kept == 12)
      let groups = (12 + count - 1) / count
      #expect(try lab.records(.mixes).count == groups)
      #expect(try lab.records(.metaPrompts).count == groups)
      let samples = try lab.records(.samples)
      #expect(samples.count == 12)
      var prompts: [Int: Set<String>] = [:]
      for sample in samples {
        prompts[(sample["slot"]?.int ?? 0) / count, default: []]
          .insert(sample["meta-prompt"]?.string ?? "")
      }
      #expect(prompts.count == groups)
      #expect(prompts.values.allSatisfy { $0.count == 1 })
      #expect(Set(samples.compactMap { $0["value"]?["question"] }).count == 12)
      #expect(try Verification(lab.store).damages == [])
    }
  }
}
