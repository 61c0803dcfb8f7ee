import TestSupport
import Testing

@Suite("a server that is away")
struct OutageTests {
  @Test("one that is started again after three seconds is asked for the rest")
  func restart() async throws {
    let isStopped = Switch()
    // What comes until it stops is not answered, so that the run does not end before.
    let script = SimulaScript { _, _, count in count >= 40 && !isStopped.isOn ? .silence : nil }
    try await withServerDataset(script, FaultyRun.change) { dataset, _, server in
      let output = try await dataset.stemma.run(["run"]) { running in
        await running.wait { script.requestCount >= 40 }
        await server.stop()
        isStopped.isOn = true
        #expect(!running.hasEnded)
        try await Task.sleep(for: .seconds(3))
        let next = try await FakeChatServer.start(port: server.port, script.script)
        while await !running.wait(until: { running.hasEnded }) {}
        await next.stop()
      }
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(output.errorText.contains("failure: unreachable"))
      let cuts = output.errorText.ranges(of: "failure: cut").count
      #expect(cuts <= FaultyRun.concurrency * 2)
      try await FaultyRun.expectWhole(dataset, script)
    }
  }

  @Test(
    "a connection on which nothing comes any more costs the timeout, and one more request",
    arguments: [.silence, .stall, .drip("slow", every: .milliseconds(500))]
      as [FakeChatServer.Behaviour])
  func halfOpen(behaviour: FakeChatServer.Behaviour) async throws {
    let script = SimulaScript { _, _, count in
      [9, 20, 21, 50].contains(count) ? behaviour : nil
    }
    try await withServerDataset(
      script,
      {
        FaultyRun.change(&$0)
        $0.timeout = 2
      }
    ) { dataset, _, server in
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 0, "\(output.errorText)")
      let timeouts = output.errorText.ranges(of: "failure: timeout").count
      #expect(timeouts >= 4)
      #expect(script.log.repeatCount == timeouts)
      // On a busy machine an answer may come too late.
      try await FaultyRun.expectWhole(dataset, script, lost: timeouts - 4)
      await server.waitUntilIdle()
    }
  }
}
