import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers
import Testing

/// Rows of "What a change costs" that are about duplicates and teachers.
@Suite("What a change of what is kept asks")
struct SettlingTests {
  @Test("Another near threshold asks for the slots that become near duplicates, and back for none")
  func near() async throws {
    let words = (0..<40).map { "word\($0)" }
    var other = words
    other[33] = "another"
    // 21 of 35 sequences of thirteen words are in both.
    let script = Garden.accepting([
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

  @Test(
    "Another planner or critic grows again, and where the same grows no sample is asked for",
    arguments: [("planner", []), ("critic", Garden.critics)])
  func growing(_ role: String, tasks: [String]) async throws {
    try await Garden.with([(["samples"], "4")], sources: nil) { garden in
      let recipe = try garden.lab.read("recipe.yaml")
      let before = try garden.slots()
      try garden.lab.write(
        "recipe.yaml",
        recipe.replacing(
          "\nteachers:\n",
          with: "\nteachers:\n  \(role):\n    provider: embedded\n    removes-planted: 0.7\n"))
      let asked = try await garden.asked(keepsSources: false)
      let growing = asked.filter { !$0.contains(" slot ") }
      #expect(!growing.isEmpty)
      let own = Garden.questions(tasks, 0..<4)
      let needed = own.union(Garden.dependants(before, try garden.slots()))
      #expect(asked.subtracting(growing) == needed)
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
