import ArtifactStore
import TestSupport
import Testing

@testable import Simula

@Suite("Workers that derive a version again")
struct ReplayWorkersTests {
  private func replay(
    _ lab: Lab, workers: Int, slotsForMeans: Int
  ) async throws -> ReplayReport {
    var run = ReplayRun(try #require(try lab.store.head()), observer: NoticeList())
    run.workers = workers
    run.slotsForMeans = slotsForMeans
    return try await run.run()
  }

  @Test(
    "Whether they share what they ask and draw with does not tell in what comes out",
    arguments: [
      [], [(["meta-prompts", "instances"], "3")], [(["strategy", "order"], "coverage-first")],
    ] as [Lab.Knobs])
  func means(knobs: Lab.Knobs) async throws {
    try await withTemporaryDirectory { folder in
      let recipe = try Lab.recipe(knobs) + "gap-fill: {minimum: 2, limit: 6}\n"
      let lab = try Lab.make(in: folder, recipe: recipe)
      try await lab.run()
      let alone = try await replay(lab, workers: 1, slotsForMeans: 1)
      #expect(alone.isSame, "\(String(describing: alone.divergence))")
      #expect(alone.kinds.contains { $0.kind == .samples && $0.derived >= 12 })
      for slotsForMeans in [1, 5, .max] {
        let several = try await replay(lab, workers: 4, slotsForMeans: slotsForMeans)
        #expect(several.isSame, "\(String(describing: several.divergence))")
        #expect(several.kinds == alone.kinds)
        // Slots that share a mix may look for its scenarios at the same time.
        #expect(several.callCount == alone.callCount || !knobs.isEmpty)
      }
    }
  }

  @Test("Recalled mixes are avoided by all of them")
  func recalled() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      try await lab.run()
      let version = try #require(try lab.store.head())
      let mix = try #require(try version.live(.mixes).ids.min())
      try lab.recall(mix.hex)
      try await lab.run()
      let several = try await replay(lab, workers: 4, slotsForMeans: 1)
      #expect(several.isSame, "\(String(describing: several.divergence))")
      let after = try #require(try lab.store.head())
      #expect(!(try after.live(.mixes).ids.contains(mix)))
    }
  }
}
