import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers
import Testing

/// Rows of "What a change costs" that are about which samples are kept, and about teachers.
@Suite("What a change of what is kept asks")
struct SettlingTests {
  private typealias Script = @Sendable (CallRequest) throws(TeacherError) -> Answer?

  /// Accepts whatever the question, and has some questions of the test's own.
  private func script(
    _ questions: [String: String], refusing refused: Set<String> = []
  ) -> Script {
    { request throws(TeacherError) in
      if request.task.hasPrefix("ask") {
        let isYes = request.task == "ask-correct" && !refused.contains(request.draw)
        return .stop("{\"reasoning\":\"r\",\"verdict\":\"\(isYes ? "yes" : "no")\"}")
      }
      guard request.task == "generate", let question = questions[request.draw] else { return nil }
      let sample: JSON = ["question": .string(question), "reasoning": "r", "answer": 7]
      return .stop(sample.text)
    }
  }

  @Test("Another near threshold asks for the slots that become near duplicates, and back for none")
  func near() async throws {
    let words = (0..<40).map { "word\($0)" }
    var other = words
    other[33] = "another"
    // 21 of 35 sequences of thirteen words are in both.
    let script = script([
      "slot 1 attempt 0": words.joined(separator: " "),
      "slot 3 attempt 0": other.joined(separator: " "),
    ])
    try await Garden.with(except: script) { garden in
      let before = try garden.slots()
      let recipe = try garden.lab.read("recipe.yaml")
      try garden.lab.write("recipe.yaml", recipe + "duplicates: {near: 0.7}\n")
      #expect(try await garden.asked(except: script).isEmpty)
      try garden.lab.write("recipe.yaml", recipe + "duplicates: {near: 0.5}\n")
      #expect(
        try await garden.asked(except: script) == Garden.questions(Garden.all, [3], attempt: 1))
      let after = try garden.slots()
      #expect(after.filter { $0.key != 3 } == before.filter { $0.key != 3 })
      #expect(after[3]?.attempt == 1)
      try garden.lab.write("recipe.yaml", recipe)
      #expect(try await garden.asked(except: script).isEmpty)
      #expect(try garden.slots() == before)
    }
  }

  @Test("A held-out set asks for the slots that have a question of it")
  func heldOut() async throws {
    try await Garden.with { garden in
      let before = try garden.slots()
      let items = [2, 5].compactMap { slot -> String? in
        before[slot]?.value["question"].map { (["prompt": $0] as JSON).text }
      }
      try FileManager.default.createDirectory(
        at: garden.lab.root.appending(path: "tests"), withIntermediateDirectories: true)
      try garden.lab.write("tests/held-out.jsonl", items.joined(separator: "\n"))
      let recipe = try garden.lab.read("recipe.yaml")
      try garden.lab.write(
        "recipe.yaml",
        recipe + "duplicates: {held-out: [{path: tests/held-out.jsonl, question: [prompt]}]}\n")
      #expect(
        try await garden.asked() == Garden.questions(Garden.all, [2, 5], attempt: 1))
      try garden.lab.write("recipe.yaml", recipe)
      #expect(try await garden.asked().isEmpty)
      #expect(try garden.slots() == before)
    }
  }

  @Test("More attempts ask for the next attempt of exhausted slots, and drop the extra ones")
  func attempts() async throws {
    let script = script([:], refusing: ["slot 4 attempt 0", "slot 12 attempt 0"])
    try await Garden.with([(["slots", "attempts"], "1")], except: script) { garden in
      let before = try garden.slots()
      #expect(before.keys.sorted() == Array(0..<4) + Array(5..<12) + [13])
      try garden.lab.set(["slots", "attempts"], to: "2")
      #expect(
        try await garden.asked(except: script) == Garden.questions(Garden.all, [4], attempt: 1))
      #expect(try garden.slots().keys.sorted() == Array(0..<12))
      try garden.lab.set(["slots", "attempts"], to: "4")
      #expect(try await garden.asked(except: script).isEmpty)
      try garden.lab.set(["slots", "attempts"], to: "1")
      #expect(try await garden.asked(except: script).isEmpty)
      #expect(try garden.slots() == before)
    }
  }

  @Test("More extra slots ask for those slots, in order, and fewer ask nothing")
  func extraSlots() async throws {
    let refused = Set([0, 3, 12, 13].map { "slot \($0) attempt 0" })
    let script = script([:], refusing: refused)
    let knobs: Lab.Knobs = [(["slots", "attempts"], "1"), (["slots", "extra"], "0")]
    try await Garden.with(knobs, except: script) { garden in
      #expect(try garden.slots().count == 10)
      #expect(try garden.lab.head().memos["Partial"]?.hasPrefix("2 of 12 missing: 2 slots") == true)
      // A share of N, rounded down: 3, and then 4 of which the last two are kept.
      try garden.lab.set(["slots", "extra"], to: "0.25")
      #expect(try await garden.asked(except: script) == Garden.questions(Garden.all, 12..<15))
      #expect(try garden.lab.head().memos["Partial"]?.hasPrefix("1 of 12 missing: 4 slots") == true)
      try garden.lab.set(["slots", "extra"], to: "0.5")
      #expect(try await garden.asked(except: script) == Garden.questions(Garden.all, [15]))
      #expect(try garden.lab.head().memos["Partial"] == nil)
      #expect(try garden.slots().keys.sorted() == [1, 2] + Array(4..<12) + [14, 15])
      try garden.lab.set(["slots", "extra"], to: "0")
      #expect(try await garden.asked(except: script).isEmpty)
      #expect(try garden.slots().count == 10)
    }
  }

  @Test(
    "Another teacher of one role asks that role, and what follows from other answers",
    arguments: [
      ("prompter", ["meta-prompts"]), ("generator", ["generate"]), ("critic", Garden.critics),
    ])
  func role(_ role: String, tasks: [String]) async throws {
    try await Garden.with { garden in
      let before = try garden.slots()
      let recipe = try garden.lab.read("recipe.yaml")
      try garden.lab.write(
        "recipe.yaml",
        recipe.replacing(
          "\nteachers:\n",
          with: "\nteachers:\n  \(role):\n    provider: embedded\n    removes-planted: 0.7\n"))
      let asked = try await garden.asked()
      let own = Garden.questions(tasks, 0..<12)
      #expect(asked == own.union(Garden.dependants(before, try garden.slots())))
      try garden.lab.write("recipe.yaml", recipe)
      #expect(try await garden.asked().isEmpty)
      #expect(try garden.slots() == before)
    }
  }

  @Test("Another planner plans again, and where it plans the same no sample is asked for")
  func planner() async throws {
    try await Garden.with([(["samples"], "4")], sources: nil) { garden in
      let recipe = try garden.lab.read("recipe.yaml")
      let before = try garden.slots()
      try garden.lab.write(
        "recipe.yaml",
        recipe.replacing(
          "\nteachers:\n",
          with: "\nteachers:\n  planner:\n    provider: embedded\n    removes-planted: 0.7\n"))
      let asked = try await garden.asked(keepsSources: false)
      let planning = asked.filter { $0.hasPrefix("plan-") }
      #expect(!planning.isEmpty)
      let growing = asked.filter { $0.hasPrefix("propose") || $0.hasPrefix("review") }
      let data = asked.subtracting(planning).subtracting(growing)
      #expect(data == Garden.dependants(before, try garden.slots()))
      try garden.lab.write("recipe.yaml", recipe)
      #expect(try await garden.asked(keepsSources: false).isEmpty)
      #expect(try garden.slots() == before)
    }
  }

  @Test("A thousand more samples leave the first thousand as they are, byte for byte")
  func thousands() async throws {
    let knobs: Lab.Knobs = [
      (["samples"], "1000"), (["critics", "requirements"], "false"),
      (["critics", "double"], "off"),
    ]
    try await Garden.with(knobs) { garden in
      let first = try garden.lab.ids(.samples)
      let asked = garden.teacher.requests.count
      try garden.lab.set(["samples"], to: "2000")
      let report = try await garden.lab.run(teacher: garden.teacher)
      #expect(report.kept == 2000)
      #expect(try garden.lab.ids(.samples).isSuperset(of: first))
      #expect(first.count == 1000)
      let new = garden.teacher.requests[asked...]
      let old = Set((0..<1000).map { "slot \($0) " })
      #expect(!new.contains { request in old.contains { request.draw.hasPrefix($0) } })
      try garden.lab.set(["samples"], to: "1000")
      #expect(try await garden.lab.run(teacher: garden.teacher).counts.asked == 0)
      #expect(try garden.lab.ids(.samples) == first)
    }
  }
}
