/// A small recipe for sums, which a server answers.
struct TestRecipe: Sendable {
  var baseURL: String
  var samples = 6
  var randomSeed = 3
  var isGrown = true
  var depth = 2
  var fraction = 0.5
  var refine = 1
  var double = "solve"
  var attempts = 4
  var concurrency = 4
  /// In seconds.
  var timeout = 30
  var keyVariable: String?
  /// The sample's schema in one line of YAML.
  var schema =
    "{type: object, properties: {question: {type: string}, reasoning: {type: string}, "
    + "answer: {type: integer}}, required: [question, reasoning, answer], "
    + "additionalProperties: false}"
  /// Lines at the end.
  var more = ""

  init(baseURL: String) { self.baseURL = baseURL }

  /// Makes everything as small as it can be, for tests in which only failing matters.
  mutating func shrink() {
    samples = 3
    isGrown = false
    depth = 1
    double = "off"
    attempts = 1
  }

  var text: String {
    """
    stemma: 1
    description: Sums of two numbers.
    samples: \(samples)
    random-seed: \(randomSeed)
    sample:
      schema: \(schema)
      question: [question]
      answer: answer
      hidden-from-critics: [reasoning]
    \(isGrown ? "" : "factors: [Operation, Setting]")
    teachers:
      default:
        provider: openai
        model: fake-1
        base-url: \(baseURL)
        concurrency: \(concurrency)
        timeout: \(timeout)
        \(keyVariable.map { "api-key-variable: \($0)" } ?? "")
    taxonomy:
      factors: [2, 2]
      depth: \(depth)
      proposals: 2
      children: [2, 3]
    strategy:
      strategies: [2, 2]
    meta-prompts:
      candidates: 2
    complexity:
      fraction: \(fraction)
    critics:
      refine: \(refine)
      double: \(double)
    slots:
      attempts: \(attempts)
    \(more)

    """
  }
}
