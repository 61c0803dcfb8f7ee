import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers
import TestSupport
import Testing

/// One test for each row of "What a change costs" in the documentation.
@Suite("What a change of the recipe asks")
struct GrowingTests {
  @Test("More samples ask only for new slots, fewer ask nothing")
  func sampleCount() async throws {
    try await Garden.with { garden in
      let first = Set(try garden.lab.records(.samples))
      let before = try garden.lab.state()
      try garden.lab.set(["samples"], to: "24")
      #expect(try await garden.asked() == Garden.questions(Garden.all, 12..<24))
      #expect(Set(try garden.lab.records(.samples)).isSuperset(of: first))
      for count in ["18", "12"] {
        try garden.lab.set(["samples"], to: count)
        #expect(try await garden.asked().isEmpty)
      }
      #expect(try garden.lab.state() == before)
    }
  }

  @Test("More samples than there are mixes give other samples of the same mixes")
  func repeatedMixes() async throws {
    let few = Grove.sources("Operation\n  Addition\n  Subtraction", "Setting\n  Zoo\n  Ferry")
    try await Garden.with([(["samples"], "2")], sources: few) { garden in
      for (from, count) in [(2, 4), (4, 12)] {
        let before = try garden.slots()
        try garden.lab.set(["samples"], to: "\(count)")
        #expect(try await garden.asked() == Garden.questions(Garden.all, from..<count))
        let after = try garden.slots()
        #expect(after.filter { $0.key < from } == before)
        #expect(Set(after.values.map(\.wording)).count <= 4)
        #expect(Set(after.values.map(\.scenario)).count == count)
        #expect(Set(after.values.map(\.value)).count == count)
      }
    }
  }

