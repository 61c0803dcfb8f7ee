import CanonicalJSON
import Dataset
import Testing

@Suite("Shares of a count")
struct ShareTests {
  @Test("a share is what a person reckons, whatever doubles make of it")
  func shares() {
    var slots = SlotKnobs()
    var gaps = GapFillKnobs()
    for percent in 0...1000 {
      slots.extraShare = Double(percent) / 100
      gaps.limit = slots.extraShare
      for count in [1, 7, 12, 100, 12_345, 512_000] {
        #expect(slots.extra(of: count) == count * percent / 100, "\(percent)% of \(count)")
        #expect(gaps.most(of: count) == count * percent / 100, "\(percent)% of \(count)")
      }
    }
  }
}

@Suite("Recipes that are read")
struct RecipeParsingTests {
  @Test("A recipe that says only what it must has the documented defaults")
  func defaults() throws {
    let recipe = try BaseRecipe.parse(
      """
      stemma: 1
      description: |
        Word problems.

      samples: 10
      sample:
        schema: {type: object, properties: {text: {type: string}, label: {type: string}}}
      """)
    #expect(recipe.description == "Word problems.")
    #expect(recipe.randomSeed == 0)
    #expect(recipe.sample.question == ["text", "label"])
    #expect(recipe.sample.answer == nil)
    #expect(recipe.factors == nil)
    #expect(recipe.taxonomy == TaxonomyKnobs())
    #expect(recipe.strategy == StrategyKnobs())
    #expect(recipe.complexity == ComplexityKnobs())
    #expect(recipe.slots == SlotKnobs())
    #expect(recipe.critics.double == .off)
    #expect(Set(recipe.teachers.keys) == Set(Role.allCases))
    #expect(recipe.teachers.values.allSatisfy { $0.provider == .embedded })
  }

  @Test("The double critic asks unless told otherwise when there is an answer")
  func doubleCritic() throws {
    let yaml = BaseRecipe.with(26, "critics: {refine: 1}")
    #expect(try BaseRecipe.parse(yaml).critics.double == .ask)
    let off = BaseRecipe.with(26, "critics: {double: off}")
    #expect(try BaseRecipe.parse(off).critics.double == .off)
    let solve = BaseRecipe.with(26, "critics: {double: solve}")
    #expect(try BaseRecipe.parse(solve).critics.double == .solve)
  }

  @Test(
    "Answers that code can compare may be solved",
    arguments: [
      ("{type: number}", true), ("{type: string}", true), ("{type: boolean}", true),
      ("{enum: [A, B, C, D]}", true), ("{$ref: '#/definitions/choice'}", true),
      ("{type: array}", false), ("{type: object}", false), ("{}", false),
    ])
  func comparable(type: String, isComparable: Bool) throws {
    let yaml = BaseRecipe.with(26, "critics: {double: solve}")
      .replacing("answer: {type: integer}", with: "answer: \(type)")
      .replacing(
        "    type: object\n", with: "    type: object\n    definitions: {choice: {enum: [a]}}\n")
    let recipe = try? BaseRecipe.parse(yaml)
    #expect((recipe != nil) == isComparable)
  }

  @Test("The order of a schema's properties stays as written, and scalars are of YAML 1.2")
  func schemaText() throws {
    let recipe = try BaseRecipe.parse(
      """
      stemma: 1
      description: x
      samples: 0
      sample:
        schema:
          type: object
          properties:
            zeta: {enum: [no, on, 'true', true, 007, 0x1F, 1.50, 1e3, .5, ~, "5", 2024-01-01]}
            alpha: {type: string, pattern: "^a\\\\d$"}
      """)
    #expect(
      recipe.sample.schema == #"{"type":"object","properties":{"zeta":{"enum":["no","on","true","#
        + #"true,7,31,1.5,1000,0.5,null,"5","2024-01-01"]},"#
        + #""alpha":{"type":"string","pattern":"^a\\d$"}}}"#)
  }

