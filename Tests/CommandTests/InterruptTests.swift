import Foundation
import TestSupport
import Testing

@Suite("a run that is interrupted", .serialized)
struct InterruptTests {
  static let moments: [(signal: Int32, request: Int)] = [(SIGINT, 10), (SIGINT, 45), (SIGTERM, 30)]

  @Test("it stops with exit code 130, and the next run goes on where it was", arguments: moments)
  func interruption(signal: Int32, request: Int) async throws {
    let whole = SimulaScript(wrongShare: 0.2)
    let digest = try await withServerDataset(whole, { $0.samples = 8 }) { dataset, _, _ in
      try await dataset.run()
      return try await dataset.datasetDigest()
    }
    // Answers take long, so that some are under way when the signal comes.
    let script = SimulaScript(latency: .milliseconds(250), wrongShare: 0.2)
    try await withServerDataset(script, { $0.samples = 8 }) { dataset, _, server in
      let output = try await dataset.stemma.run(["run"]) { running in
        await running.wait(until: { script.requestCount >= request }, sending: signal)
      }
      #expect(output.exitCode == 130)
      #expect(output.errorText.contains("every answer so far is kept"))
      await server.waitUntilIdle()
      let asked = script.requestCount
      #expect(asked < whole.requestCount)
      try await dataset.expectSound(isCommitted: false)
      let durable = try await dataset.durableSeeds()
      // What was under way has ended, and none of it is lost.
      #expect(durable == Set(script.log.seeds))

      #expect(try await dataset.run().kept == 8)
      #expect(durable.isDisjoint(with: script.log.seeds[asked...]))
      #expect(try await dataset.datasetDigest() == digest)
      try await dataset.expectSound()
    }
  }

  @Test("samples that are there already become a partial version")
  func partial() async throws {
    let growth = SimulaScript()
    let planned = try await withServerDataset(growth, { $0.samples = 40 }) { dataset, _, _ in
      try await dataset.run("--until", "strategies")
      return growth.requestCount
    }
    let script = SimulaScript(latency: .milliseconds(30))
    try await withServerDataset(script, { $0.samples = 40 }) { dataset, _, _ in
      let output = try await dataset.stemma.run(["run"]) { running in
        await running.wait(until: { script.requestCount >= planned + 120 }, sending: SIGINT)
      }
      #expect(output.exitCode == 130)
      #expect(output.errorText.contains("of 40 samples are committed as a partial version"))
      let kept = try await dataset.samples().count
      #expect(kept > 0)
      #expect(kept < 40)
      try await dataset.expectSound()
      let log = try await dataset.stemma("log")
      #expect(log.lines.first?.contains("Make \(kept) samples of 40") == true)
      #expect(log.lines.first?.hasSuffix("partial") == true)
      let status = try await dataset.stemma("status")
      #expect(status.text.contains("partial: \(40 - kept) of 40 missing: the run was stopped"))
      #expect(try await dataset.run().kept == 40)
      #expect(try await dataset.stemma("status").text.hasSuffix("Nothing to do.\n"))
      try await dataset.expectSound()
    }
  }

  @Test("a second signal stops it at once, and nothing is damaged", arguments: [0, 3, 12, 50])
  func twice(milliseconds: Int) async throws {
    let silence = Switch()
    silence.isOn = true
    let script = SimulaScript { _, _, count in count >= 80 && silence.isOn ? .silence : nil }
    try await withServerDataset(script, FaultyRun.change) { dataset, _, server in
      let output = try await dataset.stemma.run(["run"]) { running in
        await running.wait(until: { script.requestCount >= 80 }, sending: SIGINT)
        await running.wait(after: .milliseconds(milliseconds), sending: SIGINT)
      }
      #expect(output.exitCode == 130, "\(output.errorText)")
      await server.waitUntilIdle()
      silence.isOn = false
      try await dataset.expectSound(isCommitted: false)
      let durable = try await dataset.durableSeeds()
      let asked = script.requestCount
      try await dataset.run()
      #expect(durable.isDisjoint(with: script.log.seeds[asked...]))
      try await FaultyRun.expectWhole(dataset, script, lost: FaultyRun.concurrency)
    }
  }
}