  @Test("A higher share of complex scenarios asks for those that join, a lower one nothing")
  func complexity() async throws {
    try await Garden.with { garden in
      let plain = try garden.lab.state()
      var before = Set<Int>()
      for fraction in ["0.5", "0.9"] {
        try garden.lab.set(["complexity", "fraction"], to: fraction)
        let asked = try await garden.asked()
        let complex = try complexified(garden)
        #expect(complex.isSuperset(of: before) && complex.count > before.count)
        #expect(
          asked
            == Garden.questions(["complexify"] + Garden.sampling, complex.subtracting(before)))
        before = complex
      }
      for fraction in ["0.5", "0.2", "0"] {
        try garden.lab.set(["complexity", "fraction"], to: fraction)
        #expect(try await garden.asked().isEmpty)
      }
      #expect(try garden.lab.state() == plain)
    }
  }

  @Test("A lower share than ever before asks for the samples that become plain, and no scenario")
  func simplicity() async throws {
    try await Garden.with([(["complexity", "fraction"], "1")]) { garden in
      try garden.lab.set(["complexity", "fraction"], to: "0.5")
      let asked = try await garden.asked()
      let plain = Set(0..<12).subtracting(try complexified(garden))
      #expect(!plain.isEmpty && plain.count < 12)
      #expect(asked == Garden.questions(Garden.sampling, plain))
    }
  }

  private func complexified(_ garden: Garden) throws -> Set<Int> {
    let mixes = try garden.lab.head().records(.mixes)
    var slots: [String: Int] = [:]
    for mix in mixes { slots[mix.id.hex] = try mix.value()["slot"]?.int }
    return Set(
      try garden.lab.records(.metaPrompts).filter { $0["from"] != nil }
        .compactMap { slots[$0["mix"]?.string ?? ""] })
  }

  @Test(
    "Another K asks for all scenarios and what is written from them, and nothing on the way back")
  func candidates() async throws {
    try await Garden.with { garden in
      try garden.lab.set(["meta-prompts", "candidates"], to: "3")
      #expect(try await garden.asked() == Garden.questions(Garden.all, 0..<12))
      try garden.lab.set(["meta-prompts", "candidates"], to: "2")
      #expect(try await garden.asked().isEmpty)
    }
  }

  @Test(
    "Another template of a critic asks that critic alone",
    arguments: ["judge-requirements", "ask-correct", "ask-incorrect"])
  func criticTemplate(task: String) async throws {
    try await Garden.with { garden in
      let before = try garden.slots()
      let path = "prompts/\(task).mustache"
      let text = try garden.lab.read(path)
      try garden.lab.write(path, text + "Take your time.\n")
      #expect(try await garden.asked() == Garden.questions([task], 0..<12))
      #expect(try garden.slots() == before)
      try garden.lab.write(path, text)
      #expect(try await garden.asked().isEmpty)
    }
  }

  @Test("A template that is not in use asks nothing")
  func unusedTemplate() async throws {
    try await Garden.with { garden in
      for task in ["solve", "refine", "complexify"] {
        let path = "prompts/\(task).mustache"
        try garden.lab.write(path, try garden.lab.read(path) + "Take your time.\n")
      }
      #expect(try await garden.asked().isEmpty)
    }
  }

  @Test("Another double critic asks its own two questions, and nothing on the way back")
  func doubleCritic() async throws {
    try await Garden.with { garden in
      let before = try garden.slots()
      try garden.lab.set(["critics", "double"], to: "solve")
      #expect(try await garden.asked() == Garden.questions(["solve", "solve-check"], 0..<12))
      #expect(try garden.slots() == before)
      for double in ["off", "ask"] {
        try garden.lab.set(["critics", "double"], to: double)
        #expect(try await garden.asked().isEmpty)
      }
    }
  }

  @Test("An arm that was run before asks nothing when it is turned on again")
  func arm() async throws {
    try await Garden.with { garden in
      let full = try garden.lab.state()
      try garden.lab.set(["arm"], to: "local+global")
      #expect(try await garden.asked().isEmpty)
      try garden.lab.set(["arm"], to: "local")
      let asked = try await garden.asked()
      #expect(!asked.isEmpty)
      #expect(asked.isSubset(of: Garden.questions(["meta-prompts", "generate"], 0..<12)))
      try garden.lab.set(["arm"], to: "full")
      #expect(try await garden.asked().isEmpty)
      #expect(try garden.lab.state() == full)
    }
  }

  @Test("More instances of a scenario ask for samples only")
  func instances() async throws {
    try await Garden.with { garden in
      let before = try garden.slots()
      try garden.lab.set(["meta-prompts", "instances"], to: "2")
      // Scenarios of the first six slots were written before, and slot 0 keeps its own.
      #expect(try await garden.asked() == Garden.questions(Garden.sampling, 1..<12))
      #expect(try garden.slots()[0] == before[0])
      try garden.lab.set(["meta-prompts", "instances"], to: "1")
      #expect(try await garden.asked().isEmpty)
    }
  }

  @Test("Filling gaps asks for slots of gaps only, and nothing when it is turned off")
  func gapFill() async throws {
    try await Garden.with { garden in
      let before = try garden.slots()
      let recipe = try garden.lab.read("recipe.yaml")
      try garden.lab.write("recipe.yaml", recipe + "gap-fill: {minimum: 4, limit: 1}\n")
      let few = try await garden.asked()
      #expect(!few.isEmpty && few.allSatisfy { $0.contains(" slot gap/") })
      try garden.lab.write("recipe.yaml", recipe + "gap-fill: {minimum: 5, limit: 2}\n")
      let more = try await garden.asked()
      #expect(!more.isEmpty && more.allSatisfy { $0.contains(" slot gap/") })
      #expect(more.isDisjoint(with: few))
      #expect(try garden.slots() == before)
      try garden.lab.write("recipe.yaml", recipe)
      #expect(try await garden.asked().isEmpty)
    }
  }

  @Test("Another random seed asks for the slots that get another mix or scenario")
  func randomSeed() async throws {
    try await Garden.with { garden in
      let before = try garden.slots()
      try garden.lab.set(["random-seed"], to: "8")
      let asked = try await garden.asked()
      #expect(asked == Garden.dependants(before, try garden.slots()))
      #expect(!asked.isEmpty)
      try garden.lab.set(["random-seed"], to: "7")
      #expect(try await garden.asked().isEmpty)
    }
  }

  @Test("Another description asks everything, once")
  func description() async throws {
    try await Garden.with([(["samples"], "4")], sources: nil) { garden in
      let before = garden.teacher.requests.count
      let recipe = try garden.lab.read("recipe.yaml")
      try garden.lab.write(
        "recipe.yaml", recipe.replacing("short story of everyday life", with: "short story"))
      let asked = try await garden.asked(keepsSources: false)
      #expect(asked.isSuperset(of: Garden.questions(Garden.all, 0..<4)))
      #expect(abs(garden.teacher.requests.count - 2 * before) < before)
      try garden.lab.write("recipe.yaml", recipe)
      #expect(try await garden.asked(keepsSources: false).isEmpty)
    }
  }
}
