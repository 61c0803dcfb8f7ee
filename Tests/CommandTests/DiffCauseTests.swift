import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("why stemma diff finds samples replaced", .serialized)
struct DiffCauseTests {
  /// The difference of the last two versions, of which all replaced slots must have one cause.
  private func difference(
    of dataset: TestDataset, _ options: String...
  ) async throws -> (replaced: [JSON], all: [JSON]) {
    let all = try await dataset.stemma.output(
      of: ["diff", "HEAD~1", "HEAD", "--json"] + options
    ).objects
    let summary = try #require(all.first { $0["type"] == "summary" })
    let replaced = all.filter { $0["type"] == "replaced" }
    let slots = replaced.flatMap { $0["slots"]?.array ?? [] }.compactMap(\.int)
    #expect(slots.sorted() == summary["replaced-slots"]?.array?.compactMap(\.int))
    return (replaced, all)
  }

  /// The values of records by their ids.
  private func records(
    _ kind: String, of dataset: TestDataset, at revision: String
  ) async throws -> [String: JSON] {
    var records: [String: JSON] = [:]
    for object in try await dataset.objects("list", kind, "--at", revision) {
      records[try #require(object["id"]?.string)] = object["value"]
    }
    return records
  }

  /// What each slot's sample descends from.
  private func descents(
    of dataset: TestDataset, at revision: String
  ) async throws -> [Int: (sample: String, prompt: JSON, nodes: [String])] {
    let prompts = try await records("meta-prompts", of: dataset, at: revision)
    let mixes = try await records("mixes", of: dataset, at: revision)
    var found: [Int: (sample: String, prompt: JSON, nodes: [String])] = [:]
    for (id, sample) in try await records("samples", of: dataset, at: revision) {
      let prompt = try #require(prompts[sample["meta-prompt"]?.string ?? ""])
      let mix = try #require(mixes[prompt["mix"]?.string ?? ""])
      found[try #require(sample["slot"]?.int)] = (
        id, prompt, mix["nodes"]?.array?.compactMap(\.string) ?? []
      )
    }
    return found
  }

  private func slots(_ group: JSON) -> [Int] { (group["slots"]?.array ?? []).compactMap(\.int) }

  @Test("a removed node, a renamed one, a weight and a pin")
  func nodes() async throws {
    try await withServerDataset(SimulaScript(), { $0.samples = 12 }) { dataset, _, _ in
      try await dataset.run()
      let first = try await dataset.objects("taxonomy", "show").filter { $0["type"] == "node" }
      // A branch that some slots drew and others did not, and that no strategy names.
      let strategies = try dataset.read("strategies.yaml")
      let branch = try #require(
        first.first {
          $0["level"] == 1 && (1..<12).contains($0["slots"]?.int ?? 0)
            && !strategies.contains($0["id"]?.string ?? "")
        })
      let id = try #require(branch["id"]?.string)
      let name = (branch["path"]?.array ?? []).compactMap(\.string).joined(separator: " > ")
      let below = Set(
        first.filter { $0["path"]?.array?.starts(with: branch["path"]?.array ?? []) == true }
          .compactMap { $0["id"]?.string })

      try await dataset.stemma("taxonomy", "edit", "rename", id, "Else", "--yes")
      try await dataset.run()
      var (replaced, all) = try await difference(of: dataset)
      let renamed = try #require(all.first { $0["type"] == "node" && $0["id"]?.string == id })
      #expect(renamed["changes"] == ["renamed"])
      #expect(renamed["old-path"] == branch["path"])
      let before = try await descents(of: dataset, at: "HEAD~1")
      for group in replaced {
        #expect(group["step"] == "scenario" && group["reason"] == "inputs")
        let path = renamed["new-path"]?.array?.compactMap(\.string).joined(separator: " > ") ?? ""
        #expect(group["inputs"] == [.string("renamed: \(path)")])
        #expect(group["requests"]?["differ"]?["messages"] == group["requests"]?["compared"])
        for slot in slots(group) {
          #expect(before[slot]?.nodes.contains { below.contains($0) } == true)
        }
      }
      let drawers = before.filter { $0.value.nodes.contains { below.contains($0) } }.map(\.key)
      #expect(replaced.flatMap(slots).sorted() == drawers.sorted())

      try await dataset.stemma(
        "taxonomy", "edit", "rename", id, branch["name"]?.string ?? "", "--yes")
      try await dataset.run()
      try await dataset.stemma("taxonomy", "edit", "remove", id, "--yes", "--force")
      try await dataset.run()
      (replaced, all) = try await difference(of: dataset)
      #expect(
        Set(all.filter { $0["type"] == "node" }.compactMap { $0["id"]?.string }) == below)
      let mixed = replaced.filter { $0["step"] == "mix" && $0["reason"] == "node-removed" }
      #expect(mixed.allSatisfy { $0["subject"]?.string == name })
      #expect(mixed.flatMap(slots).sorted() == drawers.sorted())
      #expect(try await dataset.stemma("diff").text.contains("'\(name)' was removed"))

      // Weights and pins as the tree shows them.
      let leaf = try #require(
        try await dataset.objects("taxonomy", "show").first {
          $0["leaf"] == true && $0["slots"] != 0
        })
      let leafID = try #require(leaf["id"]?.string)
      try await dataset.stemma("taxonomy", "edit", "weight", leafID, "0.01", "--yes")
      try await dataset.stemma("taxonomy", "edit", "pin", leafID, "--yes")
      try await dataset.run()
      (replaced, all) = try await difference(of: dataset)
      let weighed = try #require(all.first { $0["type"] == "node" })
      #expect(weighed["changes"] == ["reweighted", "pinned"] && weighed["new-weight"] == 0.01)
      #expect(replaced.allSatisfy { $0["step"] == "mix" && $0["reason"] == "weights" })
      #expect(!replaced.isEmpty)
    }
  }

  @Test("complexity, a template, a model, critics, and answers that came anew")
  func requests() async throws {
    let isOther = Switch()
    let script = SimulaScript(wrongShare: 0.2) { task, _, count in
      guard isOther.isOn, task == .sample else { return nil }
      let sample: JSON = [
        "question": .string("What is \(count) + 3? (case y\(count))"),
        "reasoning": .string("\(count) + 3 = \(count + 3)"), "answer": JSON(count + 3),
      ]
      return .answer(sample.text)
    }
    try await withServerDataset(script, { $0.samples = 10 }) { dataset, recipe, _ in
      var recipe = recipe
      try await dataset.run()

      recipe.fraction = 1
      try dataset.write(recipe)
      try await dataset.run()
      var (replaced, all) = try await difference(of: dataset)
      let key = try #require(all.first { $0["type"] == "recipe" })
      #expect(key["key"] == "complexity.fraction" && key["old"] == 0.5 && key["new"] == 1)
      let states = (
        try await descents(of: dataset, at: "HEAD~1"), try await descents(of: dataset, at: "HEAD")
      )
      #expect(!replaced.isEmpty)
      for group in replaced {
        #expect(group["step"] == "scenario" && group["reason"] == "complexity")
        #expect(group["subject"] == "complex")
        #expect(group["inputs"] == ["recipe.yaml: complexity.fraction"])
        for slot in slots(group) {
          #expect(states.0[slot]?.prompt["from"] == nil && states.1[slot]?.prompt["from"] != nil)
        }
      }

      let template = "prompts/generate.mustache"
      try dataset.write(try dataset.read(template) + "\nThink well.\n", to: template)
      try await dataset.run()
      (replaced, _) = try await difference(of: dataset)
      #expect(Set(replaced.compactMap { $0["step"]?.string }) == ["answer"])
      for group in replaced {
        #expect(group["inputs"] == [.string(template)])
        let requests = try #require(group["requests"])
        #expect(requests["differ"]?["messages"] == requests["compared"] && requests["same"] == 0)
      }
      #expect(replaced.flatMap(slots).count == 10)

      try dataset.write(
        recipe.text.replacing("  default:\n", with: "  generator: {model: fake-2}\n  default:\n"),
        to: "recipe.yaml")
      try await dataset.run()
      (replaced, all) = try await difference(of: dataset)
      for group in replaced {
        #expect(group["inputs"] == ["recipe.yaml: teachers.generator.model"])
        #expect(group["requests"]?["differ"]?["model"] == group["requests"]?["compared"])
      }
      #expect(replaced.flatMap(slots).count == 10)

      // The same question, answered otherwise when it is asked again.
      isOther.isOn = true
      let sample = try #require(try await dataset.samples().first?["value"])
      let call = try #require(sample["call"]?.string)
      try await dataset.stemma("cache", "drop", call, "--yes")
      try await dataset.run()
      (replaced, _) = try await difference(of: dataset)
      let anew = try #require(replaced.first)
      #expect(anew["step"] == "answer" && anew["reason"] == "answered-anew")
      #expect(slots(anew) == [sample["slot"]?.int])
      #expect(anew["requests"]?["same"] == 1 && anew["inputs"] == [])
    }
  }

  @Test("decisions on a draft, and what was accepted and covered before and after")
  func decisions() async throws {
    let script = SimulaScript(wrongShare: 0.4, rejectedShare: 0.2)
    try await withServerDataset(script, { $0.samples = 12 }) { dataset, recipe, _ in
      var recipe = recipe
      try await dataset.run()
      recipe.double = "off"
      try dataset.write(recipe)
      try await dataset.run()
      let (replaced, all) = try await difference(of: dataset, "--shifts")
      #expect(!replaced.isEmpty)
      let reasons = try await records("rejections", of: dataset, at: "HEAD~1")
      let samples = try await descents(of: dataset, at: "HEAD")
      for group in replaced {
        #expect(group["step"] == "verdict" && group["reason"] == "decision")
        #expect(group["inputs"] == ["recipe.yaml: critics.double"])
        for slot in slots(group) {
          let rejection = reasons.values.first { $0["sample"]?.string == samples[slot]?.sample }
          #expect(rejection?["reason"] == group["subject"])
        }
      }
      let flips = all.filter { $0["type"] == "flip" && $0["change"] == "accepted" }
      let kept = Set(samples.values.map(\.sample))
      #expect(!flips.isEmpty && flips.allSatisfy { kept.contains($0["draft"]?.string ?? "") })

      for (revision, side) in [("HEAD~1", "old"), ("HEAD", "new")] {
        let rejections = try await records("rejections", of: dataset, at: revision).values
          .filter { $0["reason"] != "refined" }
        let attempts = try #require(all.first { $0["of"] == "attempts" }?[side])
        #expect(attempts["accepted"] == 12 && attempts["total"]?.int == 12 + rejections.count)
        let verdicts = try await records("verdicts", of: dataset, at: revision).values
          .filter { $0["role"] == "judge-requirements" }
        let role = try #require(all.first { $0["name"] == "judge-requirements" }?[side])
        #expect(role["total"]?.int == verdicts.count)
        #expect(role["accepted"]?.int == verdicts.count { $0["outcome"] == "accept" })
      }
      // Mixes stay, so that nothing more or less is covered.
      #expect(!all.contains { $0["type"] == "coverage" })
      #expect(try await dataset.stemma("diff", "--shifts").text.contains("accepted   attempts"))
    }
  }
}
