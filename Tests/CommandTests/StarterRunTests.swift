import CanonicalJSON
import Foundation
import Synchronization
import TestSupport
import Testing

/// The starters that need a model, run as they are against a server that plays one.
@Suite("starter recipes run against a server")
struct StarterRunTests {
  /// Each starter with the property of which its samples show the sum that is asked for.
  static let starters: [(name: String, question: String)] = [
    ("gsm8k", "question"), ("cti-mcq", "question"), ("cti-rcm", "description"),
    ("lexam", "question"), ("global-mmlu", "question"),
  ]

  @Test(
    "as it was made, with another address and fewer samples, each gives what is asked for",
    arguments: starters)
  func run(name: String, question: String) async throws {
    let requests = Mutex([JSON]())
    let script = SimulaScript(wrongShare: 0.3, rejectedShare: 0.2) { task, request, _ in
      if task == .sample, let body = request.json { requests.withLock { $0.append(body) } }
      return nil
    }
    try await withTemporaryDirectory { parent in
      try await withFakeChatServer(script.script) { server in
        try await StemmaProgram(in: parent)("init", "data", "--recipe", name)
        let dataset = TestDataset(at: parent.appending(path: "data", directoryHint: .isDirectory))
        let recipe = try dataset.read("recipe.yaml")
        let address = "http://127.0.0.1:8080/v1"
        #expect(recipe.contains(address))
        try dataset.write(recipe.replacing(address, with: server.baseURL), to: "recipe.yaml")
        let languages = try? dataset.read("taxonomies/language.yaml")
        #expect((languages != nil) == (name == "global-mmlu"))
        let result = try await dataset.run("--samples", "6")
        if let languages {
          // The languages are as they came; the other factors have grown.
          #expect(languages.split(separator: "\n").count { $0.contains(", in: ") } == 42)
          #expect(try dataset.read("taxonomies/language.yaml") == languages)
          #expect(try dataset.read("taxonomies/subject.yaml").contains(", in: "))
          let enumeration = try #require(recipe.firstMatch(of: /enum:\s+\[([^\]]*)\]/)).1
          for name in enumeration.split(separator: ",") {
            let trimmed = name.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(languages.contains("name: \"\(trimmed)\""), "\(trimmed)")
          }
        }
        #expect(result.kept == 6)
        let samples = try await dataset.samples()
        #expect(samples.count == 6)
        for sample in samples {
          let value = try #require(sample["value"]?["value"])
          let text = try #require(value[question]?.string)
          let match = try #require(text.firstMatch(of: /What is (\d+) \+ (\d+)\?/))
          let sum = try #require(Int(match.1)) + #require(Int(match.2))
          let letters = ["A", "B", "C", "D"]
          let right: JSON =
            switch name {
            case "gsm8k": JSON(sum)
            case "cti-rcm": .string("CWE-\(sum)")
            default: .string(letters[sum % 4])
            }
          #expect(value["answer"] == right)
        }
        #expect(script.log.tasks[.judge, default: 0] >= 6)
        #expect(script.log.tasks[.solve, default: 0] >= 12)
        #expect(script.log.tasks[.isCorrect] == nil)
        for request in requests.withLock({ $0 }) { try expectReasoningFirst(request) }
        let reasons = try await dataset.objects("list", "rejections")
          .compactMap { $0["value"]?["reason"]?.string }
        #expect(!reasons.contains("unreadable"), "\(reasons)")
        try await dataset.expectSound()
      }
    }
  }

  /// Checks that the form and the examples have a model reason before it answers.
  private func expectReasoningFirst(_ request: JSON) throws {
    let schema = request["response_format"]?["json_schema"]?["schema"]
    let names = try #require(schema?["properties"]?.object?.names)
    #expect(names.suffix(2) == ["reasoning", "answer"])
    let prompt = try #require(request["messages"]?.array?.last?["content"]?.string)
    for line in prompt.split(separator: "\n") where line.hasPrefix("Example of a sample: ") {
      let example = try JSON(parsing: String(line.trimmingPrefix("Example of a sample: ")))
      #expect(example.object?.names == names)
    }
    #expect(prompt.contains("Example of a sample: ") || prompt.contains("Draft: "))
  }

  @Test("what names no starter lists all of them with what each makes")
  func listing() async throws {
    try await withTemporaryDirectory { parent in
      let stemma = StemmaProgram(in: parent)
      let list = try await stemma("init", "--list").lines
      let objects = try await stemma.output(of: ["init", "--list", "--json"]).objects
      let names = objects.compactMap { $0["name"]?.string }
      #expect(Set(names).isSuperset(of: Self.starters.map(\.name)))
      #expect(names.count == list.count)
      for (line, object) in zip(list, objects) {
        #expect(line.hasPrefix(try #require(object["name"]?.string) + " "))
        #expect(line.hasSuffix(" " + (try #require(object["summary"]?.string))))
      }
      for arguments in [["init", "x", "--recipe"], ["init", "x", "--recipe", "cake"]] {
        let refusal = try await stemma.run(arguments)
        #expect(refusal.exitCode == 64)
        #expect(refusal.errorText.contains(arguments.count == 3 ? "needs the name" : "'cake'"))
        for line in list { #expect(refusal.errorText.contains("\n  " + line)) }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == [])
    }
  }
}
