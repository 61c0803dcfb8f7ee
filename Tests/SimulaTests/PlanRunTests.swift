import ArtifactStore
import Dataset
import Foundation
import Simula
import Teachers
import TestSupport
import Testing

@Suite("The plan of a run")
struct PlanRunTests {
  private func lab(in folder: URL, samples: Int, seed: Int) throws -> Lab {
    try Lab.make(
      in: folder, named: "seed-\(seed)",
      recipe: try Lab.recipe([
        (["samples"], "\(samples)"), (["random-seed"], "\(seed)"), (["prices"], Self.prices),
      ]), files: SlotHistoryTests.files(of: Garden.sources))
  }

  private static let prices = "{\(TeacherSettings.embeddedModel): {input: 1, output: 2}}"

  private func plan(_ lab: Lab, pilot: Int = 0) async throws -> RunEstimate {
    let plan = PlanRun(lab.store, observer: NoticeList()) { settings in
      EmbeddedTeacher(rates: settings.embedded)
    }
    return try await plan.run(pilotCount: pilot)
  }

  @Test("what a pilot lets expect holds what the run comes to, 19 times of 20")
  func pilot() async throws {
    try await withTemporaryDirectory { folder in
      var held = 0
      for seed in 1...20 {
        let lab = try lab(in: folder, samples: 60, seed: seed)
        let blind = try #require(try await plan(lab).total(\.calls))
        let estimate = try await plan(lab, pilot: 12)
        let likely = try #require(estimate.total(\.calls))
        #expect(estimate.stages.last?.cachedShare == 0.2)
        let actual = Double(try await lab.run().counts.asked)
        if likely.low <= actual, actual <= likely.high { held += 1 }
        #expect(likely.high - likely.low < 2 * actual)
        let all = try lab.store.calls().count
        #expect((blind.low...blind.high).contains(Double(all)))
      }
      #expect(held >= 17)
    }
  }

  @Test("nothing is asked without a pilot, and of a complete run nothing is left to ask")
  func complete() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try lab(in: folder, samples: 20, seed: 1)
      _ = try await plan(lab)
      #expect(try lab.store.calls().isEmpty)
      _ = try await lab.run()
      let done = try await plan(lab)
      #expect(done.total(\.calls) == Likely(exactly: 0))
      #expect(done.stages.last?.cachedShare == 1)
      // Twice as many: half of the answers are there.
      try lab.set(["samples"], to: "40")
      let more = try await plan(lab)
      let likely = try #require(more.total(\.calls))
      #expect(more.stages.last?.cachedShare == 0.5)
      let actual = Double(try await lab.run().counts.asked)
      #expect((likely.low...likely.high).contains(actual))
    }
  }

  @Test("sources that are not there are estimated from the recipe, and a pilot waits for them")
  func noSources() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "10")]), files: [:])
      let likely = try #require(try await plan(lab).total(\.calls))
      await #expect(throws: SimulaError.self) { try await plan(lab, pilot: 3) }
      let actual = Double(try await lab.run().counts.asked)
      #expect((likely.low...likely.high).contains(actual))
    }
  }
}
