import CanonicalJSON
import Dataset
import Foundation
import JSONSchema
import Starters
import Testing

@Suite("Starter recipes and the recipe's schema")
struct StarterTests {
  /// The published schema, read from the sources as others would.
  private static func schema() throws -> SchemaValidator {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appending(path: "Schemas/v1/recipe.v1.schema.json")
    return try SchemaValidator(schema: String(contentsOf: file, encoding: .utf8))
  }

  @Test("Each starter is a valid recipe that fits the schema", arguments: Starter.all.map(\.name))
  func starter(name: String) throws {
    let starter = try #require(Starter.named(name))
    let recipe = try BaseRecipe.parse(starter.recipe)
    #expect(!starter.summary.isEmpty)
    #expect(recipe.sampleCount > 0)
    #expect(try Self.schema().validate(Recipe.json(ofYAML: starter.recipe)) == [])
  }

  @Test("Starters put reasoning before the answer")
  func order() throws {
    for starter in Starter.all {
      let schema = try BaseRecipe.parse(starter.recipe).sample.schema
      let names = try #require(JSON(parsing: schema)["properties"]?.object?.names)
      let reasoning = try #require(names.firstIndex(of: "reasoning"))
      let answer = try #require(names.firstIndex(of: "answer"))
      #expect(reasoning < answer)
    }
  }

