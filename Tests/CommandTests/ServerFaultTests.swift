import Foundation
import TestSupport
import Testing

/// A server that does not do its work, and what a run must say about it.
struct ServerFault: Sendable, CustomTestStringConvertible {
  let name: String
  /// How many requests are answered before: growing takes 7, and samples follow.
  let after: Int
  /// What the server does instead of answering.
  let behaviour: FakeChatServer.Behaviour
  let message: String
  let hint: String
  var testDescription: String { name }

  static let all = [
    ServerFault(
      name: "a key that is refused", after: 4, behaviour: .failure(401, "who are you"),
      message: "refuses the API key (status 401): who are you",
      hint: "correct the API key in the environment variable 'SUMS_KEY'"),
    ServerFault(
      name: "an unknown model", after: 12, behaviour: .failure(404, "no model fake-1"),
      message: "does not know the model 'fake-1' or the path (status 404): no model fake-1",
      hint: "correct model or base-url"),
    ServerFault(
      name: "a request that is refused",
      after: 4, behaviour: .failure(400, "no json_schema here"),
      message: "rejected the request for 'fake-1' (status 400): no json_schema here",
      hint: "correct teachers.default in recipe.yaml"),
    ServerFault(
      name: "a spent quota", after: 12,
      behaviour: .failure(429, "pay first", code: "insufficient_quota"),
      message: "the quota at", hint: "all answers so far are kept"),
    ServerFault(
      name: "a long wait that is asked for", after: 4,
      behaviour: .failure(429, "slow down", headers: ["retry-after": "900"]),
      message: "asks to wait 900 s (status 429): slow down",
      hint: "all answers so far are kept"),
    ServerFault(
      name: "failures that stay", after: 4, behaviour: .failure(500, "out of memory"),
      message: "failed after 6 tries (status 500): out of memory", hint: "the server's own log"),
    ServerFault(
      name: "connections that are cut within the answer", after: 0, behaviour: .cutMidBody,
      message: "after 6 tries: the response is not HTTP or ends too early",
      hint: "the server's own log"),
    ServerFault(
      name: "connections that are cut before the answer", after: 0, behaviour: .cut,
      message: "after 6 tries: the connection was closed", hint: "the server's own log"),
  ]
}

@Suite("a server that fails")
struct ServerFaultTests {
  @Test("the run says why, keeps what it has, and goes on later", arguments: ServerFault.all)
  func fault(fault: ServerFault) async throws {
    let isBroken = Switch()
    let script = SimulaScript { _, _, count in
      isBroken.isOn && count >= fault.after ? fault.behaviour : nil
    }
    let variables = ["SUMS_KEY": "key-of-sums"]
    try await withServerDataset(
      script, variables: variables,
      {
        $0.shrink()
        $0.keyVariable = "SUMS_KEY"
      }
    ) { dataset, _, _ in
      let head = try await dataset.head()
      isBroken.isOn = true
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("stemma: "))
      #expect(output.errorText.contains(fault.message), "\(output.errorText)")
      #expect(output.errorText.contains(fault.hint), "\(output.errorText)")
      try await dataset.expectSound(isCommitted: false)
      // The grown sources are a version of their own.
      #expect(try await (dataset.head() == head) == (fault.after < 7))
      let kept = try await dataset.samples().count
      #expect(
        try await dataset.runRecords().count == (fault.after < 7 ? 0 : 1) + (kept > 0 ? 1 : 0))
      #expect(kept < 3)
      let log = try await dataset.stemma("log")
      #expect((kept > 0) == (log.lines.first?.hasSuffix("partial") == true))
      let durable = try await dataset.durableSeeds()
      #expect((fault.after - 4...fault.after).contains(durable.count))

      isBroken.isOn = false
      let asked = script.requestCount
      #expect(try await dataset.run().kept == 3)
      #expect(durable.isDisjoint(with: script.log.seeds[asked...]))
      try await dataset.expectSound()
    }
  }

  @Test("a server that is down is named with its address")
  func down() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, recipe, server in
      let head = try await dataset.head()
      await server.stop()
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("cannot reach '\(recipe.baseURL)'"))
      #expect(output.errorText.contains("start the server or correct teachers.default.base-url"))
      #expect(try await dataset.head() == head)
      try await dataset.expectSound(isCommitted: false)
    }
  }

  @Test("a few failures among many answers cost nothing but time")
  func transient() async throws {
    let script = SimulaScript { _, _, count in
      switch count {
      case 3: .failure(503, "busy")
      case 9: .cutMidBody
      case 15: .failure(429, "slow down", headers: ["retry-after": "0"])
      default: nil
      }
    }
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      let output = try await dataset.stemma("run")
      #expect(output.text.contains("Accepted 3 of 3 samples."))
      #expect(output.errorText.contains("note: asking again after a failure"))
      #expect(script.log.repeatCount == 3)
      try await dataset.expectSound()
    }
  }
}
