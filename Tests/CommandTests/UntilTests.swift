import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma run --until", .serialized)
struct UntilTests {
  private static let stages = [
    "factors", "taxonomies", "strategies", "mixes", "meta-prompts", "samples",
  ]

  @Test("stage by stage gives what one run gives, and asks nothing twice")
  func stageByStage() async throws {
    let whole = SimulaScript(wrongShare: 0.2)
    let digest = try await withServerDataset(whole) { dataset, _, _ in
      try await dataset.run()
      return try await dataset.datasetDigest()
    }
    let script = SimulaScript(wrongShare: 0.2)
    try await withServerDataset(script) { dataset, _, _ in
      for (index, stage) in Self.stages.enumerated() {
        let result = try await dataset.run("--until", stage)
        #expect(!result.isUpToDate, "\(stage)")
        try await dataset.expectSound()
        let status = try #require(try await dataset.objects("status").first)
        let states = status["stages"]?.array?.compactMap { $0["state"]?.string } ?? []
        #expect(states.prefix(index + 1).allSatisfy { $0 == "fresh" }, "\(stage): \(states)")
        #expect(states.dropFirst(index + 1).allSatisfy { $0 != "fresh" }, "\(stage): \(states)")
        #expect(try await dataset.run("--until", stage).isUpToDate, "\(stage)")
      }
      #expect(script.log.repeatCount == 0)
      #expect(script.requestCount == whole.requestCount)
      #expect(try await dataset.datasetDigest() == digest)
      #expect(try await dataset.run().isUpToDate)
    }
  }

  @Test(
    "mixes and meta-prompts alone may follow samples, which then keep those they were made from")
  func beforeSamples() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let digest = try await dataset.datasetDigest()
      func counts() async throws -> [(slots: Int, samples: Int)] {
        try await dataset.objects("taxonomy", "show", "--depth", "0").compactMap { line in
          line["slots"]?.int.map { ($0, line["samples"]?.int ?? -1) }
        }
      }
      for stage in ["mixes", "meta-prompts"] {
        let text = try dataset.read("recipe.yaml")
        let seed = text.contains("random-seed: 7") ? "random-seed: 8" : "random-seed: 7"
        try dataset.write(text.replacing(/random-seed: \d+/, with: seed), to: "recipe.yaml")
        try await dataset.run("--until", stage)
        try await dataset.expectSound()
        #expect(try await dataset.datasetDigest() == digest)
        let roots = try await counts()
        #expect(!roots.isEmpty)
        // Three slots, each drawn twice by now, and one sample each.
        #expect(roots.allSatisfy { $0.slots <= 3 && $0.samples <= 3 && $0.samples > 0 }, "\(roots)")
      }
    }
  }

  @Test("each stage says what it stopped after", arguments: stages)
  func text(stage: String) async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      let output = try await dataset.stemma("run", "--until", stage)
      let expected =
        switch stage {
        case "samples": "Accepted 3 of 3 samples."
        case "mixes", "meta-prompts": "Stopped after \(stage), for 3 slots."
        default: "Stopped after \(stage)."
        }
      #expect(output.lines.first == expected)
      #expect(output.lines.last?.hasPrefix("Version: ") == true)
      let again = try await dataset.stemma("run", "--until", stage)
      let what = stage == "samples" ? "every stage" : "every stage up to \(stage)"
      #expect(again.text == "Nothing to do: \(what) is fresh.\n")
    }
  }
}
