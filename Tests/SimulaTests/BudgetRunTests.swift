import ArtifactStore
import Dataset
import Foundation
import Simula
import Teachers
import TestSupport
import Testing

@Suite("The budget of a run")
struct BudgetRunTests {
  /// Runs until the budget is spent, and says how many calls it asked.
  private func runOut(_ lab: Lab) async throws -> Int {
    do {
      let report = try await lab.run()
      Issue.record("the budget was enough")
      return report.counts.asked
    } catch let error as RunStopped {
      #expect((error.cause as? TeacherError)?.code == .budget)
      return error.report.spent.calls
    } catch let error as TeacherError {
      #expect(error.code == .budget)
      return -1
    }
  }

  private func calls(_ lab: Lab) throws -> Int { try lab.store.calls().count }

  @Test("it is a limit over all times a run is resumed, and ends where a run from scratch ends")
  func resumes() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "12"), (["budget", "calls"], "30")]),
        files: SlotHistoryTests.files(of: Garden.sources))
      _ = try await runOut(lab)
      #expect(try calls(lab) == 30)
      _ = try await runOut(lab)
      #expect(try calls(lab) == 30)
      try lab.set(["budget", "calls"], to: "45")
      _ = try await runOut(lab)
      #expect(try calls(lab) == 45)
      try lab.set(["budget", "calls"], to: "100000")
      let report = try await lab.run()
      #expect(report.shortfall == nil)
      #expect(report.spent.calls == (try calls(lab)))
      #expect(try await lab.differencesFromScratch(in: folder, "again") == [])
    }
  }

  @Test("what a killed run asked counts as well")
  func killed() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "12"), (["budget", "calls"], "30")]),
        files: SlotHistoryTests.files(of: Garden.sources))
      let file = lab.store.folder.appending(path: "spending.json")
      _ = try await runOut(lab)
      try lab.set(["budget", "calls"], to: "50")
      let before = try Data(contentsOf: file)
      _ = try await runOut(lab)
      // As if the second attempt had come to no end of its own.
      try before.write(to: file)
      _ = try await runOut(lab)
      #expect(try calls(lab) == 50)
    }
  }

  @Test("calls that are imported between two attempts are not spent")
  func imported() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "12"), (["budget", "calls"], "30")]),
        files: SlotHistoryTests.files(of: Garden.sources))
      _ = try await runOut(lab)
      let store = lab.store
      try await OpenBudget.keep(store) {
        let lock = try store.lock(purpose: "test")
        defer { withExtendedLifetime(lock) {} }
        var union = try CallUnion(store)
        for number in 0..<20 {
          let request = CallRequest(
            task: "solve", provider: "embedded", model: "other",
            messages: [Message(.user, "What is \(number) + 1?")], draw: "")
          let reply = Reply(answer: Answer(text: "x", finish: .stop), usage: Usage(inputTokens: 9))
          try union.add(
            RecordedCall.record(request, reply: reply), key: CallKey(of: request).digest)
        }
        try union.finish()
      }
      try lab.set(["budget", "calls"], to: "45")
      _ = try await runOut(lab)
      #expect(try calls(lab) == 65)
    }
  }

  @Test("a complete run ends its budget, and the next one has it anew")
  func complete() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "5"), (["budget", "calls"], "100")]),
        files: SlotHistoryTests.files(of: Garden.sources))
      let first = try await lab.run()
      #expect(first.spent.calls == first.counts.asked)
      let file = lab.store.folder.appending(path: "spending.json")
      #expect(!FileManager.default.fileExists(atPath: file.path(percentEncoded: false)))
      try lab.set(["samples"], to: "9")
      let second = try await lab.run()
      #expect(second.spent.calls == second.counts.asked)
    }
  }
}
