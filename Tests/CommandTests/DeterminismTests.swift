import Foundation
import TestSupport
import Testing

/// One recipe and random seed give one dataset, however slow, busy or broken the way to it was.
@Suite("a dataset does not depend on how it was made", .serialized)
struct DeterminismTests {
  private static let samples = 10

  /// What a dataset is, and all that was asked for it.
  private struct Result: Equatable {
    var digest: String
    var questions: Set<Int>
  }

  @Test(
    "concurrency, latencies, failures of the server and kills change nothing",
    arguments: [3, 11, 2026])
  func same(randomSeed: Int) async throws {
    let whole = try await undisturbed(randomSeed)
    for concurrency in [1, 8, 256] {
      let made = try await disturbed(randomSeed, concurrency: concurrency)
      #expect(made.digest == whole.digest, "concurrency \(concurrency)")
      #expect(made.questions == whole.questions, "concurrency \(concurrency)")
    }
  }

  @Test("another concurrency is no change of the dataset")
  func concurrencyIsNoChange() async throws {
    try await withServerDataset(SimulaScript(), { $0.concurrency = 2 }) { dataset, recipe, _ in
      try await dataset.run()
      let digest = try await dataset.datasetDigest()
      let head = try await dataset.head()
      var other = recipe
      other.concurrency = 256
      try dataset.write(other)
      #expect(try await dataset.run().isUpToDate)
      #expect(try await dataset.head() == head)
      #expect(try await dataset.datasetDigest() == digest)
    }
  }

  private func change(
    _ recipe: inout TestRecipe, _ randomSeed: Int, concurrency: Int
  ) {
    recipe.samples = Self.samples
    recipe.randomSeed = randomSeed
    recipe.concurrency = concurrency
  }

  private func undisturbed(_ randomSeed: Int) async throws -> Result {
    let script = SimulaScript(wrongShare: 0.2, rejectedShare: 0.2)
    return try await withServerDataset(
      script, { change(&$0, randomSeed, concurrency: 4) }
    ) { dataset, _, _ in
      #expect(try await dataset.run().kept == Self.samples)
      #expect(script.log.repeatCount == 0)
      return Result(
        digest: try await dataset.datasetDigest(), questions: Set(script.log.seeds))
    }
  }

  /// Runs against a server with random latencies and failures, and kills some of the runs.
  private func disturbed(_ randomSeed: Int, concurrency: Int) async throws -> Result {
    let script = SimulaScript(
      jitter: .milliseconds(8), wrongShare: 0.2, rejectedShare: 0.2
    ) { _, _, count in
      var random = FixedRandom(seed: UInt64(count * 1000 + concurrency + randomSeed))
      return Int.random(in: 0..<20, using: &random) == 0
        ? .failure(500, "out of order", headers: ["retry-after-ms": "1"]) : nil
    }
    return try await withServerDataset(
      script, { change(&$0, randomSeed, concurrency: concurrency) }
    ) { dataset, _, server in
      var durable = Set<Int>()
      for _ in 0..<3 {
        let asked = script.requestCount
        let target = script.distinctCount + Int.random(in: 1..<50)
        let delay = Duration.microseconds(Int.random(in: 0..<20_000))
        let output = try await dataset.stemma.run(["run"]) { running in
          await running.wait(
            until: { script.distinctCount >= target }, after: delay, sending: SIGKILL)
        }
        #expect([0, -9].contains(output.exitCode), "\(output.errorText)")
        await server.waitUntilIdle()
        #expect(durable.isDisjoint(with: script.log.seeds[asked...]))
        durable = try await dataset.durableSeeds()
      }
      let asked = script.requestCount
      #expect(try await dataset.stemma.run(["run"]).exitCode == 0)
      #expect(durable.isDisjoint(with: script.log.seeds[asked...]))
      #expect(try await dataset.samples().count == Self.samples)
      try await dataset.expectSound()
      return Result(
        digest: try await dataset.datasetDigest(), questions: Set(script.log.seeds))
    }
  }
}
