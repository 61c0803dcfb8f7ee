import CanonicalJSON
import Foundation
import Synchronization
import TestSupport
import Testing

/// A complete answer that cannot be used, and what a run must say about it.
struct AnswerFault: Sendable, CustomTestStringConvertible {
  let name: String
  let behaviour: FakeChatServer.Behaviour
  let message: String
  var testDescription: String { name }

  static let all = [
    AnswerFault(
      name: "prose", behaviour: .answer("Sure! Here you are."), message: "it is not JSON"),
    AnswerFault(
      name: "JSON of the wrong shape", behaviour: .answer(#"{"factor": 1, "verdict": true}"#),
      message: "it breaks the schema"),
    AnswerFault(
      name: "two JSON objects", behaviour: .answer(#"{"factors": []} {"factors": []}"#),
      message: "something follows the first JSON value"),
    AnswerFault(
      name: "a cut answer", behaviour: .answer(#"{"question": "What"#, finish: "length"),
      message: "it was cut by the token limit"),
    AnswerFault(name: "an empty answer", behaviour: .answer(""), message: "it was empty"),
    AnswerFault(
      name: "a refusal",
      behaviour: .message(["role": "assistant", "refusal": "I may not."], finish: "stop"),
      message: "it was a refusal"),
    AnswerFault(
      name: "a filtered answer", behaviour: .answer("", finish: "content_filter"),
      message: "it was held back by a content filter"),
    AnswerFault(
      name: "a body that is no completion", behaviour: .text(#"{"hello": "there"}"#),
      message: "the response is not what the protocol says"),
    AnswerFault(
      name: "bytes that are no UTF-8", behaviour: .notUTF8,
      message: "the response is not what the protocol says"),
    AnswerFault(
      name: "an integer beyond what JSON carries",
      behaviour: .answer(#"{"question":"q","reasoning":"r","answer":12345678901234567890}"#),
      message: "it is not JSON"),
  ]
}

/// Gives each conversation that begins a number, in the order they begin.
private final class Conversations: Sendable {
  private let numbers = Mutex<[String: Int]>([:])

  func number(of request: FakeChatServer.RequestInfo) -> Int {
    // What a later try says in the same message does not count.
    let name = (request.json?["messages"]?.array ?? []).prefix(2)
      .map { ($0["content"]?.string ?? "").split(separator: /\n\n(Be brief|That answer)/)[0] }
      .joined()
    return numbers.withLock { numbers in
      let number = numbers[name] ?? numbers.count
      numbers[name] = number
      return number
    }
  }
}

@Suite("answers that cannot be used", .serialized)
struct AnswerFaultTests {
  @Test(
    "for factors: three tries each, then the run says so",
    arguments: AnswerFault.all.filter { ["prose", "an empty answer"].contains($0.name) })
  func factors(fault: AnswerFault) async throws {
    let script = SimulaScript { task, _, _ in task == .factors ? fault.behaviour : nil }
    try await withServerDataset(script) { dataset, _, _ in
      let head = try await dataset.head()
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(
        output.errorText.contains("no proposal of factors could be used after 3 tries each: "))
      #expect(output.errorText.contains(fault.message), "\(output.errorText)")
      #expect(output.errorText.contains("hint: use a model that answers in JSON"))
      #expect(try await dataset.head() == head)
      #expect(script.requestCount == 6)
      #expect(script.log.repeatCount == 0)
      try await dataset.expectSound(isCommitted: false)
      // An answer is an answer: the next run meets the same ones and asks nothing.
      #expect(try await dataset.stemma.run(["run"]).exitCode == 1)
      #expect(script.requestCount == 6)
    }
  }

  @Test("for samples: their slots are spent, further ones open, and each rejection says why")
  func samples() async throws {
    let conversations = Conversations()
    let faults = AnswerFault.all
    let script = SimulaScript { task, request, _ in
      guard task == .sample else { return nil }
      let number = conversations.number(of: request)
      return number < faults.count ? faults[number].behaviour : nil
    }
    try await withServerDataset(
      script,
      {
        $0.shrink()
        $0.samples = 12
        $0.more = "  extra: 1"
      }
    ) { dataset, _, _ in
      let result = try await dataset.run()
      #expect(result.kept == 12)
      #expect(script.log.tasks[.sample] == 12 + faults.count * 3)
      #expect(script.log.repeatCount == 0)
      try await dataset.expectSound()
      let rejections = try await dataset.objects("list", "rejections")
      #expect(rejections.count == faults.count)
      #expect(rejections.allSatisfy { $0["value"]?["reason"]?.string == "unreadable" })
      let details = rejections.compactMap { $0["value"]?["detail"]?.string }
      for fault in faults {
        #expect(details.contains { $0.contains("sample: \(fault.message)") }, "\(fault.name)")
      }
      #expect(try await dataset.run().isUpToDate)
    }
  }

  @Test("when nothing but them comes, the run does not go on for ever")
  func hopeless() async throws {
    let script = SimulaScript { task, _, _ in task == .sample ? .answer("No.") : nil }
    try await withServerDataset(
      script,
      {
        $0.shrink()
        $0.samples = 40
      }
    ) { dataset, _, _ in
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("no sample was accepted in 25 slots: unreadable: sample: "))
      #expect(output.errorText.contains("hint: see 'stemma list rejections'"))
      try await dataset.expectSound()
      #expect(try await dataset.samples().isEmpty)
      #expect(try await dataset.objects("list", "rejections").count == 25)
      #expect(try await dataset.runRecords().count == 2)
      #expect(try await dataset.stemma("log").lines.first?.hasSuffix("partial") == true)
    }
  }

  @Test("now and then they cost one more request each")
  func recovery() async throws {
    // The conversation is longer in the second try, which goes well.
    let script = SimulaScript { _, request, count in
      guard count % 3 == 1, request.json?["messages"]?.array?.count == 2 else { return nil }
      return AnswerFault.all[count / 3 % AnswerFault.all.count].behaviour
    }
    try await withServerDataset(script) { dataset, _, _ in
      let result = try await dataset.run()
      #expect(result.kept == 6)
      #expect(result.asked == script.requestCount)
      #expect(script.log.repeatCount == 0)
      try await dataset.expectSound()
      #expect(try await dataset.run().isUpToDate)
    }
  }

  @Test(
    "a critic that answers nothing useful rejects, it does not let pass",
    arguments: [SimulaScript.Task.judge, .solve])
  func critic(task broken: SimulaScript.Task) async throws {
    let script = SimulaScript { task, _, _ in task == broken ? .answer("Looks good!") : nil }
    try await withServerDataset(
      script,
      {
        $0.shrink()
        $0.double = "solve"
      }
    ) { dataset, _, _ in
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("unjudged"))
      #expect(try await dataset.samples().isEmpty)
      try await dataset.expectSound()
    }
  }

  @Test("some slots that fail leave fewer samples, a statement of that, and exit code 2")
  func shortfall() async throws {
    let script = SimulaScript { task, request, _ in
      task == .sample && request.body.count % 2 == 0 ? .answer("no") : nil
    }
    try await withServerDataset(
      script,
      {
        $0.shrink()
        $0.samples = 20
        $0.more = "  extra: 0"
      }
    ) { dataset, _, _ in
      let output = try await dataset.stemma.run(["run"])
      let kept = try await dataset.samples().count
      #expect(kept > 0)
      #expect(kept < 20)
      #expect(output.exitCode == 2)
      #expect(output.text.contains("Accepted \(kept) of 20 samples."))
      #expect(output.errorText.contains("\(20 - kept) of 20 missing: \(20 - kept) slots are"))
      #expect(output.errorText.contains("hint: 'stemma list rejections' shows why"))
      // Nothing more can be done: what it came to is said again, and no count that nobody made.
      let again = try await dataset.stemma.run(["run", "--json"])
      #expect(again.exitCode == 2)
      let summary = try JSON(parsing: Array(try #require(again.lines.last).utf8))
      #expect(summary["kept"]?.int == kept)
      #expect(summary["exhausted-slots"] == .null)
      #expect(summary["rejections"] == .null)
      try await dataset.expectSound()
    }
  }
}
