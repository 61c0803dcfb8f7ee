import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers
import TestSupport
import Testing

/// Runs after recalls derive only the slots that these concern, to what a run of all slots comes to.
@Suite("Only recalled slots are derived again")
struct RecalledSlotsTests {
  private typealias Edits = SlotHistoryTests

  /// Something at random that can be recalled, but whole models, templates and runs.
  private static func target(in lab: Lab, _ random: inout SplitMix) throws -> String {
    let kinds: [RecordKind] = [.samples, .rejections, .metaPrompts, .mixes, .mixes]
    let kind = kinds.randomElement(using: &random) ?? .samples
    let records = try lab.head().records(kind)
    if let record = records.randomElement(using: &random), Int.random(in: 0..<5, using: &random) > 0
    {
      return record.id.hex
    }
    let taxonomy = try #require(try lab.sources?.taxonomies.randomElement(using: &random))
    return try #require(taxonomy.leaves.randomElement(using: &random)).id.text
  }

  @Test(
    "After any recalls and edits it is as from scratch, where questions collide", arguments: 1...4)
  func recalls(_ seed: Int) async throws {
    try await withTemporaryDirectory { folder in
      var random = SplitMix(seed * 6007)
      let teacher = Edits.teacher
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(Edits.knobs))
      try await lab.run(teacher: teacher)
      var history: [String] = []
      var shortest = Int.max
      for step in 0..<5 {
        for _ in 0..<Int.random(in: 1...2, using: &random) {
          let target = try Self.target(in: lab, &random)
          let effect = try lab.recall(target)
          history.append("recall \(effect.targets.map { "\($0.subject)" })")
        }
        let edit: RandomEdit? =
          switch Int.random(in: 0..<4, using: &random) {
          case 0: .reweight
          case 1: .knob(["samples"], "\(Int.random(in: 36...44, using: &random))")
          default: nil
          }
        if let edit {
          history.append("\(edit)")
          try edit.apply(to: lab, &random)
        }
        let report = try await lab.run(teacher: teacher)
        try lab.expectNothingRecalled()
        let fresh = try Lab.make(
          in: folder, named: "fresh-\(step)", recipe: "", files: try lab.inputs())
        let whole = try await fresh.run(teacher: teacher)
        let differences = try lab.state().differences(fresh.state())
        #expect(differences == [], "seed \(seed): \(history.joined(separator: "; "))")
        #expect(report.rejections == whole.rejections, "\(history)")
        #expect((report.kept, report.exhaustedSlots) == (whole.kept, whole.exhaustedSlots))
        shortest = min(shortest, report.counts.asked + report.counts.cached)
      }
      #expect(shortest < 40, "\(history)")
      #expect(try Verification(lab.store).damages == [])
    }
  }

  @Test("A recalled sample costs its slot alone, and taking the recall back costs all")
  func proportion() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "60")]),
        files: Edits.files(of: Garden.sources))
      let first = try await lab.run()
      let state = try lab.state()
      let sample = try #require(try lab.head().records(.samples).dropFirst(7).first)
      try lab.recall(sample.id.hex)
      let report = try await lab.run()
      #expect(report.kept == 60)
      #expect((1..<20).contains(report.counts.asked + report.counts.cached))
      #expect(try await lab.differencesFromScratch(in: folder, "1") == [])
      // What a person writes, without the key, and whose records are all there.
      let other = try #require(try lab.head().records(.samples).dropFirst(30).first)
      let call = try #require(try other.value()["call"]?.string)
      let text = try lab.read(Recalls.path)
      try lab.write(Recalls.path, text + "- {call: \(call)}\n")
      let byHand = try await lab.run()
      #expect((1..<20).contains(byHand.counts.asked + byHand.counts.cached))
      try lab.expectNothingRecalled()
      // A call that is not here may be that of any slot.
      try lab.write(Recalls.path, text + "- {call: \(String(repeating: "ab", count: 32))}\n")
      let unknown = try await lab.run()
      #expect(unknown.counts.cached > first.counts.asked / 2)
      #expect(try await lab.differencesFromScratch(in: folder, "2") == [])
      try lab.write(Recalls.path, "recalls:\n")
      let back = try await lab.run(teacher: ScriptedTeacher.texts("never"))
      #expect(back.counts.cached == first.counts.asked)
      #expect(try lab.state() == state)
    }
  }
}
