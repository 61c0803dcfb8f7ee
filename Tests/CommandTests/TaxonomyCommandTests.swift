import CanonicalJSON
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("stemma taxonomy")
struct TaxonomyCommandTests {
  /// A dataset of some samples on the embedded teacher.
  private func withDataset(_ test: (TestDataset) async throws -> Void) async throws {
    try await withTemporaryDirectory { parent in
      try await StemmaProgram(in: parent)("init", "sums", "--recipe", "grade-school-math")
      let dataset = TestDataset(at: parent.appending(path: "sums", directoryHint: .isDirectory))
      try await dataset.run("--samples", "30")
      try await test(dataset)
    }
  }

  private func nodes(_ dataset: TestDataset, _ options: String...) async throws -> [JSON] {
    try await dataset.stemma.output(of: ["taxonomy", "show", "--json"] + options).objects
      .filter { $0["type"]?.string == "node" }
  }

  /// A leaf in which samples are kept, and which no strategy names.
  private func usedLeaf(_ dataset: TestDataset) async throws -> JSON {
    let strategies = try dataset.read("strategies.yaml")
    return try #require(
      try await nodes(dataset).filter {
        $0["leaf"]?.bool == true && !strategies.contains($0["id"]?.string ?? "?")
      }.max { ($0["samples"]?.int ?? 0) < ($1["samples"]?.int ?? 0) })
  }

  private func text(_ json: JSON, _ name: String) -> String { json[name]?.string ?? "" }

  @Test("show counts slots and samples of nodes, and the coverage of levels")
  func show() async throws {
    try await withDataset { dataset in
      let objects = try await dataset.objects("taxonomy", "show")
      let nodes = objects.filter { $0["type"]?.string == "node" }
      let mixes = try await dataset.objects("list", "mixes")
      for node in nodes where node["leaf"]?.bool == true {
        let drawn = mixes.count {
          $0["value"]?["nodes"]?.array?.contains(node["id"] ?? .null) == true
        }
        #expect(node["slots"]?.int == drawn)
      }
      for node in nodes where node["leaf"]?.bool == false && node["level"] != 0 {
        let below = nodes.filter { $0["parent"] == node["id"] }
        #expect(node["samples"]?.int == below.reduce(0) { $0 + ($1["samples"]?.int ?? 0) })
      }
      for level in objects where level["type"]?.string == "level" {
        let here = nodes.filter {
          $0["factor"] == level["factor"] && $0["level"] == level["level"]
        }
        #expect(level["nodes"]?.int == here.count)
        #expect(level["sampled"]?.int == here.count { $0["samples"]?.int ?? 0 > 0 })
      }
      let shallow = try await dataset.stemma("taxonomy", "show", "Setting", "--depth", "1").text
      #expect(shallow.contains("children below]") && shallow.contains("named by "))
      let old = try await dataset.stemma("taxonomy", "show", "--at", "HEAD~1").text
      #expect(old.contains("0 slots, 0 samples"))
      let missing = try await dataset.stemma.run(["taxonomy", "show", "nothing"])
      #expect(missing.exitCode == 1 && missing.errorText.contains("no node is 'nothing'"))
    }
  }

  @Test("edit shows what changes, applies it only with --yes, and a run redoes just that")
  func edit() async throws {
    try await withDataset { dataset in
      let leaf = try await usedLeaf(dataset)
      let path = (leaf["path"]?.array ?? []).compactMap(\.string).joined(separator: " > ")
      let before = try dataset.read("strategies.yaml")
      let refused = try await dataset.stemma.run(["taxonomy", "edit", "remove", path])
      #expect(refused.exitCode == 1 && refused.errorText.contains("--yes applies"))
      #expect(refused.text.contains("become stale"))
      #expect(try await dataset.git("status", "--porcelain").text == "")
      let effect = try await dataset.objects("taxonomy", "edit", "remove", path, "--dry-run")[0]
      // Every slot that drew the leaf moves, and no other.
      #expect(effect["moved"] == leaf["slots"])
      #expect(effect["stale"] == leaf["samples"])
      #expect(effect["estimated-calls"]?.int ?? 0 > 0)
      #expect(effect["applied"] == false)
      #expect(try await dataset.git("status", "--porcelain").text == "")
      let applied = try await dataset.objects("taxonomy", "edit", "remove", path, "--yes")[0]
      #expect(applied["applied"] == true && applied["files"]?.array?.count == 1)
      #expect(try dataset.read("strategies.yaml") == before)
      // By hand it is the same.
      let byHand = try await dataset.objects("taxonomy", "effect")[0]
      #expect(byHand["moved"] == leaf["slots"] && byHand["stale"] == leaf["samples"])
      let samples = Set(try await dataset.samples().map { text($0, "id") })
      try await dataset.run()
      let kept = Set(try await dataset.samples().map { text($0, "id") }).intersection(samples)
      #expect(samples.count - kept.count >= leaf["samples"]?.int ?? 0)
      #expect(try await dataset.objects("taxonomy", "effect")[0]["moved"] == 0)
      try await dataset.expectSound()
    }
  }

  @Test("effect lists each stale slot with its sample, and what a run takes in tokens")
  func list() async throws {
    try await withDataset { dataset in
      let leaf = try await usedLeaf(dataset)
      let id = text(leaf, "id")
      let samples = try await dataset.samples()
      let mixes = try await dataset.objects("list", "mixes")
      let slots = mixes.filter { $0["value"]?["nodes"]?.array?.contains(.string(id)) == true }
        .compactMap { $0["value"]?["slot"]?.int }
      try await dataset.stemma("taxonomy", "edit", "rename", id, "Another name", "--yes")
      let objects = try await dataset.objects("taxonomy", "effect")
      let effect = objects[0]
      let stale = objects.dropFirst()
      #expect(stale.allSatisfy { text($0, "type") == "stale-slot" })
      #expect(stale.allSatisfy { text($0, "reason") == "reworded" })
      #expect(stale.compactMap { $0["slot"]?.int } == slots.sorted())
      for sample in samples {
        let line = stale.first { $0["slot"] == sample["value"]?["slot"] }
        if let line { #expect(line["sample"] == sample["id"]) }
      }
      #expect(stale.count { $0["sample"] != .null } == effect["stale"]?.int)
      let answers = try #require(effect["estimated-calls"]?.int)
      let input = try #require(effect["estimated-input-tokens"]?.int)
      let output = try #require(effect["estimated-output-tokens"]?.int)
      // By what the answers of all samples took, some of which are looked at.
      var usage = (calls: 0, input: 0, output: 0)
      for kind in ["samples", "meta-prompts", "rejections", "verdicts"] {
        for record in try await dataset.objects("list", kind) {
          let call = try await dataset.objects("cat", text(record["value"] ?? .null, "call"))[0]
          let counted = try #require((call["value"] ?? call)["usage"])
          usage.calls += 1
          usage.input += counted["input"]?.int ?? 0
          usage.output += counted["output"]?.int ?? 0
        }
      }
      func expected(_ total: Int) -> Int { total * slots.count / samples.count }
      let differences = (
        input: abs(input - expected(usage.input)), output: abs(output - expected(usage.output)),
        answers: abs(answers - expected(usage.calls))
      )
      #expect(differences.input <= input / 5)
      #expect(differences.output <= output / 5)
      #expect(differences.answers <= 1)
      let shown = try await dataset.stemma("taxonomy", "effect", "--list").text
      #expect(shown.contains("\(input) tokens in, \(output) out"))
      for line in stale {
        let sample = text(line, "sample").prefix(12)
        #expect(shown.contains("slot \(line["slot"]?.int ?? -1)  \(sample)"))
      }
    }
  }

  @Test("effect tells of factors that the run grows, and of a recipe that changed too")
  func besides() async throws {
    try await withDataset { dataset in
      let added = try await dataset.stemma(
        "taxonomy", "edit", "add", "Weather", "--as-factor", "--yes")
      #expect(added.text.contains("The next run grows 'Weather', which is only a root: about "))
      #expect(!added.text.contains("changed too"))
      let recipe = try dataset.read("recipe.yaml")
      try dataset.write(
        recipe.replacing("\nrandom-seed: ", with: "\nrandom-seed: 9"), to: "recipe.yaml")
      let effect = try await dataset.stemma("taxonomy", "effect")
      #expect(effect.text.contains("changed too: mixes is stale"))
      let object = try await dataset.objects("taxonomy", "effect")[0]
      #expect(object["other-stale-stages"] == ["mixes"])
      #expect(object["grows"]?.array?.map { text($0, "name") } == ["Weather"])
      try dataset.write(recipe, to: "recipe.yaml")
      let slots = try await dataset.samples().map { text($0, "id") }
      let run = try await dataset.run()
      #expect(run.asked > 0)
      #expect(try await dataset.samples().map { text($0, "id") } == slots)
    }
  }

  @Test("what makes no sense is refused with the file or the range, and the way out")
  func refusals() async throws {
    try await withDataset { dataset in
      func refused(_ arguments: String..., status: Int32 = 1) async throws -> String {
        let output = try await dataset.stemma.run(arguments)
        #expect(output.exitCode == status, "\(arguments): \(output.errorText)")
        return output.errorText
      }
      #expect(
        try await refused("taxonomy", "show", "--depth", "-1", status: 64)
          .contains("'--depth -1' must be 0 or more"))
      #expect(
        try await refused("taxonomy", "edit", "rename", "Setting", "A > B", "--yes")
          .contains("separates names of a path"))
      let strategies = try dataset.read("strategies.yaml")
      try dataset.write("strategies: [\n", to: "strategies.yaml")
      let broken = try await refused("run", "--replan")
      #expect(broken.contains("strategies.yaml:") && broken.contains("remove strategies.yaml"))
      #expect(try await !refused("run").contains("remove strategies.yaml"))
      try FileManager.default.removeItem(at: dataset.directory.appending(path: "strategies.yaml"))
      #expect(try await dataset.run("--replan").kept == 30)
      try dataset.write(strategies, to: "strategies.yaml")
      try dataset.write("factors: []\n", to: "factors.yaml")
      for command in [
        ["run"], ["run", "--until", "taxonomies"], ["taxonomy", "show"], ["status"],
      ] {
        let output = try await dataset.stemma.run(command)
        #expect(output.exitCode == 1 && output.text.isEmpty, "\(command)")
        #expect(output.errorText.contains("factors.yaml:1: no factor is left"), "\(command)")
      }
    }
  }

  @Test("show marks a node that the frontier cap kept from growing")
  func capped() async throws {
    try await withServerDataset(SimulaScript(), { $0.samples = 3 }) { dataset, _, _ in
      let recipe = try dataset.read("recipe.yaml")
      try dataset.write(
        recipe.replacing("\ntaxonomy:\n", with: "\ntaxonomy:\n  frontier-cap: 1\n"),
        to: "recipe.yaml")
      try await dataset.run("--until", "taxonomies")
      let marked = try await nodes(dataset).filter { $0["capped"] == true }
      #expect(!marked.isEmpty && marked.allSatisfy { $0["leaf"] == true && $0["level"] == 1 })
      let shown = try await dataset.stemma("taxonomy", "show").text
      #expect(shown.contains("\(text(marked[0], "id"))  capped"))
    }
  }

  @Test("a node that strategies name is removed only by force; each operation reads back")
  func operations() async throws {
    try await withDataset { dataset in
      let factors = try await nodes(dataset).filter { $0["level"] == 0 }
      let name = text(factors[0], "name")
      let refused = try await dataset.stemma.run(["taxonomy", "edit", "remove", name, "--yes"])
      #expect(refused.exitCode == 1 && refused.errorText.contains("--force"))
      let stemma = dataset.stemma
      for arguments in [
        ["rename", name, "Scene"], ["add", "Harbour", "--under", "Scene", "--weight", "2"],
        ["add", "Quay", "--under", "Harbour"], ["add", "Pier", "--under", "Scene"],
        ["move", "Pier", "--under", "Harbour"], ["merge", "Pier", "--into", "Quay"],
        ["weight", "Quay", "3"], ["pin", "Quay"], ["unpin", "Quay"],
        ["add", "Weather", "--as-factor", "--child", "Rain", "--child", "Sun"],
        ["remove", "Scene", "--force"],
      ] {
        let output = try await stemma.run(["taxonomy", "edit"] + arguments + ["--yes"])
        #expect(output.exitCode == 0, "\(arguments): \(output.errorText)")
        #expect(output.text.contains("Changed: "), "\(arguments)")
      }
      let left = try await nodes(dataset).map { text($0, "name") }
      #expect(left.contains("Rain") && !left.contains("Scene"))
      try await dataset.run()
      try await dataset.expectSound()
    }
  }

  @Test("the editor's text is checked, kept on a fault, and applied when it is right")
  func editor() async throws {
    try await withDataset { dataset in
      var dataset = dataset
      let leaf = text(try await usedLeaf(dataset), "id")
      let factor = text(try await usedLeaf(dataset), "factor")
      let script = dataset.directory.appending(path: ".git/edit.sh")
      func use(_ command: String) throws {
        try Data("#!/bin/sh\n\(command)\n".utf8).write(to: script)
      }
      dataset.stemma.environment["EDITOR"] = "sh \(script.path(percentEncoded: false))"
      try use("sed -i '/id: \(leaf)/s/name: /nmae: /' \"$1\"")
      let faulty = try await dataset.stemma.run(["taxonomy", "edit", factor, "--yes"])
      #expect(faulty.exitCode == 1)
      #expect(faulty.errorText.firstMatch(of: #/taxonomies/[a-z-]+\.yaml:\d+: /#) != nil)
      #expect(faulty.errorText.contains("your text is kept"))
      #expect(try await dataset.git("status", "--porcelain").text == "")
      try use("sed -i 's/nmae: \"/name: \"New /' \"$1\"")
      let right = try await dataset.stemma.run(["taxonomy", "edit", factor, "--yes"])
      #expect(right.exitCode == 0, "\(right.errorText)")
      #expect(right.errorText.contains("draft"))
      let renamed = try await nodes(dataset).first { text($0, "id") == leaf }
      #expect(renamed.map { text($0, "name").hasPrefix("New ") } == true)
      dataset.stemma.environment["EDITOR"] = nil
      let none = try await dataset.stemma.run(["taxonomy", "edit", factor])
      #expect(none.exitCode == 1 && none.errorText.contains("$EDITOR"))
    }
  }

  @Test("what was exported is imported as it was; a broken outline is refused with its line")
  func outlines() async throws {
    try await withDataset { dataset in
      for (format, file) in [("yaml", "a.yaml"), ("json", "a.json"), ("markdown", "a.md")] {
        let out = try await dataset.stemma("taxonomy", "export", "Setting", "--format", format)
        try dataset.write(out.text, to: ".git/\(file)")
        let result = try await dataset.objects(
          "taxonomy", "import", ".git/\(file)", "--yes")[0]
        #expect(result["files"] == [] && result["stale"] == 0)
      }
      try dataset.write("# Weather\n- Rain\n- Sun (weight 2)\n", to: ".git/w.md")
      let new = try await dataset.stemma("taxonomy", "import", ".git/w.md", "--yes")
      #expect(new.text.contains("no strategy uses 'Weather'"))
      #expect(try dataset.read("factors.yaml").contains("file: weather.yaml"))
      try dataset.write("# Weather\n- Rain\n- rain\n", to: ".git/w.md")
      let broken = try await dataset.stemma.run(["taxonomy", "import", ".git/w.md", "--yes"])
      #expect(broken.exitCode == 1 && broken.errorText.contains(".git/w.md:3: "))
    }
  }

  @Test("regrow tells its cost, commits what grew, and goes on after it was killed")
  func regrow() async throws {
    // The server falls silent after some requests, so that no command ends before it is killed.
    let limit = Mutex(Int.max)
    let script = SimulaScript { _, _, count in
      count >= limit.withLock { $0 } ? .silence : nil
    }
    try await withServerDataset(script, { $0.samples = 3 }) { dataset, _, server in
      try await dataset.run()
      let head = try await dataset.head()
      let asked = script.requestCount
      let plan = try await dataset.objects("taxonomy", "regrow", "Operation", "--dry-run")[0]
      #expect(plan["number"] == 1 && plan["least-calls"]?.int ?? 0 > 0)
      let refused = try await dataset.stemma.run(["taxonomy", "regrow", "Operation"])
      #expect(refused.exitCode == 1 && refused.errorText.contains("--yes"))
      #expect(script.requestCount == asked)
      let arguments = ["taxonomy", "regrow", "Operation", "--yes", "--json"]
      limit.withLock { $0 = asked + 5 }
      let killed = try await dataset.stemma.run(arguments) { running in
        await running.wait(
          until: { script.requestCount > asked + 5 }, after: .seconds(1), sending: SIGKILL)
      }
      limit.withLock { $0 = .max }
      #expect(killed.exitCode == -9)
      await server.waitUntilIdle()
      #expect(try await dataset.head() == head)
      let durable = try await dataset.durableSeeds()
      let before = script.requestCount
      let output = try await dataset.stemma.output(of: arguments).objects
      let result = try #require(output.last)
      #expect(result["version"]?.string == (try await dataset.head()))
      #expect(result["cached"]?.int ?? 0 > 0)
      #expect(durable.isDisjoint(with: script.log.seeds[before...]))
      // At most what was in flight is asked again.
      #expect(script.log.repeatCount <= 4)
      let effect = try #require(output.first)
      #expect(effect["type"]?.string == "effect" && effect["added"]?.array?.isEmpty == false)
      let since = try await dataset.objects("taxonomy", "effect", "--against", "HEAD~1")[0]
      #expect(since["moved"] == effect["moved"])
      try await dataset.expectSound()
      try await dataset.run()
      let again = try await dataset.objects("taxonomy", "regrow", "Operation", "--dry-run")[0]
      #expect(again["number"] == 2)
      let replanned = try await dataset.run("--replan")
      #expect(replanned.asked >= 1 && replanned.kept == 3)
      try await dataset.expectSound()
    }
  }

  @Test("on a terminal it asks, and takes only a yes for one")
  func terminal() async throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/script") else { return }
    try await withDataset { dataset in
      let leaf = text(try await usedLeaf(dataset), "id")
      for (answer, isApplied) in [("n", false), ("", false), ("y", true)] {
        var stemma = dataset.stemma
        let command = "\(StemmaProgram.path) taxonomy edit remove \(leaf)"
        stemma.wrapper = [
          "sh", "-c", "printf '\(answer)\\n' | script -qec '\(command)' /dev/null; true", "sh",
        ]
        let output = try await stemma.run([])
        #expect(output.text.contains("[y/N]"), "\(output.text)")
        #expect(try await dataset.git("status", "--porcelain").text.isEmpty == !isApplied)
      }
    }
  }
}
