import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma recall", .serialized)
struct RecallTests {
  private static func script() -> SimulaScript {
    SimulaScript(wrongShare: 0.2, rejectedShare: 0.2)
  }

  private func first(_ dataset: TestDataset, _ kind: String) async throws -> (id: String, JSON) {
    let record = try #require(try await dataset.objects("list", kind).first, "\(kind)")
    return (try #require(record["id"]?.string), record["value"] ?? .null)
  }

  private func ids(_ dataset: TestDataset, _ kind: String = "samples") async throws -> Set<String> {
    Set(try await dataset.objects("list", kind).compactMap { $0["id"]?.string })
  }

  private func states(_ dataset: TestDataset) async throws -> [String: String] {
    let stages = try await dataset.objects("status").first?["stages"]?.array ?? []
    return Dictionary(
      uniqueKeysWithValues: stages.map { ($0["stage"]?.string ?? "", $0["state"]?.string ?? "") })
  }

  /// The lines of `recalls.yaml` that recall something.
  private func entries(_ dataset: TestDataset) throws -> [String] {
    try dataset.read("recalls.yaml").split(separator: "\n").map(String.init).filter {
      $0.hasPrefix("- ")
    }
  }

  /// Makes sure that a recall is one sound version, and that the next run fills up without it.
  private func expectRefilled(
    _ dataset: TestDataset, without gone: Set<String>, samples: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await dataset.expectSound(sourceLocation: sourceLocation)
    #expect(
      try await ids(dataset).isDisjoint(with: gone), sourceLocation: sourceLocation)
    #expect(
      try await states(dataset).values.contains("recalled"), sourceLocation: sourceLocation)
    #expect(try await dataset.run().kept == samples, sourceLocation: sourceLocation)
    #expect(
      try await ids(dataset).isDisjoint(with: gone), sourceLocation: sourceLocation)
    #expect(try await ids(dataset).count == samples, sourceLocation: sourceLocation)
    #expect(try await dataset.run().isUpToDate, sourceLocation: sourceLocation)
    try await dataset.expectSound(sourceLocation: sourceLocation)
  }

  @Test(
    "each kind of thing is taken back with what descends from it, and given back without a call",
    arguments: ["sample", "verdict", "meta-prompt", "mix", "node", "call", "key"])
  func kinds(kind: String) async throws {
    let script = Self.script()
    try await withServerDataset(script, { $0.isGrown = false }) { dataset, _, _ in
      try await dataset.run()
      let digest = try await dataset.datasetDigest()
      let all = try await ids(dataset)
      let thing = try await id(of: kind, dataset)
      let version = try await dataset.head()
      let shown = try #require(try await dataset.objects("recall", thing, "--dry-run").first)
      #expect(shown["applied"] == false)
      #expect(try await dataset.head() == version)
      let recall = try #require(
        try await dataset.objects("recall", thing, "--yes", "--reason", "a \"test\"").first)
      #expect(recall["records"] == shown["records"] && recall["applied"] == true)
      #expect(try await dataset.git("rev-parse", "HEAD~1").text == version)
      let message = try await dataset.git("log", "-1", "--format=%B").text
      for trailer in ["Recall: ", "Dataset-Digest: ", "Dataset-Tree: ", "Totals: ", "Stage: "] {
        #expect(message.contains("\n" + trailer), "\(trailer)")
      }
      let title = try #require(message.split(separator: "\n").first)
      #expect(title.hasPrefix("Recall ") && !title.contains { "{}[]\"".contains($0) }, "\(title)")
      #expect(try entries(dataset).count == 1)
      #expect(try entries(dataset)[0].contains(#"reason: "a \"test\""#))
      let gone = all.subtracting(try await ids(dataset))
      #expect(gone.count == recall["records"]?["samples"]?.int && !gone.isEmpty)
      try await expectRefilled(dataset, without: gone, samples: 6)
      // What follows asks nothing: the answers are all recorded.
      let asked = script.requestCount
      try dataset.write("recalls:\n", to: "recalls.yaml")
      #expect(try await states(dataset).values.contains("recalled"))
      try await dataset.run()
      #expect(script.requestCount == asked)
      #expect(try await dataset.datasetDigest() == digest)
    }
  }

  /// Something that a kept sample descends from.
  private func id(of kind: String, _ dataset: TestDataset) async throws -> String {
    let (sample, value) = try await first(dataset, "samples")
    let call = try #require(value["call"]?.string)
    let prompt = try #require(value["meta-prompt"]?.string)
    let mix = try #require(
      try await dataset.objects("cat", prompt).first?["value"]?["mix"]?.string)
    switch kind {
    case "sample": return sample
    case "call": return call
    case "meta-prompt": return prompt
    case "mix": return mix
    case "key":
      return try #require(try await dataset.objects("cat", call).first?["value"]?["key"]?.string)
    case "node":
      let nodes = try await dataset.objects("cat", mix).first?["value"]?["nodes"]?.array ?? []
      return try #require(nodes.last?.string)
    default:
      let verdict = try await dataset.objects("list", "verdicts").first {
        $0["value"]?["sample"]?.string == sample
      }
      return try #require(verdict?["id"]?.string)
    }
  }

  @Test("a recalled node and all below it are marked where taxonomies are shown")
  func shown() async throws {
    try await withServerDataset(Self.script()) { dataset, _, _ in
      try await dataset.run()
      func nodes(_ arguments: String...) async throws -> [JSON] {
        try await dataset.stemma.output(of: ["taxonomy", "show", "--json"] + arguments).objects
          .filter { $0["type"] == "node" }
      }
      let before = try await nodes()
      #expect(before.allSatisfy { $0["recalled"] == false })
      let node = try #require(before.first { $0["level"] == 1 && $0["leaf"] == false })
      let id = try #require(node["id"]?.string)
      try dataset.write("recalls:\n- {node: \"\(id)\"}\n", to: "recalls.yaml")
      let path = node["path"]?.array ?? []
      for node in try await nodes() {
        let isBelow = node["path"]?.array?.starts(with: path) == true
        #expect(node["recalled"] == .bool(isBelow), "\(node)")
      }
      // A version tells of its own recalls, and text says it too.
      #expect(try await nodes("--at", "HEAD").allSatisfy { $0["recalled"] == false })
      try await dataset.git("add", "recalls.yaml")
      try await dataset.git("commit", "-qm", "recalls")
      let marked = try await nodes("--at", "HEAD").count { $0["recalled"] == true }
      #expect(marked > 1)
      let lines = try await dataset.stemma("taxonomy", "show").lines
      #expect(lines.count { $0.contains("  recalled  ") } == marked)
      try dataset.write("recalls:\n- {nod: x}\n", to: "recalls.yaml")
      let broken = try await dataset.stemma.run(["taxonomy", "show"])
      #expect(
        broken.exitCode == 1 && broken.errorText.contains("recalls.yaml:2: unknown key 'nod'"))
    }
  }

  @Test("a model and a template must be changed first, which run and plan say before they ask")
  func modelAndTemplate() async throws {
    let script = Self.script()
    try await withServerDataset(script) { dataset, recipe, _ in
      try await dataset.run()
      let all = try await ids(dataset)
      let asked = script.requestCount
      for (thing, word) in [
        ("model:fake-1", "'generator'"), ("prompts/generate.mustache", "generate"),
      ] {
        let output = try await dataset.stemma("recall", thing, "--yes")
        #expect(output.text.contains("6 of samples"), "\(output.text)")
        #expect(output.text.contains("Change the recipe or the template"))
        for command in ["run", "plan"] {
          let refused = try await dataset.stemma.run([command])
          #expect(refused.exitCode == 1)
          #expect(refused.errorText.contains("recalls.yaml:"), "\(refused.errorText)")
          #expect(refused.errorText.contains(word), "\(refused.errorText)")
          #expect(refused.errorText.contains("hint: "))
        }
        #expect(script.requestCount == asked)
        try await dataset.stemma("undo")
        #expect(try await ids(dataset) == all)
      }
      #expect(try await dataset.run().isUpToDate)
      try await dataset.stemma("recall", "model:fake-1", "--yes")
      let other = recipe.text.replacing("model: fake-1", with: "model: fake-2")
      try dataset.write(other, to: "recipe.yaml")
      #expect(try await dataset.run().kept == 6)
      for call in try await dataset.objects("list", "samples").compactMap({
        $0["value"]?["call"]?.string
      }) {
        let value = try await dataset.objects("cat", call).first?["value"]
        #expect(value?["request"]?["model"] == "fake-2")
      }
      try await dataset.expectSound()
    }
  }

  @Test("a run is recalled by its name, which the history must have")
  func runs() async throws {
    try await withServerDataset(Self.script(), { $0.samples = 3 }) { dataset, _, _ in
      try await dataset.run()
      let before = try await ids(dataset)
      let made = try await dataset.run("--samples", "6")
      let run = try #require(made.json["run"]?.string)
      let new = try await ids(dataset).subtracting(before)
      let recall = try #require(try await dataset.objects("recall", run, "--yes").first)
      #expect(recall["records"]?["samples"] == 3)
      #expect(try await ids(dataset) == before)
      try await expectRefilled(dataset, without: new, samples: 6)
      let parent = dataset.directory.deletingLastPathComponent()
      let url = dataset.directory.absoluteString
      try await GitProgram(in: parent)("clone", "-q", "--depth", "1", url, "shallow")
      let shallow = TestDataset(at: parent.appending(path: "shallow"))
      let last = try #require(
        try await dataset.git("log", "-1", "--format=%(trailers:key=Run-Id,valueonly)").lines.first)
      for name in [run, last] {
        let refused = try await shallow.stemma.run(["recall", name, "--yes"])
        #expect(refused.exitCode != 0)
        #expect(
          refused.errorText.contains("older versions are not here"), "\(refused.errorText)")
      }
      let unknown = try await dataset.stemma.run(["recall", "20200101T000000Z-00000000", "--yes"])
      #expect(unknown.exitCode == 3, "\(unknown.errorText)")
      #expect(unknown.errorText.contains("there is no '2020"), "\(unknown.errorText)")
    }
  }

  @Test("of what a text could mean, some is named, and how much is not")
  func ambiguous() async throws {
    try await withServerDataset(Self.script(), { $0.shrink() }) { dataset, _, _ in
      var runs: [String] = []
      for count in 1...5 {
        let run = try await dataset.run("--samples", "\(count)")
        runs.append(try #require(run.json["run"]?.string))
      }
      let start = String(runs[0].prefix(4))
      for command in ["impact", "recall"] {
        let output = try await dataset.stemma.run([command, "run:\(start)"])
        #expect(output.exitCode != 0)
        #expect(output.errorText.contains("'\(start)' is the beginning of 5"))
        #expect(output.errorText.contains(" and 1 more"), "\(output.errorText)")
        #expect(runs.filter { output.errorText.contains($0) }.count == 4)
      }
    }
  }

  @Test("a proposal leaves its nodes, which are told, and growth asks another one")
  func proposal() async throws {
    try await withServerDataset(Self.script(), { $0.isGrown = false }) { dataset, _, _ in
      try await dataset.run()
      let proposal = try #require(
        try await dataset.objects("list", "proposals").first {
          $0["value"]?["task"] == "propose-children"
        })
      let files = try await dataset.git("ls-files", "-s", "*.yaml").lines
      let before = try await ids(dataset)
      let id = try #require(proposal["id"]?.string)
      let recall = try #require(try await dataset.objects("recall", id, "--yes").first)
      #expect(recall["records"]?["proposals"] == 1 && recall["records"]?["samples"] == nil)
      #expect(recall["nodes"]?.array != nil)
      #expect(try await ids(dataset) == before)
      let now = try await dataset.git("ls-files", "-s", "*.yaml").lines
      #expect(now.filter { !$0.hasSuffix("recalls.yaml") } == files)
      #expect(try await states(dataset)["taxonomies"] == "recalled")
      #expect(try await dataset.run().kept == 6)
      let call = try #require(proposal["value"]?["call"]?.string)
      for record in try await dataset.objects("list", "proposals") {
        #expect(record["value"]?["call"]?.string != call)
      }
      #expect(try await dataset.run().isUpToDate)
      try await dataset.expectSound()
    }
  }

  @Test("nothing happens without an answer, and what is wrong is said")
  func refusals() async throws {
    try await withServerDataset(Self.script(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let head = try await dataset.head()
      let sample = try await first(dataset, "samples").id
      let silent = try await dataset.stemma.run(["recall", sample])
      #expect(silent.exitCode == 1 && silent.errorText.contains("--yes"))
      #expect(silent.text.contains("Takes away 1 of samples"), "\(silent.text)")
      let asked = try await dataset.stemma.run(["recall", sample, "--json"])
      #expect(asked.exitCode == 1)
      #expect(try asked.objects.first?["applied"] == false)
      for (arguments, words) in [
        (["recall"], "name what to recall"),
        (["recall", "ffffffffffff", "--yes"], "there is no 'ffffffffffff'"),
        (["recall", "ffffffffffff"], "there is no 'ffffffffffff'"),
        (["recall", "model:none", "--yes"], "there is no 'model:none'"),
        (["recall", sample, "--list"], "takes no ids"),
        (["recall", sample, "--yes", "--dry-run"], "contradict"),
      ] {
        let output = try await dataset.stemma.run(arguments)
        #expect(output.exitCode != 0, "\(arguments)")
        #expect(output.errorText.contains(words), "\(output.errorText)")
      }
      try dataset.write("recalls:\n- {nod: 12}\n", to: "recalls.yaml")
      for arguments in [["run"], ["status"], ["recall", sample, "--yes"], ["recall", "--list"]] {
        let output = try await dataset.stemma.run(arguments)
        #expect(output.exitCode != 0, "\(arguments)")
        #expect(
          output.errorText.contains("recalls.yaml:2: unknown key 'nod'"), "\(output.errorText)")
        #expect(output.errorText.contains("'node'"))
      }
      #expect(try await dataset.head() == head)
      try dataset.write("# mine\n\nrecalls:\n", to: "recalls.yaml")
      try await dataset.stemma("recall", sample, "--yes")
      #expect(try dataset.read("recalls.yaml").hasPrefix("# mine\n\nrecalls:\n- {call: "))
      let again = try await dataset.stemma("recall", sample, "--yes")
      #expect(again.text.contains("recalled before") && again.text.contains("nothing to do"))
      let list = try await dataset.objects("recall", "--list")
      #expect(list.count == 1 && list[0]["kind"] == "call" && list[0]["line"] == 4)
    }
  }

  @Test("undo and rollback take the recall back; the recalls of a version count for it")
  func undo() async throws {
    let script = Self.script()
    try await withServerDataset(script) { dataset, _, _ in
      try await dataset.run()
      let digest = try await dataset.datasetDigest()
      let sample = try await first(dataset, "samples").id
      try await dataset.stemma("recall", sample, "--yes")
      try await dataset.stemma("undo")
      #expect(try await dataset.datasetDigest() == digest)
      #expect(try await dataset.run().isUpToDate)
      try await dataset.stemma("undo", "--redo")
      try await dataset.run()
      let exported = try await dataset.stemma("export", "--records").lines
      #expect(exported.count == 6)
      #expect(try await !ids(dataset).contains(sample))
      let asked = script.requestCount
      try await dataset.stemma("rollback", "HEAD~2")
      #expect(try await dataset.datasetDigest() == digest)
      #expect(
        !FileManager.default.fileExists(
          atPath: dataset.directory.appending(path: "recalls.yaml").path(percentEncoded: false)))
      #expect(try await dataset.run().isUpToDate)
      try await dataset.stemma("rollback", "HEAD~1")
      #expect(try await dataset.run().isUpToDate)
      try await dataset.stemma("cache", "prune", "--yes")
      let verification = try await dataset.stemma.run(["verify"])
      #expect(verification.exitCode == 0, "\(verification.errorText)")
      // Nothing of the recall is asked once more, pruned or not.
      #expect(try await dataset.run("--samples", "6").isUpToDate)
      #expect(script.requestCount == asked)
    }
  }

  @Test("branches that both recall merge without a conflict", arguments: [true, false])
  func merge(byStemma: Bool) async throws {
    try await withServerDataset(Self.script()) { dataset, _, _ in
      try await dataset.run()
      let samples = try await ids(dataset).sorted()
      try await dataset.stemma("branch", "theirs")
      try await dataset.stemma("recall", samples[0], samples[1], "--yes", "--reason", "ours")
      try await dataset.stemma("checkout", "theirs")
      try await dataset.stemma("recall", samples[1], "--yes")
      try await dataset.stemma("recall", samples[2], "--yes")
      try await dataset.run()
      try await dataset.stemma("checkout", "main")
      if byStemma {
        try await dataset.stemma("merge", "theirs")
      } else {
        try await dataset.git("merge", "-q", "--no-edit", "theirs")
      }
      #expect(Set(try entries(dataset)).count == 4)
      let recalled = Set(
        try await dataset.objects("recall", "--list").compactMap { $0["id"]?.string })
      #expect(recalled.count == 3)
      #expect(try await dataset.run().kept == 6)
      #expect(try await ids(dataset).isDisjoint(with: samples[0...2]))
      #expect(try await dataset.run().isUpToDate)
      try await dataset.expectSound()
    }
  }

  @Test("a recall that is killed leaves a dataset that goes on")
  func kills() async throws {
    try await withServerDataset(Self.script()) { dataset, _, _ in
      try await dataset.run()
      let sample = try await first(dataset, "samples").id
      var random = FixedRandom(seed: 4)
      for _ in 0..<8 {
        let delay = Duration.microseconds(Int.random(in: 0..<120_000, using: &random))
        let output = try await dataset.stemma.run(["recall", sample, "--yes"]) { running in
          await running.wait(after: delay, sending: SIGKILL)
        }
        #expect([0, -9].contains(output.exitCode), "\(output.errorText)")
        try await dataset.expectSound(isCommitted: false)
      }
      try await dataset.stemma("recall", sample, "--yes")
      try await expectRefilled(dataset, without: [sample], samples: 6)
      #expect(try entries(dataset).count == 1)
    }
  }
}