  @Test("A schema and references may stand in files of the dataset")
  func files() throws {
    let yaml = """
      stemma: 1
      description: x
      samples: 1
      sample: {schema: forms/schema.json, question: b}
      references: [notes/one.md, two.md]
      """
    let schema = #"{ "type": "object", "properties": {"b": {}, "a": {"type": "string"}} }"#
    let files = ["forms/schema.json": schema, "notes/one.md": "one", "two.md": "two"]
    let recipe = try BaseRecipe.parse(yaml, files: files)
    #expect(
      recipe.sample.schema == #"{"type":"object","properties":{"b":{},"a":{"type":"string"}}}"#)
    #expect(recipe.sample.question == ["b"])
    #expect(recipe.references == ["one", "two"])
    let broken = files.merging(["forms/schema.json": "{"]) { $1 }
    let errors = try #require(throws: RecipeErrors.self) {
      _ = try BaseRecipe.parse(yaml, files: broken)
    }
    #expect(errors.errors.first?.line == 4)
  }

  @Test("A role takes from the default what it does not say, when the provider is the same")
  func merging() throws {
    let yaml = BaseRecipe.with(
      20,
      """
        default:
          provider: openai
          model: big
          revision: 20240101
          base-url: https://example.com:8443/v1/
          api-key-variable: OPENAI_API_KEY
          temperature: 0.8
          max-tokens: 512
          timeout: 12.5
        critic: {model: small, temperature: 0}
        judge: {provider: embedded, wrong-answers: 0.5}
      """)
    let teachers = try BaseRecipe.parse(yaml).teachers
    let generator = try #require(teachers[.generator])
    #expect(generator.model == "big")
    #expect(generator.revision == "20240101")
    #expect(generator.baseURLs == ["https://example.com:8443/v1"])
    #expect(generator.keyVariable == "OPENAI_API_KEY")
    #expect(generator.maxTokens == 512)
    #expect(generator.timeoutSeconds == 12.5)
    #expect(generator.concurrency == 64)
    var critic = generator
    critic.model = "small"
    critic.temperature = 0
    #expect(teachers[.critic] == critic)
    let judge = try #require(teachers[.judge])
    #expect(judge.provider == .embedded)
    #expect(judge.model == TeacherSettings.embeddedModel)
    #expect(judge.baseURLs.isEmpty && judge.temperature == nil)
    #expect(judge.embedded.wrongAnswers == 0.5 && judge.embedded.acceptsRight == 0.9)
  }

  @Test("Roles that are all named need no default")
  func allRoles() throws {
    let roles = Role.allCases.map { "  \($0.rawValue): {provider: embedded}" }
    let recipe = try BaseRecipe.parse(BaseRecipe.with(20, roles.joined(separator: "\n")))
    #expect(recipe.teachers.count == Role.allCases.count)
  }

  @Test("A range may be one number, and a section with nothing in it has its defaults")
  func ranges() throws {
    let yaml = BaseRecipe.with(22, "taxonomy: {factors: 4, children: [2, 20]}")
      .replacing("slots: {attempts: 4, extra: 0.5}", with: "slots:")
    let recipe = try BaseRecipe.parse(yaml)
    #expect(recipe.taxonomy.factorCount == 4...4)
    #expect(recipe.taxonomy.children == 2...20)
    #expect(recipe.taxonomy.childrenCap == 20)
    #expect(recipe.slots == SlotKnobs())
  }

  @Test("A recipe reads the same with other line ends and with a byte order mark")
  func lineEnds() throws {
    let expected = try BaseRecipe.parse(BaseRecipe.text)
    let windows = BaseRecipe.text.replacing("\n", with: "\r\n")
    #expect(try BaseRecipe.parse(windows) == expected)
    #expect(try BaseRecipe.parse("\u{FEFF}" + BaseRecipe.text) == expected)
  }

  @Test("Examples are kept as JSON")
  func examples() throws {
    let yaml = BaseRecipe.with(
      17, "examples:\n- {question: How many?, reasoning: one, answer: 1}")
    let example: JSON = ["question": "How many?", "reasoning": "one", "answer": 1]
    #expect(try BaseRecipe.parse(yaml).exampleSamples == [example])
  }
}
