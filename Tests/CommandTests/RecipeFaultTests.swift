import Foundation
import TestSupport
import Testing

/// A recipe with one mistake, and what a run must say about it.
struct RecipeFault: Sendable, CustomTestStringConvertible {
  let name: String
  let change: @Sendable (inout TestRecipe) -> Void
  let message: String
  let hint: String
  var testDescription: String { name }

  static let all = [
    RecipeFault(
      name: "an unknown key", change: { $0.more = "complexty: 3" },
      message: "'complexty'", hint: "'complexity'"),
    RecipeFault(
      name: "an unknown key in a section", change: { $0.more = "  atempts: 3" },
      message: "'atempts'", hint: "'attempts'"),
    RecipeFault(
      name: "a schema that is none", change: { $0.schema = "{type: nonsense}" },
      message: "the schema of the sample is wrong at '/type'", hint: "types are array, boolean"),
    RecipeFault(
      name: "a word that is none of the choices", change: { $0.double = "maybe" },
      message: "'maybe'", hint: "solve"),
    RecipeFault(
      name: "a number that is too large", change: { $0.fraction = 7 },
      message: "'fraction' in 'complexity' must be a number from 0 to 1", hint: "stemma: "),
    RecipeFault(
      name: "a tab where YAML wants spaces", change: { $0.more = "\tattempts: 2" },
      message: "a tab stands in the indentation", hint: "indent with spaces"),
  ]
}

@Suite("a recipe with a mistake", .serialized)
struct RecipeFaultTests {
  @Test("the line is named, and nothing is asked or written", arguments: RecipeFault.all)
  func mistake(fault: RecipeFault) async throws {
    let script = SimulaScript()
    try await withServerDataset(script, fault.change) { dataset, recipe, _ in
      let head = try await dataset.head()
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains(fault.message), "\(output.errorText)")
      #expect(output.errorText.contains(fault.hint), "\(output.errorText)")
      #expect(output.errorText.contains(/line \d+|recipe\.yaml:\d+/), "\(output.errorText)")
      #expect(output.text == "")
      #expect(script.requestCount == 0)
      #expect(try await dataset.head() == head)
      try await dataset.expectSound(isCommitted: false)
      let status = try await dataset.stemma.run(["status"])
      #expect(status.exitCode == 1)
      #expect(status.errorText == output.errorText)
    }
  }

  @Test("the line of an unknown key is the right one")
  func line() async throws {
    try await withServerDataset(SimulaScript(), { $0.more = "complexty: 3" }) { dataset, _, _ in
      let lines = try dataset.read("recipe.yaml").split(
        separator: "\n", omittingEmptySubsequences: false)
      let number = try #require(lines.firstIndex(of: "complexty: 3")) + 1
      let output = try await dataset.stemma.run(["run"])
      #expect(output.errorText.contains("\(number)"), "\(output.errorText)")
    }
  }

  @Test("a prompt template that cannot be read is named")
  func template() async throws {
    let script = SimulaScript()
    try await withServerDataset(script) { dataset, _, _ in
      try dataset.write("### system\nhello\n", to: "prompts/generate.mustache")
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("prompts/generate.mustache"))
      #expect(output.errorText.contains("hint: "))
      try FileManager.default.removeItem(
        at: dataset.directory.appending(path: "prompts/generate.mustache"))
      let missing = try await dataset.stemma.run(["run"])
      #expect(missing.errorText.contains("'prompts/generate.mustache' is missing"))
      #expect(missing.errorText.contains("git checkout HEAD -- prompts/generate.mustache"))
      #expect(script.requestCount == 0)
    }
  }

  @Test("the hook refuses a commit of what cannot be read, and lets others pass")
  func hook() async throws {
    try await withServerDataset { dataset, recipe, _ in
      let folder = URL(filePath: StemmaProgram.path).deletingLastPathComponent().path
      let commit = "PATH=\(folder):$PATH git commit -q -a -m edit"
      let variables = ["GIT_CONFIG_GLOBAL": "/dev/null"]
      let good = try await shell(commit, in: dataset.directory, variables: variables)
      #expect(good.exitCode == 0, "\(good.errorText)")
      var wrong = recipe
      wrong.more = "complexty: 3"
      try dataset.write(wrong)
      let refused = try await shell(commit, in: dataset.directory, variables: variables)
      #expect(refused.exitCode == 1)
      #expect(refused.errorText.contains("'complexty'"))
    }
  }
}
