import Foundation
import TestSupport
import Testing

/// What a server does with some of its requests for a while.
struct PassingFault: Sendable, CustomTestStringConvertible {
  let name: String
  let behaviour: FakeChatServer.Behaviour
  /// Of so many requests one fails.
  var oneOf = 1
  /// How long, beginning at the tenth request.
  var time = Duration.seconds(2)
  var testDescription: String { name }

  static let slowDown = FakeChatServer.Behaviour.failure(429, "slow down")
  static let waitASecond = FakeChatServer.Behaviour.failure(
    429, "slow down", headers: ["retry-after": "1"])

  static let all = [
    PassingFault(name: "every other request refused", behaviour: slowDown, oneOf: 2),
    PassingFault(
      name: "every other request refused for a second", behaviour: waitASecond, oneOf: 2),
    PassingFault(name: "all requests refused", behaviour: slowDown),
    PassingFault(name: "all requests refused for a second", behaviour: waitASecond),
    PassingFault(name: "a server that is overloaded", behaviour: .failure(503, "busy")),
    PassingFault(
      name: "one failure in ten", behaviour: .failure(500, "out of order"), oneOf: 10,
      time: .seconds(600)),
    PassingFault(
      name: "one connection in ten cut", behaviour: .cut, oneOf: 10, time: .seconds(600)),
    PassingFault(
      name: "one answer in ten cut", behaviour: .cutMidBody, oneOf: 10, time: .seconds(600)),
  ]
}

@Suite("faults that pass")
struct StormTests {
  @Test(
    "no answer is lost, none asked for twice, and the dataset is the same",
    arguments: PassingFault.all)
  func storm(fault: PassingFault) async throws {
    let storm = Storm()
    let script = SimulaScript { _, _, count in
      guard count >= 10, storm.lasts(fault.time) else { return nil }
      var random = FixedRandom(seed: UInt64(count))
      return Int.random(in: 0..<fault.oneOf, using: &random) == 0 ? fault.behaviour : nil
    }
    try await withServerDataset(script, FaultyRun.change) { dataset, _, _ in
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(output.errorText.contains("note: asking again after a failure"))
      #expect(script.requestCount > script.log.answered.count)
      try await FaultyRun.expectWhole(dataset, script)
    }
  }

  @Test("a server that always has too many is waited for, until a person stops that")
  func stopped() async throws {
    let script = SimulaScript { _, _, count in count >= 8 ? PassingFault.slowDown : nil }
    try await withServerDataset(script, FaultyRun.change) { dataset, _, _ in
      let output = try await dataset.stemma.run(["run"]) { running in
        await running.wait(until: { script.requestCount >= 60 }, sending: SIGINT)
      }
      #expect(output.exitCode == 130, "\(output.errorText)")
      #expect(output.errorText.contains("failure: status 429"))
      #expect(output.errorText.contains("every answer so far is kept"))
      try await dataset.expectSound(isCommitted: false)
      #expect(try await dataset.durableSeeds() == Set(script.log.answered))
    }
  }

  @Test(
    "an answer counts whatever type it claims to be",
    arguments: ["text/html", "", "text/plain; charset=x"])
  func contentType(type: String) async throws {
    let script = SimulaScript()
    try await withServerDataset(
      script, FaultyRun.change,
      serving: { asked in
        _ = script.script(asked)
        let text = script.answerText(to: asked.body) ?? ""
        return .text(FakeChatServer.completion(text), contentType: type)
      }
    ) { dataset, _, _ in
      try await dataset.run()
      #expect(script.log.repeatCount == 0)
      try await FaultyRun.expectWhole(dataset, script)
    }
  }
}
