import CanonicalJSON
import Foundation
import Synchronization
import TestSupport
import Testing

/// Croissant metadata and dataset cards, read by the programs that they are for.
@Suite("metadata of exports", .serialized)
struct ExportMetadataTests {
  /// A schema with all that fields can be.
  private static let schema =
    "{type: object, properties: {question: {type: string, description: What is asked}, "
    + "reasoning: {type: string}, answer: {type: integer}, "
    + "steps: {type: array, items: {type: string}}, "
    + "source: {type: object, properties: {page: {type: integer}, title: {type: [string, 'null']}}, "
    + "required: [page, title], additionalProperties: false}, "
    + "unused: {type: string}}, required: [question, reasoning, answer, steps, source], "
    + "additionalProperties: false}"

  private static func sample(_ number: Int) -> JSON {
    [
      "question": .string("What is \(number) + 3? (case é\(number))"),
      "reasoning": .string("\(number) + 3 = \(number + 3)"), "answer": JSON(number + 3),
      "steps": [.string("\(number)"), "+ 3"],
      "source": ["page": JSON(number), "title": number % 2 == 0 ? .null : "A | \"b\""],
    ]
  }

  private func withExport(
    _ test: (TestDataset, TestRecipe) async throws -> Void
  ) async throws {
    let script = SimulaScript()
    let count = Atomic(0)
    try await withServerDataset(
      script,
      {
        $0.schema = Self.schema
        $0.samples = 6
        $0.double = "off"
      },
      serving: { request in
        // The script knows samples of its own form only.
        guard SimulaScript.task(of: request.body) == nil else { return script.script(request) }
        return .answer(Self.sample(count.add(1, ordering: .relaxed).newValue).text)
      }
    ) { dataset, recipe, _ in
      try await dataset.run()
      try await test(dataset, recipe)
    }
  }

  @Test("mlcroissant finds nothing wrong, and loads the samples that were exported")
  func croissant() async throws {
    try await withExport { dataset, _ in
      try await dataset.stemma(
        "export", "--folder", "out", "--license", "CC-BY-4.0", "--creator", "Ada Example", "--url",
        "https://example.org/sums", "--release", "1.2.0")
      let file = dataset.directory.appending(path: "out/croissant.json").path
      let verdict = try await PythonTools.run("mlcroissant", ["validate", "--jsonld", file])
      #expect(verdict.exitCode == 0, "\(verdict.errorText)")
      let said = verdict.text + verdict.errorText
      #expect(said.contains("Done") && !said.lowercased().contains("warning"), "\(said)")
      #expect(!said.contains("error"), "\(said)")

      let script = """
        import json, sys
        import mlcroissant
        dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
        def plain(value):
            if isinstance(value, bytes): return value.decode()
            if isinstance(value, dict):
                return {k.split("/")[-1]: plain(v) for k, v in value.items()}
            if isinstance(value, list): return [plain(v) for v in value]
            return value.item() if hasattr(value, "item") else value
        for record in dataset.records("samples"): print(json.dumps(plain(record)))
        """
      let loaded = try await PythonTools.script(script, [file])
      #expect(loaded.exitCode == 0, "\(loaded.errorText)")
      let values = try dataset.read("out/samples.jsonl").split(separator: "\n").map {
        try JSON(parsing: String($0))
      }
      #expect(values.count == 6)
      #expect(try loaded.lines.map { try JSON(parsing: $0) } == values)

      let json = try JSON(parsing: dataset.read("out/croissant.json"))
      #expect(json["conformsTo"]?.array?.first == "http://mlcommons.org/croissant/1.1")
      let commit = try await dataset.head()
      #expect(json["prov:wasDerivedFrom"]?["@id"]?.string == "swh:1:rev:\(commit)")
      let agents = json["prov:wasGeneratedBy"]?["prov:wasAssociatedWith"]?.array
      #expect(agents?.contains { $0["prov:label"] == "fake-1, through openai" } == true)
      let digest = try await dataset.datasetDigest()
      #expect(json["identifier"]?["value"]?.string == "sha256:\(digest)")

      // Other bytes than those that were described are refused.
      try dataset.write(try dataset.read("out/samples.jsonl") + "{}\n", to: "out/samples.jsonl")
      #expect(try await PythonTools.script(script, [file]).exitCode != 0)
    }
  }

