import Foundation
import TestSupport
import Testing

@Suite("a run that is killed")
struct KillTests {
  private static let kills = 20
  private static let concurrency = 4

  private static func script() -> SimulaScript {
    SimulaScript(latency: .milliseconds(3), wrongShare: 0.15, rejectedShare: 0.15)
  }

  private static func change(_ recipe: inout TestRecipe) {
    recipe.samples = 8
    recipe.concurrency = concurrency
  }

  @Test("no durable answer is asked for again, and in the end the same dataset is there")
  func kills() async throws {
    let (digest, total) = try await undisturbed()
    let script = Self.script()
    try await withServerDataset(script, Self.change) { dataset, _, server in
      var random = FixedRandom(seed: 20)
      var durable = Set<Int>()
      var lost = 0
      var killed = 0
      for number in 1...Self.kills {
        let asked = script.requestCount
        // Spread over all requests; the last ones hit the writing of the version.
        let target = min(total, number * (total + 4) / Self.kills)
        let delay = Duration.microseconds(Int.random(in: 0..<20_000, using: &random))
        let output = try await kill(dataset, delay: delay) { script.distinctCount >= target }
        #expect([0, -9].contains(output.exitCode), "\(output.errorText)")
        if output.exitCode == -9 { killed += 1 }
        await server.waitUntilIdle()
        try await dataset.expectSound(isCommitted: false)

        let seeds = script.log.seeds
        let repeated = durable.intersection(seeds[asked...])
        #expect(repeated.isEmpty, "kill \(number): durable answers were asked for again")
        durable = try await dataset.durableSeeds()
        let unrecorded = Set(seeds).subtracting(durable)
        #expect(unrecorded.count <= Self.concurrency * 2, "kill \(number)")
        lost += unrecorded.count
      }
      // On a busy machine a run may end before its signal comes, and then has nothing left to do.
      #expect(killed >= Self.kills / 4)

      let asked = script.requestCount
      let last = try await dataset.run()
      #expect(last.kept == 8)
      #expect(durable.isDisjoint(with: script.log.seeds[asked...]))
      #expect(script.log.repeatCount <= lost)
      #expect(script.distinctCount == total)
      #expect(try await dataset.datasetDigest() == digest)
      try await dataset.expectSound()
    }
  }

  private func undisturbed() async throws -> (digest: String, requests: Int) {
    let script = Self.script()
    return try await withServerDataset(script, Self.change) { dataset, _, _ in
      try await dataset.run()
      return (try await dataset.datasetDigest(), script.requestCount)
    }
  }

  private func kill(
    _ dataset: TestDataset, delay: Duration, after isDue: @escaping @Sendable () -> Bool
  ) async throws -> StemmaProgram.Output {
    try await dataset.stemma.run(["run"]) { running in
      await running.wait(until: isDue, after: delay, sending: SIGKILL)
    }
  }
}
