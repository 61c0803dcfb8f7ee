import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Simula
import Teachers
import TestSupport
import Testing

@Suite("Knobs of the data stages")
struct KnobTests {
  /// The meta-prompt records of each slot's first attempt.
  private func metaPrompts(
    _ bench: Bench, _ teacher: any Teacher, slots: Int, _ change: (inout Recipe) -> Void
  ) async throws -> [[JSON]] {
    var recipe = bench.recipe
    change(&recipe)
    let work = try SlotWork(
      try bench.asker(teacher, recipe: recipe), sources: AttemptTests.sources, until: .metaPrompts)
    var records: [[JSON]] = []
    for slot in 0..<slots {
      let outcome = try await work.run(slot: .numbered(slot), from: 0)
      records.append(
        try outcome.value.records.filter { $0.kind == .metaPrompts }.map { record in
          try record.value()
        })
    }
    return records
  }

  @Test("Raising the share of complexified scenarios only adds some, lowering it only removes")
  func complexity() async throws {
    try await Bench.with { bench in
      var before = Set<Int>()
      var plain: [JSON] = []
      for fraction in [0, 0.2, 0.5, 0.8, 1] {
        let slots = try await metaPrompts(bench, EmbeddedTeacher(rates: .init()), slots: 60) {
          $0.complexity.fraction = fraction
        }
        let complex = Set(slots.indices.filter { slots[$0].count == 2 })
        #expect(complex.isSuperset(of: before))
        #expect(abs(Double(complex.count) - 60 * fraction) <= 16)
        // The scenario before it is made harder is the same whatever the share.
        if plain.isEmpty { plain = slots.map { $0[0] } }
        #expect(slots.map { $0[0] } == plain)
        for slot in complex { #expect(slots[slot][1]["from"]?.string != nil) }
        before = complex
      }
      #expect(before.count == 60)
    }
  }

  @Test("One of K scenarios is used, each about as often, and the same every time")
  func oneOfK() async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher { request throws(TeacherError) in
        let names = (0..<4).map { "scenario \($0) for \(request.draw)" }
        return .stop((["scenarios": .array(names.map { .string($0) })] as JSON).text)
      }
      let change = { (recipe: inout Recipe) in
        recipe.metaPrompts.candidates = 4
        recipe.complexity.fraction = 0
      }
      let slots = try await metaPrompts(bench, teacher, slots: 240, change)
      var counts = [0, 0, 0, 0]
      for (number, slot) in slots.enumerated() {
        let index = try #require(slot[0]["index"]?.int)
        counts[index] += 1
        #expect(slot[0]["text"]?.string == "scenario \(index) for slot \(number) attempt 0")
      }
      let statistic = counts.reduce(0.0) { $0 + Double(($1 - 60) * ($1 - 60)) / 60 }
      #expect(statistic < 21.1)
      #expect(try await metaPrompts(bench, teacher, slots: 240, change) == slots)
      #expect(teacher.requests.count == 240)
    }
  }

  @Test("Scenarios that are the same count once, and no more than K are looked at")
  func distinctScenarios() async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher.texts(
        "{\"scenarios\":[\" A  story \",\"a story\",\"\",\"Another\",\"Too many\",\"More\"]}")
      let slots = try await metaPrompts(bench, teacher, slots: 40) {
        $0.metaPrompts.candidates = 2
        $0.complexity.fraction = 0
      }
      #expect(Set(slots.compactMap { $0[0]["text"]?.string }) == ["A story", "Another"])
    }
  }

  @Test("Of equal questions the earliest slot keeps its own, and the others try again")
  func duplicates() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe(AttemptTests.steady + [(["samples"], "9")]))
      let same = [
        "slot 1 attempt 0": "Tom has 3 cakes and buys 4 more cakes. How many has he now?",
        "slot 4 attempt 0": "tom has 3 CAKES and buys 4 more cakes. how many has he now?",
        "slot 4 attempt 1": " Tom has 3 cakes and buys\n4 more cakes. How many has he now?",
        "slot 6 attempt 0": "Tom has 3 cakes and buys 4 more cakes.  How many has he now? ",
      ]
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
        if request.task.hasPrefix("ask") {
          let isCorrect = request.task == "ask-correct"
          return .stop("{\"reasoning\":\"r\",\"verdict\":\"\(isCorrect ? "yes" : "no")\"}")
        }
        guard request.task == "generate", let question = same[request.draw] else { return nil }
        let sample: JSON = ["question": .string(question), "reasoning": "r", "answer": 7]
        return .stop(sample.text)
      }
      try await lab.run(teacher: teacher)
      let attempts = Dictionary(
        uniqueKeysWithValues: try lab.records(.samples).map {
          ($0["slot"]?.int ?? -1, $0["attempt"]?.int ?? -1)
        })
      #expect(attempts == [0: 0, 1: 0, 2: 0, 3: 0, 4: 2, 5: 0, 6: 1, 7: 0, 8: 0])
      let rejections = try lab.records(.rejections)
      #expect(rejections.allSatisfy { $0["reason"]?.string == "duplicate" })
      #expect(
        Set(rejections.map { "slot \($0["slot"]?.int ?? -1) attempt \($0["attempt"]?.int ?? -1)" })
          == Set(same.keys).subtracting(["slot 1 attempt 0"]))
      // The verdicts on a duplicate name what the rejection holds.
      let judged = Set(try lab.records(.verdicts).compactMap { $0["sample"]?.string })
      #expect(rejections.allSatisfy { judged.contains($0["sample"]?.string ?? "") })
      #expect(try Verification(lab.store).damages == [])
    }
  }

  @Test("No sample has a question of a held-out set, and its slot tries again")
  func heldOut() async throws {
    try await withTemporaryDirectory { folder in
      let recipe = try Lab.recipe(AttemptTests.steady + [(["samples"], "9")])
      let free = try Lab.make(in: folder, named: "free", recipe: recipe)
      try await free.run()
      let before = try free.records(.samples).sorted {
        ($0["slot"]?.int ?? 0) < ($1["slot"]?.int ?? 0)
      }
      let questions = [2, 5].compactMap { before[$0]["value"]?["question"] }
      let set = questions.map { JSON.object(JSONObject([("prompt", $0)])).text }
      let lab = try Lab.make(
        in: folder,
        recipe: recipe
          + "\nduplicates: {held-out: [{path: tests/held-out.jsonl, question: [prompt]}]}\n",
        files: ["tests/held-out.jsonl": set.joined(separator: "\n")])
      let report = try await lab.run()
      #expect(report.kept == 9)
      #expect((report.rejections[.heldOut] ?? 0) >= 2)
      let after = try lab.records(.samples).sorted {
        ($0["slot"]?.int ?? 0) < ($1["slot"]?.int ?? 0)
      }
      #expect(!after.contains { questions.contains($0["value"]?["question"] ?? .null) })
      for slot in [0, 1, 3, 4, 6, 7, 8] { #expect(after[slot] == before[slot]) }
      let details = try lab.records(.rejections).filter { $0["reason"]?.string == "held-out" }
        .compactMap { $0["detail"]?.string }
      #expect(details.contains("item 1 of 'tests/held-out.jsonl' asks the same"))
      #expect(try Verification(lab.store).damages == [])
      // The held-out set is a source: another one makes the samples stale.
      try lab.write("tests/held-out.jsonl", "")
      #expect(try await lab.run().kept == 9)
      #expect(try lab.records(.samples).count == 9)
      #expect(Set(try lab.records(.samples)) == Set(before))
    }
  }
}
