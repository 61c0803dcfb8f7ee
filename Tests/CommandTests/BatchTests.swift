import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma run --batch")
struct BatchTests {
  /// Answers as a model of the method would, one by one or in batches.
  static func answer(_ script: SimulaScript, _ body: JSON) -> (status: Int, body: JSON) {
    guard let text = script.answerText(to: Array(body.text.utf8)),
      let json = try? JSON(parsing: FakeChatServer.completion(text))
    else { return (400, ["error": ["message": "this is no question of the method"]]) }
    return (200, json)
  }

  static func withBatches<Value>(
    _ fates: FakeBatchScript.Fate..., polls: Int = 0, refusing task: SimulaScript.Task? = nil,
    fault: @escaping FakeBatchScript.Fault = { _, _ in nil },
    change: (inout TestRecipe) -> Void = { _ in },
    _ test: (TestDataset, FakeBatchScript, TestRecipe) async throws -> Value
  ) async throws -> Value {
    let script = SimulaScript(wrongShare: 0.2, rejectedShare: 0.2)
    let batches = FakeBatchScript(
      polls: polls, fate: { $0 < fates.count ? fates[$0] : .completed },
      fault: fault,
      answer: { body in
        if let task, SimulaScript.task(of: Array(body.text.utf8)) == task {
          return (400, ["error": ["message": "too long for this model"]])
        }
        return answer(script, body)
      })
    return try await withTemporaryDirectory { parent in
      try await withFakeChatServer(batches.script) { server in
        var recipe = small(TestRecipe(baseURL: server.baseURL))
        change(&recipe)
        let dataset = try await TestDataset.make(in: parent, recipe)
        return try await test(dataset, batches, recipe)
      }
    }
  }

  /// Few steps that depend on each other.
  private static func small(_ recipe: TestRecipe) -> TestRecipe {
    var recipe = recipe
    recipe.isGrown = false
    recipe.depth = 1
    recipe.refine = 0
    return recipe
  }

  /// The digest of a dataset whose requests were asked one by one.
  static func directDigest(
    _ change: (inout TestRecipe) -> Void = { _ in }
  ) async throws -> String {
    let script = SimulaScript(wrongShare: 0.2, rejectedShare: 0.2)
    return try await withServerDataset(
      script,
      {
        $0 = small($0)
        change(&$0)
      }
    ) { dataset, _, _ in
      try await dataset.run()
      return try await dataset.datasetDigest()
    }
  }

  @Test("comes to the same version as asking one by one, and submits no request twice")
  func same() async throws {
    try await Self.withBatches(polls: 1) { dataset, batches, recipe in
      let output = try await dataset.stemma.run(["run", "--batch", "--interval", "0.1"])
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(output.text.contains("Accepted 6 of 6 samples."))
      #expect(output.errorText.contains("submitted"))
      #expect(Set(batches.submitted).count == batches.submitted.count)
      #expect(batches.submitted.count > 20)
      // What can be asked at once is in one batch.
      #expect((batches.batchSizes.max() ?? 0) >= recipe.samples)
      #expect(batches.batchSizes.contains(4))
      #expect(try await dataset.datasetDigest() == Self.directDigest())
      try await dataset.expectSound()
      // The versions tell of the answers that led to them.
      let message = try await dataset.git("log", "--format=%B").text
      let told = message.matches(of: /(?m)^Calls: (\d+)$/).compactMap { Int($0.1) }
      #expect(told.reduce(0, +) == batches.submitted.count, "\(told)")
      let count = batches.log.count
      let again = try await dataset.stemma.run(["run", "--batch"])
      #expect(again.text.contains("Nothing to do"))
      #expect(batches.log.count == count)
    }
  }

  @Test("can be left at every step and gone on with by another process")
  func resumed() async throws {
    try await Self.withBatches { dataset, batches, _ in
      var rounds = 0
      while true {
        let output = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
        rounds += 1
        if output.exitCode == 0 { break }
        try #require(output.exitCode == 2, "\(output.errorText)")
        try #require(rounds < 40)
      }
      #expect(rounds > 4)
      let message = try await dataset.git("log", "--format=%B").text
      let told = message.matches(of: /(?m)^Calls: (\d+)$/).compactMap { Int($0.1) }
      #expect(told.reduce(0, +) == batches.submitted.count, "\(told)")
      #expect(Set(batches.submitted).count == batches.submitted.count)
      #expect(try await dataset.datasetDigest() == Self.directDigest())
    }
  }

  @Test("what an expired batch answered is kept, and only the rest is submitted again")
  func expired() async throws {
    try await Self.withBatches(.expired(answered: 1)) { dataset, batches, _ in
      let output = try await dataset.stemma.run(["run", "--batch", "--interval", "0.1"])
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(output.errorText.contains("without an answer"))
      #expect(output.errorText.contains("This request was not executed."))
      let repeated = batches.submitted.count - Set(batches.submitted).count
      #expect(repeated > 0)
      #expect(try await dataset.datasetDigest() == Self.directDigest())
    }
  }

  @Test("a cancelled batch gives what it has, and nothing new is submitted")
  func cancelled() async throws {
    try await Self.withBatches(.stays(answered: 1)) { dataset, batches, _ in
      let begun = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      #expect(begun.exitCode == 2, "\(begun.errorText)")
      let output = try await dataset.stemma.run(["run", "--batch", "--cancel-batches"])
      #expect(output.exitCode == 2, "\(output.errorText)")
      #expect(output.errorText.contains("1 answer fetched"), "\(output.errorText)")
      #expect(batches.batchCount == 1)
      #expect(batches.log.contains("POST /batches/batch_0/cancel"))
      // The one answer is not asked for again.
      let more = try await dataset.stemma.run(["run", "--batch", "--interval", "0.1"])
      #expect(more.exitCode == 0, "\(more.errorText)")
      let counts = Dictionary(batches.submitted.map { ($0, 1) }, uniquingKeysWith: +)
      #expect(counts.values.contains(1))
    }
  }

  @Test("a file that the server refuses stops the run with what it says")
  func refused() async throws {
    try await Self.withBatches(.failed("model fake-1 has no batches")) { dataset, batches, _ in
      let output = try await dataset.stemma.run(["run", "--batch", "--interval", "0.1"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("model fake-1 has no batches"), "\(output.errorText)")
      #expect(batches.batchCount == 1)
    }
  }

  @Test("a batch whose id was lost on the way is found again, not paid for twice")
  func lostReply() async throws {
    try await Self.withBatches { dataset, batches, _ in
      batches.loseNextReply()
      let output = try await dataset.stemma.run(["run", "--batch", "--interval", "0.1"])
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(Set(batches.submitted).count == batches.submitted.count)
      #expect(try await dataset.datasetDigest() == Self.directDigest())
    }
  }
}