  @Test("the card's front matter and figures are what Hugging Face reads and the records say")
  func card() async throws {
    try await withExport { dataset, _ in
      try FileManager.default.createDirectory(
        at: dataset.directory.appending(path: "meta"), withIntermediateDirectories: true)
      try await dataset.stemma(
        "export", "-o", "all.jsonl", "--card", "card.md", "--croissant", "meta/croissant.json",
        "--license", "https://example.org/terms")
      let croissant = try JSON(parsing: dataset.read("meta/croissant.json"))
      let file = try #require(croissant["distribution"]?.array?.first)
      #expect(file["contentUrl"] == "../all.jsonl")
      let sum = try await shell("sha256sum all.jsonl | cut -c -64", in: dataset.directory)
      #expect(sum.lines == [file["sha256"]?.string])

      let script = """
        import json, sys
        from huggingface_hub import DatasetCard
        card = DatasetCard.load(sys.argv[1])
        print(json.dumps({"data": card.data.to_dict(), "text": card.text}))
        """
      let path = dataset.directory.appending(path: "card.md").path
      let output = try await PythonTools.script(script, [path])
      #expect(output.exitCode == 0, "\(output.errorText)")
      let card = try JSON(parsing: try #require(output.lines.last))
      let data = try #require(card["data"])
      #expect(data["license"] == "other" && data["license_link"] == "https://example.org/terms")
      #expect(data["pretty_name"] == "sums" && data["size_categories"] == ["n<1K"])
      #expect(data["configs"]?.array?.first?["data_files"] == "all.jsonl")
      let text = try #require(card["text"]?.string)
      let rejections = try await dataset.objects("list", "rejections")
      let attempts = 6 + rejections.count { $0["value"]?["reason"] != "refined" }
      #expect(text.contains("| samples | 6 of 6 asked for |"))
      #expect(text.contains("| attempts | \(attempts), of which"))
      #expect(text.contains("`\(try await dataset.datasetDigest())`"))
      #expect(text.contains(sum.lines[0]))
      for level in try await dataset.objects("taxonomy", "show") where level["type"] == "level" {
        guard let number = level["level"]?.int, number > 0 else { continue }
        let percent = JSON.number(((level["coverage"]?.double ?? 0) * 1000).rounded() / 10).text
        #expect(text.contains("| \(number) | \(level["nodes"]?.int ?? -1) | \(percent)% |"))
      }
      // The line that it gives finds the sample it means.
      let command = try #require(text.firstMatch(of: /(?m)^stemma list .*$/)).output
      let found = try await shell(
        String(command).replacing("stemma ", with: "\"\(StemmaProgram.path)\" "),
        in: dataset.directory)
      let lines = try dataset.read("all.jsonl").split(separator: "\n")
      let trace = try #require(try await dataset.objects("trace", found.lines[0]).first)
      #expect(trace["root"]?["content"]?["value"] == (try JSON(parsing: String(lines[4]))))
    }
  }

  @Test("a line of the folder is traced by its id")
  func identities() async throws {
    try await withExport { dataset, _ in
      let output = try await dataset.stemma("export", "--folder", "out")
      #expect(output.errorText.contains("--license, --creator, --url"))
      let count = try await dataset.samples().count
      #expect(output.errorText.contains("Wrote \(count) lines and what describes them to 'out'"))
      let file = try await dataset.stemma("export", "-o", "../plain.jsonl")
      #expect(file.errorText == "Wrote \(count) lines to '../plain.jsonl'.\n")
      #expect(try await dataset.stemma("export").errorText == "")
      let ids = try dataset.read("out/ids.txt").split(separator: "\n").map(String.init)
      let lines = try dataset.read("out/samples.jsonl").split(separator: "\n").map(String.init)
      #expect(ids.count == lines.count)
      let trace = try #require(try await dataset.objects("trace", ids[2]).first)
      #expect(trace["root"]?["content"]?["value"] == (try JSON(parsing: lines[2])))
      let plain = try await dataset.stemma("export").text
      #expect(plain == (try dataset.read("out/samples.jsonl")))
    }
  }

  @Test("a recipe that was changed since the samples were made is told")
  func stale() async throws {
    try await withExport { dataset, _ in
      let export = ["export", "-o", "samples.jsonl", "--card", "card.md"]
      let before = try await dataset.stemma.run(export)
      #expect(before.exitCode == 0 && !before.errorText.contains("from before a change"))
      let recipe = try dataset.read("recipe.yaml")
      let changed = try #require(recipe.firstRange(of: /fraction: [0-9.]+/))
      try dataset.write(
        recipe.replacingCharacters(in: changed, with: "fraction: 0.99"), to: "recipe.yaml")
      try await dataset.git("commit", "-qam", "another recipe, no run")
      let after = try await dataset.stemma.run(export)
      #expect(after.exitCode == 0)
      #expect(
        after.errorText.contains("meta-prompts, samples from before a change"), "\(after.errorText)"
      )
    }
  }

  @Test("what cannot be described is refused")
  func refusals() async throws {
    try await withExport { dataset, _ in
      for (arguments, words) in [
        (["--croissant", "c.json"], "name it with -o"),
        (["verdicts", "-o", "v", "--card", "c.md"], "describes the values of samples only"),
        (["--folder", "."], "is a dataset"),
        (["--folder", "out", "-o", "x"], "names its files itself"),
        (["--license", "MIT"], "nothing to write that into"),
        (["--folder", "out", "--release", "first"], "is no release"),
        (["--folder", "out", "--url", "example.org"], "no scheme"),
      ] {
        let output = try await dataset.stemma.run(["export"] + arguments)
        #expect(output.exitCode != 0 && output.errorText.contains(words), "\(output.errorText)")
      }
    }
  }
}
