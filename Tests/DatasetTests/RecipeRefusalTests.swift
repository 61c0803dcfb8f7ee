import Dataset
import Testing

@Suite("Recipes that are refused")
struct RecipeRefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let replaced: Int
    let by: String
    /// Where the error stands, when it is not the replaced line.
    var line: Int?
    let message: String
    var hint: String?
    var testDescription: String { "\(replaced): \(by.prefix(60))" }

    init(_ replaced: Int, _ by: String, line: Int? = nil, _ message: String, hint: String? = nil) {
      self.replaced = replaced
      self.by = by
      self.line = line
      self.message = message
      self.hint = hint
    }
  }

  static let keys: [Case] = [
    Case(1, "stema: 1", "unknown key 'stema'", hint: "did you mean 'stemma'?"),
    Case(1, "", line: 1, "'stemma' is missing", hint: "stemma: 1"),
    Case(1, "stemma: 2", "this program reads format 1", hint: "use a newer program"),
    Case(
      25, "complexity: {fracton: 0.5}", "unknown key 'fracton' in 'complexity'",
      hint: "did you mean 'fraction'?"),
    Case(
      25, "complexity: {wild: 0.5}", "unknown key 'wild' in 'complexity'",
      hint: "known here: fraction"),
    Case(
      25, "complexty: {fraction: 0.5}", "unknown key 'complexty'",
      hint: "did you mean 'complexity'?"),
    Case(22, "depth: 3", "unknown key 'depth'", hint: "'depth' belongs under 'taxonomy'"),
    Case(
      22, "taxonomy: {samples: 3}", "unknown key 'samples' in 'taxonomy'",
      hint: "'samples' belongs at the start of a line"),
    Case(
      22, "taxonomy: {levelPlans: true}", "unknown key 'levelPlans' in 'taxonomy'",
      hint: "did you mean 'level-plans'?"),
    Case(
      22, "taxonomy: {frontier_cap: 3}", "unknown key 'frontier_cap'",
      hint: "did you mean 'frontier-cap'?"),
    Case(
      20, "  defualt: {provider: embedded}", "unknown key 'defualt' in 'teachers'",
      hint: "did you mean 'default'?"),
    Case(
      20, "  default: {provider: embedded, api-key: sk-123456}",
      "'api-key' has no place in a recipe", hint: "api-key-variable: OPENAI_API_KEY"),
    Case(
      20, "  default:\n    provider: embedded\n    apiKey: sk-123456", line: 22,
      "'apiKey' has no place in a recipe", hint: "name an environment variable"),
  ]

  static let values: [Case] = [
    Case(2, "", line: 1, "'description' is missing", hint: "what the dataset is about"),
    Case(2, #"description: "  ""#, "'description' says nothing"),
    Case(2, "description: [a]", "'description' must be text, not a list"),
    Case(3, "", line: 1, "'samples' is missing", hint: "samples: 100"),
    Case(3, "samples:", "'samples' is missing", hint: "samples: 100"),
    Case(3, "samples: many", "must be an integer from 0 to 10000000, not 'many'"),
    Case(3, "samples: -1", "must be an integer from 0 to 10000000, not '-1'"),
    Case(3, "samples: 10000001", "from 0 to 10000000"),
    Case(3, #"samples: "10""#, "must be an integer"),
    Case(3, "samples: 1.5", "must be an integer"),
    Case(4, "random-seed: -3", "'random-seed' must be an integer from 0"),
    Case(22, "taxonomy: {depth: 0}", "'depth' in 'taxonomy' must be an integer from 1 to 6"),
    Case(22, "taxonomy:\n  depth: 7", line: 23, "must be an integer from 1 to 6, not '7'"),
    Case(
      22, "taxonomy: {children: [8, 4]}", "'children' in 'taxonomy' goes from 8 to 4",
      hint: "[4, 8]"),
    Case(22, "taxonomy: {children: [8]}", "not 1 numbers", hint: "a range such as [3, 6]"),
    Case(
      22, "taxonomy: {children: [4, 20], children-cap: 12}", "less than the 20",
      hint: "raise 'children-cap'"),
    Case(
      22, "taxonomy: {level-plans: yes}", "must be true or false, not 'yes'",
      hint: "write true or false"),
    Case(22, "taxonomy: [3]", "'taxonomy' must be a mapping, not a list"),
    Case(23, "strategy: {strategies: 0}", "from 1 to 50, not '0'"),
    Case(24, "meta-prompts: {candidates: 21}", "from 1 to 20, not '21'"),
    Case(25, "complexity: {fraction: 1.5}", "must be a number from 0 to 1, not '1.5'"),
    Case(25, "complexity: {fraction: .nan}", "must be a number from 0 to 1"),
    Case(26, "critics: {refine: 11}", "from 0 to 10, not '11'"),
    Case(
      26, "critics: {double: solved}", "'double' in 'critics' is 'solved'",
      hint: "did you mean 'solve'?"),
    Case(26, "critics: {double: maybe}", "is 'maybe'", hint: "write off, ask or solve"),
    Case(27, "slots: {attempts: 0}", "from 1 to 100, not '0'"),
    Case(27, "slots: {extra: -0.1}", "from 0 to 10, not '-0.1'"),
    Case(21, "factors: []", "names 0 factors", hint: "leave 'factors' out"),
    Case(21, "factors: [Setting, setting!]", "the factor 'setting!' stands twice"),
    Case(21, #"factors: ["a\tb"]"#, "holds a control character"),
    Case(21, #"factors: ["", b]"#, "a factor's name is empty"),
    Case(21, "factors: {a: b}", "must be a list of texts, not a mapping"),
  ]

  static let samples: [Case] = [
    Case(6, "  schema: 7\n  x-schema:", line: 6, "there is no file '7'"),
    Case(7, "    type: strng", "at '/type': not one of", hint: "types are array"),
    Case(
      9, "      question: {type: string, minLength: -1}",
      "at '/properties/question/minLength'"),
    Case(
      9, "      question: {$ref: 'http://example.com'}", "another document",
      hint: "copy that schema"),
    Case(9, "      question: {type: string, minimum: 1e400}", "has no exact form in JSON"),
    Case(7, "    type: array", line: 6, "must be of type object and list its properties"),
    Case(
      14, "  question: [qestion]", "which is no property of the schema",
      hint: "did you mean 'question'?"),
    Case(
      14, "  question: [zzz]", "names 'zzz'",
      hint: "its properties are question, reasoning, answer and tags"),
    Case(14, "  question: [question, question]", "names 'question' twice"),
    Case(14, "  question: [question, answer]", "is part of the question", hint: "remove it"),
    Case(
      15, "  answer: anwser", "'answer' in 'sample' names 'anwser'",
      hint: "did you mean 'answer'?"),
    Case(15, "  answer: tags", "the answer 'tags' may be missing", hint: "add it to 'required'"),
    Case(16, "  hidden-from-critics: [answer]", "is hidden from the critics who judge it"),
    Case(16, "  hidden-from-critics: [thoughts]", "names 'thoughts'"),
    Case(16, "  hidden-from-critics: [question]", "is hidden from the critics"),
    Case(15, "", line: 26, "the sample has no answer", hint: "double: off"),
    Case(13, "    required: [tags]\n  unused:", line: 14, "unknown key 'unused' in 'sample'"),
    Case(
      17, "examples: [{question: q, reasoning: r}]",
      "example 1 does not fit the schema: missing property 'answer'"),
    Case(
      17, "examples:\n- {question: q, reasoning: r, answer: 1}\n- {question: 5}", line: 19,
      "example 2 does not fit the schema"),
    Case(17, "examples: none", "'examples' must be a list"),
    Case(18, "references: [notes.md]", "there is no file 'notes.md'"),
    Case(
      18, "references: [../notes.md]", "does not lead into the dataset",
      hint: "copy the file into the dataset"),
    Case(18, "references: [/etc/passwd]", "does not lead into the dataset"),
    Case(18, "references: [.git/config]", "does not lead into the dataset"),
  ]

  static let teachers: [Case] = [
    Case(
      20, "  default: {provider: opnai}", "'provider' in 'teachers.default' is 'opnai'",
      hint: "did you mean 'openai'?"),
    Case(
      20, "  default: {wrong-answers: 0.1}", "'provider' in 'teachers.default' is missing",
      hint: "provider: openai"),
    Case(
      20, "  default: {provider: openai, base-url: http://a/v1}",
      "'model' in 'teachers.default' is missing", hint: "as the server knows it"),
    Case(
      20, "  default: {provider: openai, model: m}",
      "'base-url' in 'teachers.default' is missing", hint: "http://127.0.0.1:8080/v1"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: ftp://a/v1}",
      "must start with http:// or https://"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: 'http://me:secret@a/v1'}",
      "holds a user name or password", hint: "api-key-variable"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: 'http://a/v1?key=secret'}",
      "has a query or fragment"),
    Case(20, "  default: {provider: openai, model: m, base-url: 'http://'}", "names no server"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: 'http://a b/v1'}",
      "names no server"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: 'http://a:99999/v1'}",
      "has a port"),
    Case(
      20,
      "  default: {provider: openai, model: m, base-url: http://a/v1, api-key-variable: sk-secret}",
      "is no name of an environment variable", hint: "write the name, never the key"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: http://a/v1, wrong-answers: 0}",
      "means nothing to the provider 'openai'", hint: "provider: embedded"),
    Case(
      20, "  default: {provider: embedded, temperature: 1}",
      "means nothing to the provider 'embedded'", hint: "provider: openai"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: http://a/v1, temperature: 3}",
      "must be a number from 0 to 2"),
    Case(
      20, "  default: {provider: openai, model: m, base-url: http://a/v1, top-p: 0}",
      "must be more than 0"),
    Case(
      20, "  default: {provider: embedded, wrong-answers: 1.2}",
      "must be a number from 0 to 1, not '1.2'"),
    Case(20, "  default: {provider: embedded, concurrency: 0}", "from 1 to 1024"),
    Case(
      20, "  critic: {provider: embedded}", line: 19, "the role 'proposer' has no teacher",
      hint: "add 'default'"),
    Case(20, "  default: embedded", "'teachers.default' must be a mapping, not 'embedded'"),
  ]

  static let syntax: [Case] = [
    Case(4, "random-seed: [1", line: 5, "no YAML"),
    Case(7, "\ttype: object", "a tab stands in the indentation", hint: "indent with spaces"),
    Case(4, "samples: 11", line: 3, "a key stands twice: 'samples'", hint: "keep one of them"),
    Case(28, "---\nstemma: 1", "a second document", hint: "remove '---'"),
    Case(2, "description: &a Word problems", "anchors and aliases are not supported"),
    Case(2, "description: *a", "an alias to an anchor that is not there"),
    Case(2, "description: !!str Word problems", "the tag"),
    Case(25, "complexity: {<<: {fraction: 0.5}}", "merge keys are not supported"),
    Case(25, "? [a]\n: 1", "a key must be one name, not a list"),
    Case(2, "description: a\u{7}b", "control characters are not allowed"),
  ]

  @Test(
    "A mistake is told with its line and what to do",
    arguments: keys + values + samples + teachers + syntax)
  func refusal(_ mistake: Case) throws {
    let yaml = BaseRecipe.with(mistake.replaced, mistake.by)
    let errors = try #require(throws: RecipeErrors.self) {
      _ = try BaseRecipe.parse(yaml)
    }
    let line = mistake.line ?? mistake.replaced
    let found = errors.errors.first { $0.line == line && $0.message.contains(mistake.message) }
    let all = errors.errors.map { "\($0) [\($0.hint ?? "")]" }.joined(separator: "\n")
    let error = try #require(found, "\(all)")
    if let hint = mistake.hint { #expect(error.hint?.contains(hint) == true, "\(all)") }
    #expect(error.description.hasPrefix("recipe.yaml:\(line): "))
    #expect(!all.contains("secret") && !all.contains("sk-1"), "a secret is shown")
    #expect(errors.errors.allSatisfy { !$0.message.hasSuffix(".") && !$0.message.contains("\n") })
  }

  @Test("Each mistake is told alone where nothing follows from it", arguments: keys + values)
  func noFollowUps(_ mistake: Case) throws {
    let errors = try #require(throws: RecipeErrors.self) {
      _ = try BaseRecipe.parse(BaseRecipe.with(mistake.replaced, mistake.by))
    }
    #expect(errors.errors.count == 1, "\(errors)")
  }

  @Test("Several mistakes are told at once, in the order of the text")
  func several() throws {
    let yaml = BaseRecipe.with(3, "samples: many").replacing("depth: 3", with: "depth: 9")
      .replacing("candidates: 4", with: "candidates: x")
    let errors = try #require(throws: RecipeErrors.self) { _ = try BaseRecipe.parse(yaml) }
    #expect(errors.errors.map(\.line) == [3, 22, 24])
  }

  @Test("At most 20 mistakes are told")
  func many() throws {
    let yaml = BaseRecipe.text + (0..<50).map { "zz\($0): 1" }.joined(separator: "\n")
    let errors = try #require(throws: RecipeErrors.self) { _ = try BaseRecipe.parse(yaml) }
    #expect(errors.errors.count == 20)
  }
}

extension String {
  func replacing(_ part: String, with other: String) -> String {
    split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
  }
}
