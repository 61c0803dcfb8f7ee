import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Pipeline
import Simula
import Teachers
import TestSupport
import Testing

@Suite("Runs after a recall")
struct RecallRunTests {
  private static let knobs: Lab.Knobs = [
    (["samples"], "6"), (["teachers", "default", "wrong-answers"], "0.2"),
    (["teachers", "default", "rejects-drafts"], "0.3"), (["complexity", "fraction"], "0.5"),
  ]

  /// Lends a dataset that was made once, and what it held.
  private func withLab(
    _ knobs: Lab.Knobs = [], _ body: (Lab, URL, DataState) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(Self.knobs + knobs))
      try await lab.run()
      try await body(lab, folder, try lab.state())
      #expect(try Verification(lab.store).damages == [])
    }
  }

  /// Runs, and expects the result to be that of a new dataset with the same texts, and to last.
  private func expectRefilled(
    _ lab: Lab, in folder: URL, from state: DataState, isOther: Bool? = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let recalled = try lab.read(Recalls.path)
    #expect(try lab.stale().values.contains(.recalled), sourceLocation: sourceLocation)
    try await lab.run()
    #expect(try lab.ids(.samples).count == 6, sourceLocation: sourceLocation)
    try lab.expectNothingRecalled(sourceLocation: sourceLocation)
    let differs = try lab.state().digest != state.digest
    #expect(differs == isOther ?? differs, sourceLocation: sourceLocation)
    let differences = try await lab.differencesFromScratch(in: folder, "1")
    #expect(differences == [], sourceLocation: sourceLocation)
    #expect(try lab.stale() == [:], sourceLocation: sourceLocation)
    let never = ScriptedTeacher.texts("never asked")
    #expect(try await lab.run(teacher: never).versions.isEmpty, sourceLocation: sourceLocation)
    // Without the recall everything is as it was, from recorded answers.
    try lab.write(Recalls.path, "recalls:\n")
    #expect(try lab.stale().values.contains(.recalled), sourceLocation: sourceLocation)
    try await lab.run(teacher: never)
    #expect(never.requests.isEmpty, sourceLocation: sourceLocation)
    #expect(try lab.state() == state, sourceLocation: sourceLocation)
    try lab.write(Recalls.path, recalled)
    try await lab.run(teacher: never)
    #expect(never.requests.isEmpty, sourceLocation: sourceLocation)
    try lab.expectNothingRecalled(sourceLocation: sourceLocation)
  }

  @Test(
    "A recalled record's call is never used again; its slot goes on with the next attempt",
    arguments: [RecordKind.samples, .metaPrompts, .verdicts, .rejections])
  func records(kind: RecordKind) async throws {
    try await withLab { lab, folder, state in
      // The one that a kept sample is made with, where there is a choice.
      let sample = try #require(try lab.head().records(.samples).dropFirst(2).first)
      let value = try sample.value()
      let record: Record?
      switch kind {
      case .samples: record = sample
      case .metaPrompts:
        record = try lab.head().records(kind).first { $0.id.hex == value["meta-prompt"]?.string }
      case .verdicts:
        record = try lab.head().records(kind).first {
          try $0.value()["sample"]?.string == sample.id.hex
        }
      default: record = try lab.head().records(kind).first
      }
      let found = try #require(record)
      let call = try #require(try found.value()["call"]?.string)
      let effect = try lab.recall(found.id.hex, reason: "a test")
      #expect(effect.targets.count == 1 && effect.count(kind) >= 1)
      let entry = try #require(try lab.recalls.entries.first)
      #expect(entry.reason == "a test")
      #expect(entry.excerpt?.isEmpty == false)
      guard case .call(let id, let key?, let task?) = entry.subject else {
        Issue.record("\(entry)")
        return
      }
      #expect(id.hex == call && PromptTask(rawValue: task) != nil && key != id.digest)
      for kind in Lab.dataKinds {
        let before = state.ids[kind] ?? []
        #expect(try lab.ids(kind) == before.subtracting(effect.records[kind] ?? []))
      }
      #expect(try lab.stale()[.factors] == nil && lab.stale()[.mixes] == nil)
      try await expectRefilled(
        lab, in: folder, from: state, isOther: kind == .rejections ? nil : true)
      let attributes = try lab.head().file(".gitattributes").map {
        String(decoding: $0, as: UTF8.self)
      }
      #expect(attributes?.contains("recalls.yaml merge=union\n") == true)
      let rejection = try lab.records(.rejections).first { $0["reason"] == "recalled" }
      #expect(rejection?["call"]?.string == call)
    }
  }

  @Test("A request whose answer is recalled is not asked again, not even in a new dataset")
  func neverAsked() async throws {
    try await withLab { lab, folder, _ in
      let sample = try #require(try lab.records(.samples).first)
      let call = try #require(sample["call"]?.string)
      try lab.recall(call)
      let entry = try #require(try lab.recalls.entries.first)
      guard case .call(_, let key?, _) = entry.subject else {
        Issue.record("no key")
        return
      }
      for lab in [
        lab, try Lab.make(in: folder, named: "new", recipe: "", files: try lab.inputs()),
      ] {
        let teacher = ScriptedTeacher.embedded(try Lab.parsed(Self.knobs).embeddedRates)
        try await lab.run(teacher: teacher)
        #expect(!teacher.requests.contains { CallKey(of: $0).digest == key })
        #expect(try lab.ids(.samples).count == 6)
      }
    }
  }

  @Test("An entry without a key is known by the answer, and one without a task by every stage")
  func bareEntry() async throws {
    try await withLab { lab, folder, state in
      let sample = try #require(try lab.records(.samples).first)
      let call = try #require(sample["call"]?.string)
      try lab.write(Recalls.path, "recalls:\n- {call: \(call)}\n")
      #expect(Set(try lab.stale().values).isSuperset(of: [.recalled]))
      try await lab.run()
      try lab.expectNothingRecalled()
      #expect(try await lab.differencesFromScratch(in: folder, "bare") == [])
      try lab.remove(Recalls.path)
      try await lab.run()
      #expect(try lab.state() == state)
      #expect(try lab.head().file(Recalls.path) == nil)
    }
  }

  @Test("A recalled node is not drawn, nor what is below it; only its share of slots moves")
  func node() async throws {
    try await withLab { lab, folder, state in
      let sources = try #require(try lab.sources)
      let drawn = try lab.records(.mixes).flatMap { $0["nodes"]?.array?.compactMap(\.string) ?? [] }
      let roots = Set(sources.strategies.flatMap(\.roots))
      let node = try #require(
        sources.taxonomies.lazy.flatMap { tree in
          tree.children(of: tree.root.id).filter { tree.isLeaf($0.id) == false }
        }.first { node in
          let tree = sources.taxonomy(holding: node.id)
          return !roots.contains(node.id)
            && drawn.contains { id in
              tree?.path(to: NodeID(id) ?? node.id).contains { $0.id == node.id } ?? false
            }
        })
      let before = try Dictionary(
        grouping: lab.records(.mixes), by: { $0["slot"]?.int ?? -1 })
      let effect = try lab.recall(node.id.text)
      #expect(effect.count(.mixes) > 0)
      let moved = Set(
        before.filter { _, mixes in
          mixes.contains { effect.records[.mixes]?.contains(Record(.mixes, $0).id) ?? false }
        }.keys)
      try await lab.run()
      for mix in try lab.records(.mixes) {
        let slot = try #require(mix["slot"]?.int)
        guard let old = before[slot]?.first else { continue }
        #expect((old != mix) == moved.contains(slot), "slot \(slot)")
      }
      try lab.recall(node.id.text)
      try lab.write(Recalls.path, "recalls: []\n")
      try await lab.run()
      #expect(try lab.state() == state)
      try lab.recall(node.id.text)
      try await expectRefilled(lab, in: folder, from: state)
    }
  }

  @Test("A recalled mix is drawn again", arguments: ["weighted", "coverage-first"])
  func mix(order: String) async throws {
    try await withLab([(["strategy", "order"], order)]) { lab, folder, state in
      let record = try #require(try lab.head().records(.mixes).dropFirst(3).first)
      let slot = try record.value()["slot"]?.int
      let before = try lab.records(.mixes)
      let effect = try lab.recall(record.id.hex)
      #expect(effect.records[.mixes] == [record.id] && effect.count(.samples) <= 1)
      try await lab.run()
      for mix in try lab.records(.mixes) where before.contains(where: { $0["slot"] == mix["slot"] })
      {
        #expect(before.contains(mix) == (mix["slot"]?.int != slot))
      }
      try lab.write(Recalls.path, "recalls:\n")
      try await lab.run()
      #expect(try lab.state() == state)
      try lab.recall(record.id.hex)
      try await expectRefilled(lab, in: folder, from: state)
    }
  }

  @Test("A recalled answer of growth is asked otherwise, and the text grows again")
  func growth() async throws {
    try await withLab { lab, folder, state in
      let sources = try lab.sources
      for task in ["propose-children", "review-children", "plan-strategies"] {
        let kind: RecordKind =
          task.hasPrefix("propose") ? .proposals : task.hasPrefix("review") ? .edits : .plans
        let record = try #require(
          try lab.records(kind).first { value in
            (value["task"]?.string ?? task) == task && value["factor"] != ""
              || task == "plan-strategies" && value["task"]?.string == task
          }, "\(task)")
        let call = try #require(record["call"]?.string)
        let effect = try lab.recall(call)
        #expect(effect.count(kind) > 0 && effect.count(.samples) == 0, "\(task)")
        let stage: StageName = task == "plan-strategies" ? .strategies : .taxonomies
        #expect(try lab.stale()[stage] == .recalled, "\(task)")
        let teacher = ScriptedTeacher.embedded(try Lab.parsed(Self.knobs).embeddedRates)
        try await lab.run(teacher: teacher)
        let again = teacher.requests.filter { $0.task == task && $0.attempt > 0 }
        #expect(!again.isEmpty, "\(task)")
        #expect(again.allSatisfy { $0.messages.last?.text.contains("taken back") == true })
        try lab.expectNothingRecalled()
        #expect(try lab.ids(.samples).count == 6, "\(task)")
        let fresh = try Lab.make(
          in: folder, named: "fresh-\(task)", recipe: try lab.read("recipe.yaml"),
          files: [Recalls.path: try lab.read(Recalls.path)])
        try await fresh.run()
        #expect(try lab.sources == fresh.sources, "\(task)")
        #expect(try lab.state().differences(fresh.state()) == [], "\(task)")
        try lab.write(Recalls.path, "recalls:\n")
        try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
        #expect(try lab.sources == sources, "\(task)")
        #expect(try lab.state() == state, "\(task)")
      }
    }
  }

  @Test("A recalled run is filled again without any of its answers")
  func run() async throws {
    try await withLab([(["samples"], "3")]) { lab, _, _ in
      try lab.set(["samples"], to: "6")
      let run = try await lab.run().runID
      let state = try lab.state()
      let made = try Set(lab.records(.samples).filter { ($0["slot"]?.int ?? 0) >= 3 }.map(\.text))
      let effect = try lab.recall(run)
      #expect(effect.count(.samples) == 3)
      #expect(try lab.stale()[.samples] == .recalled)
      try await lab.run()
      #expect(try lab.ids(.samples).count == 6)
      #expect(try lab.records(.samples).allSatisfy { !made.contains($0.text) })
      #expect(try lab.stale() == [:])
      try lab.write(Recalls.path, "recalls:\n")
      try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
      #expect(try lab.state() == state)
      try lab.write(Recalls.path, "recalls:\n- {run: 20200101T000000Z-00000000}\n")
      let error = await #expect(throws: StoreError.self) { try await lab.run() }
      #expect(error?.message.hasPrefix("recalls.yaml:2: no version") == true)
      try lab.remove(Recalls.path)
      try await lab.run()
    }
  }

  @Test("A recalled model or template that is still used stops a run before anything is asked")
  func modelAndTemplate() async throws {
    try await withLab { lab, folder, state in
      let model = EmbeddedTeacher.modelIdentity(try Lab.parsed(Self.knobs).embeddedRates)
      let effect = try lab.recall("model:\(model)")
      #expect(effect.count(.samples) == 6 && effect.count(.proposals) > 0)
      #expect(try Set(lab.stale().keys).isSuperset(of: [.taxonomies, .strategies, .samples]))
      let never = ScriptedTeacher.texts("never asked")
      let error = await #expect(throws: SimulaError.self) { try await lab.run(teacher: never) }
      #expect(error?.message.contains("'generator'") == true)
      #expect(error?.hint?.contains("recipe.yaml") == true)
      let plan = PlanRun(lab.store, observer: NoticeList()) { _ in never }
      await #expect(throws: SimulaError.self) { try await plan.run() }
      try lab.set(["teachers", "default", "wrong-answers"], to: "0.1")
      try await lab.run()
      #expect(try lab.ids(.samples).count == 6)
      #expect(try await lab.differencesFromScratch(in: folder, "model") == [])
      for call in try lab.store.calls().map({ try $0.value() })
      where call["request"]?["model"]?.string == model {
        let id = Record(.calls, call).id
        #expect(try !lab.records(.samples).contains { $0["call"]?.string == id.hex })
      }
      try lab.write(Recalls.path, "recalls:\n")
      try lab.set(["teachers", "default", "wrong-answers"], to: "0.2")
      try await lab.run(teacher: never)
      #expect(try lab.state() == state)

      let template = "prompts/generate.mustache"
      #expect(try lab.recall(template).count(.samples) == 6)
      let refused = await #expect(throws: SimulaError.self) { try await lab.run(teacher: never) }
      #expect(refused?.message.contains(template) == true)
      #expect(never.requests.isEmpty)
      try lab.write(template, try lab.read(template) + "\nBe brief.\n")
      try await lab.run()
      #expect(try lab.ids(.samples).count == 6)
    }
  }

  @Test("A strategy whose root is recalled, and a tree with nothing left, say what to do")
  func nothingLeft() async throws {
    try await withLab { lab, _, _ in
      let sources = try #require(try lab.sources)
      let root = sources.strategies[0].roots[0]
      try lab.recall(root.text)
      let error = await #expect(throws: SimulaError.self) { try await lab.run() }
      #expect(error?.message.contains("recalls.yaml:") == true)
      #expect(error?.hint?.contains("strategies.yaml") == true)
      let whole = try #require(
        sources.taxonomies.first { tree in
          sources.strategies.contains { $0.roots.contains(tree.root.id) }
        })
      let lines = whole.children(of: whole.root.id).map { "- {node: \($0.id)}\n" }
      try lab.write(Recalls.path, "recalls:\n" + lines.joined())
      let empty = await #expect(throws: SimulaError.self) { try await lab.run() }
      #expect(empty?.message.contains(whole.root.name) == true)
      #expect(empty?.hint?.contains("taxonomy edit add") == true)
      // Planned anew, nothing builds on what is recalled.
      try lab.write(Recalls.path, "recalls:\n- {node: \(root)}\n")
      try await lab.run(replans: true)
      try lab.expectNothingRecalled()
      #expect(try lab.ids(.samples).count == 6)
      try lab.remove(Recalls.path)
      try await lab.run()
    }
  }

  @Test("Random recalls, given back in between, leave what a new dataset has", arguments: [1])
  func random(seed: Int) async throws {
    try await withLab { lab, folder, state in
      var random = SplitMix(seed)
      for step in 0..<3 {
        for _ in 0..<2 {
          let kind = [RecordKind.samples, .metaPrompts, .verdicts, .mixes].randomElement(
            using: &random)
          let records = try lab.head().records(kind ?? .samples)
          let record = try #require(records.randomElement(using: &random))
          try lab.recall(record.id.hex)
        }
        var lines = try lab.read(Recalls.path).split(
          separator: "\n", omittingEmptySubsequences: false)
        let entries = lines.indices.filter { lines[$0].hasPrefix("- ") }
        if step > 0, let line = entries.randomElement(using: &random) { lines.remove(at: line) }
        try lab.write(Recalls.path, lines.joined(separator: "\n"))
        try await lab.run()
        try lab.expectNothingRecalled()
        #expect(try await lab.differencesFromScratch(in: folder, "\(step)") == [], "step \(step)")
      }
      try lab.remove(Recalls.path)
      try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
      #expect(try lab.state() == state)
    }
  }
}

extension Recipe {
  /// The rates of its embedded teacher.
  fileprivate var embeddedRates: EmbeddedRates { teachers[.generator]?.embedded ?? EmbeddedRates() }
}