  @Test("The arithmetic starter runs on the embedded teacher, the blank one shows the defaults")
  func settings() throws {
    let math = try BaseRecipe.parse(try #require(Starter.named("grade-school-math")).recipe)
    #expect(math.teachers[.generator]?.provider == .embedded)
    #expect(math.teachers[.generator]?.embedded == EmbeddedRates())
    let blank = try BaseRecipe.parse(try #require(Starter.named("blank")).recipe)
    #expect(blank.taxonomy == TaxonomyKnobs())
    #expect(blank.strategy == StrategyKnobs())
    #expect(blank.metaPrompts == MetaPromptKnobs())
    #expect(blank.complexity == ComplexityKnobs())
    #expect(blank.slots == SlotKnobs())
    #expect(blank.critics.refineRounds == CriticKnobs().refineRounds)
    #expect(blank.teachers[.critic]?.concurrency == 64)
    #expect(blank.teachers[.critic]?.timeoutSeconds == 300)
  }

  @Test("The budget that the blank starter shows is right when uncommented")
  func budget() throws {
    let text = try #require(Starter.named("blank")).recipe
    let start = try #require(text.range(of: "# budget:")?.lowerBound)
    let lines = text[start...].split(separator: "\n").map(String.init)
      .filter { $0.contains(/^# +[a-z-]+:/) && !$0.contains("What a million") }
    let recipe = try BaseRecipe.parse(
      text[..<start] + lines.map { $0.dropFirst(2) }.joined(separator: "\n"))
    #expect(recipe.budget.calls == 20_000)
    #expect(recipe.budget.hours == 8)
    #expect(recipe.prices["my-model"] == Price(input: 0.15, output: 0.6))
  }

  @Test("The lines of the arithmetic starter that show a server are right when uncommented")
  func serverLines() throws {
    let text = try #require(Starter.named("grade-school-math")).recipe
    var lines: [String] = []
    var isEmbedded = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line == "  default:" { isEmbedded = true }
      if isEmbedded, line.isEmpty { isEmbedded = false }
      if isEmbedded { continue }
      let shown = line.wholeMatch(of: /\s\s# ((  )?[a-z-]+:.*)/).map { "  \($0.1)" }
      lines.append(shown ?? line)
    }
    let recipe = try BaseRecipe.parse(lines.joined(separator: "\n"))
    #expect(recipe.teachers[.generator]?.model == "qwen2.5-7b-instruct")
    #expect(recipe.teachers[.critic]?.temperature == 0.1)
  }

  /// The starters for the domains of the Simula paper.
  static let domains = ["gsm8k", "cti-mcq", "cti-rcm", "lexam", "global-mmlu"]

  @Test("A starter of a domain has examples of its form and what code needs", arguments: domains)
  func domain(name: String) throws {
    let recipe = try BaseRecipe.parse(try #require(Starter.named(name)).recipe)
    let validator = try SchemaValidator(schema: recipe.sample.schema)
    let properties = try #require(JSON(parsing: recipe.sample.schema)["properties"]?.object)
    #expect(!recipe.exampleSamples.isEmpty)
    for example in recipe.exampleSamples {
      #expect(validator.validate(example) == [])
      // Answers and rationales that are left out would teach models to leave them out.
      #expect(example.object?.names == properties.names)
    }
    #expect(recipe.sample.answer == "answer")
    #expect(recipe.sample.hiddenFromCritics == ["reasoning"])
    #expect(!recipe.sample.question.isEmpty)
    #expect(recipe.critics.double == .solve)
    #expect(recipe.critics.judgesRequirements)
    #expect(recipe.teachers.values.allSatisfy { $0.provider == .openai && $0.keyVariable == nil })
    #expect(recipe.factors?.isEmpty == false)
    let isChoice = properties["A"] != nil
    #expect(recipe.sample.question.suffix(4) == ["A", "B", "C", "D"] || !isChoice)
  }

  @Test("The lines for a small model take the place of those sections", arguments: domains)
  func smallModel(name: String) throws {
    let text = try #require(Starter.named(name)).recipe
    let usual = try BaseRecipe.parse(text)
    let shown = text.matches(of: /(?m)^# (([a-z-]+): \{.*\})$/)
    #expect(shown.count == 5)
    var sections = text.split(separator: /\n(?=[a-z-]+:)/).map(String.init)
    for line in shown {
      let index = try #require(sections.firstIndex { $0.hasPrefix("\(line.2):") })
      sections[index] = String(line.1)
    }
    let small = try BaseRecipe.parse(sections.joined(separator: "\n"))
    #expect(small.taxonomy.depth == 2)
    #expect(small.taxonomy.proposals < usual.taxonomy.proposals)
    #expect(small.metaPrompts.candidates < usual.metaPrompts.candidates)
    #expect(small.complexity.fraction < usual.complexity.fraction)
    #expect(small.critics.judgesRequirements == false)
    #expect(small.critics.double == .solve)
    #expect(small.sample == usual.sample)
  }

  @Test("The line that names a held-out set is right when uncommented", arguments: domains)
  func heldOut(name: String) throws {
    let text = try #require(Starter.named(name)).recipe
    let match = try #require(text.firstMatch(of: /\n  # (held-out: \[\{path: ([^,]+),.*)\n/))
    let example = try #require(try BaseRecipe.parse(text).exampleSamples.first)
    let recipe = try BaseRecipe.parse(
      text.replacing(match.0, with: "\n  \(match.1)\n"), files: [String(match.2): example.text])
    #expect(recipe.duplicates.heldOut.map(\.items) == [[example]])
  }

  @Test("Summaries fit one line of the help")
  func summaries() {
    let width = Starter.all.map(\.name.count).max() ?? 0
    for starter in Starter.all { #expect(width + starter.summary.count <= 76, "\(starter.name)") }
    #expect(Set(Starter.all.map(\.name)).count == Starter.all.count)
  }

  @Test("The schema refuses what the parser refuses by type, range or key")
  func refusals() throws {
    let schema = try Self.schema()
    #expect(try schema.validate(Recipe.json(ofYAML: BaseRecipe.text)) == [])
    let mistakes = RecipeRefusalTests.values.filter {
      // Rules across keys, and texts that YAML itself or JSON cannot hold, are the program's.
      !["goes from", "less than", "stands twice", "control character", "is empty"]
        .contains(where: $0.message.contains)
    }
    for mistake in mistakes {
      let yaml = BaseRecipe.with(mistake.replaced, mistake.by)
      guard let json = try? Recipe.json(ofYAML: yaml) else { continue }
      #expect(!schema.validate(json).isEmpty, "\(mistake.by)")
    }
  }

  @Test("The schema and the parser know the same keys")
  func keys() throws {
    let schema = try Self.schema().schema
    let sections = ["taxonomy", "strategy", "meta-prompts", "complexity", "critics", "slots"]
    for section in sections {
      let names = try #require(schema["properties"]?[section]?["properties"]?.object?.names)
      let start = "\n\(section): {"
      try expectKnown(names, in: BaseRecipe.text.replacing(start, with: start + "zzzzzz: 1, "))
    }
    let top = try #require(schema["properties"]?.object?.names)
    try expectKnown(top, in: BaseRecipe.text + "zzzzzz: 1\n")
    let teacher = try #require(schema["$defs"]?["teacher"]?["properties"]?.object?.names)
    try expectKnown(teacher, in: BaseRecipe.with(20, "  default: {provider: embedded, zzzzzz: 1}"))
    let sample = try #require(schema["$defs"]?["sample"]?["properties"]?.object?.names)
    try expectKnown(sample, in: BaseRecipe.with(15, "  answer: answer\n  zzzzzz: 1"))
  }

  private func expectKnown(_ names: [String], in yaml: String) throws {
    let errors = try #require(throws: RecipeErrors.self) { _ = try BaseRecipe.parse(yaml) }
    let hint = errors.errors.first { $0.message.contains("zzzzzz") }?.hint ?? ""
    let known = hint.dropFirst("known here: ".count).split(separator: ", ").map(String.init)
    #expect(Set(known) == Set(names), "\(errors)")
  }
}
