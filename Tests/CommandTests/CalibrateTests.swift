import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma calibrate")
struct CalibrateTests {
  /// Lines of right answers to questions that the script understands.
  private static let gold = (0..<12).map { index in
    "{\"question\":\"What is \(index + 20) + \(7 * index)? (gold \(index))\","
      + "\"answer\":\(index + 20 + 7 * index)}\n"
  }.joined()

  @Test("It measures through the recipe's model, asks nothing twice, and changes no version")
  func gold() async throws {
    let script = SimulaScript(wrongShare: 0.3)
    try await withServerDataset(script, { $0.double = "ask" }) { dataset, _, _ in
      try await dataset.run()
      let head = try await dataset.head()
      try dataset.write(Self.gold, to: "../gold.jsonl")
      let arguments = ["calibrate", "--gold", "../gold.jsonl", "--count", "12"]
      let object = try #require(
        try await dataset.stemma.output(of: arguments + ["--json"]).objects.last)
      #expect(object["type"] == "calibration" && object["critic"] == "fake-1")
      let double = try #require(object["double"])
      #expect(double["form"] == "ask" && double["right-source"] == "gold")
      // The script's critic knows its sums, and its generator too when it is asked for one.
      #expect(double["right"] == ["accepted": 12, "judged": 12, "unjudged": 0])
      #expect(
        double["wrong"]
          == [["source": "changed", "accepted": 0, "judged": 12, "unjudged": 0]])
      #expect(double["generator-on-gold"] == ["accepted": 12, "judged": 12, "unjudged": 0])
      #expect(double["verdict"] == "helps")
      #expect(double["attempts"]?["accepted"] == 6)
      let accuracy = try #require(double["accuracy"])
      #expect(accuracy["value"]?.double == 1)
      let low = try #require(accuracy["low"]?.double)
      #expect(low > 0.5 && low < 1)
      #expect(object["requirements"]?["own-mix"]?["judged"] == 6)

      let asked = script.requestCount
      let output = try await dataset.stemma.output(of: arguments)
      #expect(script.requestCount == asked)
      #expect(output.text.contains("a  right answers accepted"))
      #expect(output.text.contains("12/12  of the gold file"))
      #expect(output.text.contains("Verdict: the critic helps"))
      #expect(output.text.contains("Requirement critic             accepted  95% interval"))
      #expect(output.text.contains("6/6  should be near 0"), "\(output.text)")
      #expect(output.text.contains("of which 0 asked"))
      #expect(output.errorText == "")
      #expect(try await dataset.head() == head)
      try await dataset.expectSound()
      #expect(try await dataset.run().isUpToDate)
    }
  }

  @Test("A critic that says yes to everything is not identifiable, and what to do is said")
  func yesSayer() async throws {
    let script = SimulaScript { task, _, _ in
      task == .isCorrect
        ? .answer("{\"reasoning\":\"r\",\"verdict\":\"yes\"}")
        : task == .isIncorrect ? .answer("{\"reasoning\":\"r\",\"verdict\":\"no\"}") : nil
    }
    try await withServerDataset(script, { $0.double = "ask" }) { dataset, _, _ in
      try await dataset.run()
      let output = try await dataset.stemma("calibrate")
      #expect(output.text.contains("circular: accepted samples"))
      #expect(output.text.contains("Verdict: not identifiable"))
      #expect(output.text.contains("next: write some dozens of questions"))
      #expect(output.text.contains("use a stronger critic"))
      let object = try #require(try await dataset.objects("calibrate").last)
      #expect(object["double"]?["accuracy"] == .null && object["double"]?["m"] == .null)
    }
  }

  @Test("Ctrl-C ends it with exit code 130, and the next one goes on")
  func interruption() async throws {
    let script = SimulaScript(latency: .milliseconds(150))
    try await withServerDataset(
      script,
      {
        $0.double = "ask"
        $0.concurrency = 16
      }
    ) { dataset, recipe, server in
      try await dataset.run()
      // One after the other, so that the signal comes long before the end.
      var slow = recipe
      slow.concurrency = 1
      try dataset.write(slow)
      let before = script.requestCount
      let output = try await dataset.stemma.run(["calibrate"]) { running in
        await running.wait(until: { script.requestCount >= before + 4 }, sending: SIGINT)
      }
      #expect(output.exitCode == 130, "\(output.errorText)")
      #expect(output.errorText.contains("every answer so far is kept"))
      #expect(output.text == "")
      await server.waitUntilIdle()
      let known = try await dataset.durableSeeds()
      #expect(known == Set(script.log.seeds))
      let asked = script.requestCount
      try await dataset.stemma("calibrate")
      #expect(known.isDisjoint(with: script.log.seeds[asked...]))
      try await dataset.expectSound(isCommitted: false)
    }
  }

  @Test("What cannot be read or measured is refused with what to do")
  func refusals() async throws {
    try await withServerDataset(SimulaScript(), { $0.double = "ask" }) { dataset, recipe, _ in
      try dataset.write("{\"question\":\"What is 1 + 1?\"}\n", to: "../bad.jsonl")
      let cases: [(arguments: [String], code: Int, message: String)] = [
        (["--gold", "nowhere.jsonl"], 1, "cannot read 'nowhere.jsonl'"),
        (["--gold", ".."], 1, "'..' is a folder"),
        (["--gold", "../bad.jsonl"], 1, "line 1 lacks the answer 'answer'"),
        ([], 1, "hint: name a file of right answers: --gold FILE"),
        (["--count", "0"], 64, "'--count 0' is outside"),
        (["-C", "../nowhere"], 3, "nowhere"),
      ]
      for (arguments, code, message) in cases {
        let output = try await dataset.stemma.run(["calibrate"] + arguments)
        #expect(output.exitCode == code, "\(arguments): \(output.errorText)")
        #expect(output.errorText.contains(message), "\(arguments): \(output.errorText)")
        #expect(output.text == "", "\(arguments)")
      }
      var off = recipe
      off.double = "off"
      try dataset.write(off)
      try dataset.write(Self.gold, to: "../gold.jsonl")
      let output = try await dataset.stemma.run(["calibrate", "--gold", "../gold.jsonl"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("no double critic"))
    }
  }
}
