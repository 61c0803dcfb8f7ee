import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("what a dropped answer makes stale", .serialized)
struct CacheDropStageTests {
  private static let states = [
    "proposals": "taxonomies", "plans": "strategies", "meta-prompts": "meta-prompts",
    "verdicts": "samples",
  ]

  @Test("the stage that it was asked in, which asks it again and nothing else", arguments: [0, 1])
  func stages(place: Int) async throws {
    let script = SimulaScript()
    try await withServerDataset(script) { dataset, _, _ in
      try await dataset.run()
      let digest = try await dataset.datasetDigest()
      let text = try dataset.read("strategies.yaml")
      for (kind, stage) in Self.states.sorted(by: { $0.key < $1.key }) {
        let records = try await dataset.objects("list", kind).filter {
          kind != "proposals" || $0["value"]?["task"] == "propose-children"
        }
        let record = try #require(kind == "plans" ? records.last : records[place])
        let call = try #require(record["value"]?["call"]?.string)
        try await dataset.stemma("cache", "drop", call, "--yes")
        let status = try #require(try await dataset.objects("status").first)
        let stale = status["stages"]?.array?.filter { $0["state"] == "dropped" }
        #expect(stale?.compactMap { $0["stage"]?.string } == [stage], "\(kind)")
        let asked = script.requestCount
        let result = try await dataset.run()
        #expect(result.asked == 1 && script.requestCount == asked + 1, "\(kind)")
        #expect(try await dataset.run().isUpToDate, "\(kind)")
        // The same answer came again: all is as it was.
        #expect(try await dataset.datasetDigest() == digest, "\(kind)")
        #expect(try dataset.read("strategies.yaml") == text)
      }
      try await dataset.expectSound()
    }
  }

  @Test("other answers in their place make what a dataset from scratch makes of them")
  func fromScratch() async throws {
    let isOther = Switch()
    let script = SimulaScript(wrongShare: 0.2) { task, _, count in
      guard isOther.isOn, task == .isCorrect || task == .judge || task == .sample else {
        return nil
      }
      let sample: JSON = [
        "question": .string("What is \(count) + 3? (case y\(count))"),
        "reasoning": .string("\(count) + 3 = \(count + 3)"), "answer": JSON(count + 3),
      ]
      return task == .sample ? .answer(sample.text) : nil
    }
    try await withServerDataset(script, { $0.samples = 10 }) { dataset, recipe, server in
      try await dataset.run()
      isOther.isOn = true
      for kind in ["samples", "verdicts", "rejections", "meta-prompts"] {
        let records = try await dataset.objects("list", kind)
        let record = try #require(records.dropFirst(records.count / 2).first, "\(kind)")
        let call = try #require(record["value"]?["call"]?.string)
        try await dataset.stemma("cache", "drop", call, "--yes")
      }
      try await dataset.run()
      #expect(try await dataset.run().isUpToDate)
      let scratch = try await TestDataset.make(
        in: dataset.directory.deletingLastPathComponent(), named: "scratch", recipe)
      _ = try await scratch.importCalls(try await dataset.callLines())
      await server.stop()
      #expect(try await scratch.run().asked == 0)
      #expect(try await scratch.datasetDigest() == dataset.datasetDigest())
      try await dataset.expectSound()
    }
  }

  @Test("a person's edit stays when what its tree was grown from is asked again")
  func ownTree() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.isGrown = false }) { dataset, _, _ in
      try await dataset.run()
      let edit = try #require(
        try await dataset.objects("list", "proposals").first {
          $0["value"]?["task"] == "propose-children"
        })
      let files = try await dataset.git("ls-files", "taxonomies").lines.filter {
        $0.hasSuffix(".yaml")
      }
      try await dataset.stemma(
        "taxonomy", "edit", "add", "Halving", "--under", "Operation", "--yes")
      try await dataset.run()
      let before = try files.map { try dataset.read($0) }
      let call = try #require(edit["value"]?["call"]?.string)
      try await dataset.stemma("cache", "drop", call, "--yes")
      let tasks = script.log.tasks
      try await dataset.run()
      // What was not dropped is there; and strategies are planned with the tree as it is now.
      let asked = script.log.tasks.filter { $0.value != tasks[$0.key] }
      #expect(
        asked == [
          .children: (tasks[.children] ?? 0) + 1, .strategies: (tasks[.strategies] ?? 0) + 1,
        ])
      #expect(try files.map { try dataset.read($0) } == before)
      #expect(try await dataset.run().isUpToDate)
      try await dataset.expectSound()
    }
  }
}
