import CanonicalJSON
import Dataset
import Teachers

/// Requests as a run makes them, and short ways to their answers.
enum Requests {
  static let description = "Grade-school arithmetic word problems."

  static let sampleSchema = """
    {"type":"object","properties":{"rationale":{"type":"string"},"question":{"type":"string"},\
    "answer":{"type":"integer"}},"required":["rationale","question","answer"]}
    """
  static let solveSchema = """
    {"type":"object","properties":{"reasoning":{"type":"string"},"answer":{"type":"integer"}},\
    "required":["reasoning","answer"]}
    """
  static let requirements: JSON = [
    [
      "factor": "Operation", "name": "Taking away", "path": "Operation > Subtraction > Taking away",
    ],
    ["factor": "Setting", "name": "Bakery", "path": "Setting > In shops and markets > Bakery"],
  ]

  static func request(
    _ task: String, _ inputs: JSON, draw: String, schema: String = "{}"
  ) -> CallRequest {
    CallRequest(
      task: task, provider: "embedded", model: EmbeddedTeacher.modelIdentity(EmbeddedRates()),
      messages: [Message(.user, "Please answer '\(task)'.")], schema: schema, inputs: inputs,
      draw: draw)
  }

  static func generate(
    scenario: String = "A problem.", requirements: JSON = requirements, draw: String,
    schema: String = sampleSchema, answerField: JSON = "answer",
    questionFields: JSON = ["question"]
  ) -> CallRequest {
    request(
      "generate",
      [
        "description": .string(description), "requirements": requirements,
        "scenario": .string(scenario), "examples": [], "question-fields": questionFields,
        "answer-field": answerField,
      ], draw: draw, schema: schema)
  }

  static func children(
    factor: String, path: String, minimum: Int = 2, maximum: Int = 8, draw: String
  ) -> CallRequest {
    request(
      "propose-children",
      [
        "description": .string(description), "factor": .string(factor),
        "node": .string(path.split(separator: " > ").last.map(String.init) ?? ""),
        "path": .string(path), "siblings": [], "plan": "", "minimum": JSON(minimum),
        "maximum": JSON(maximum),
      ], draw: draw)
  }

  static func scenarios(count: Int, draw: String) -> CallRequest {
    request(
      "meta-prompts",
      [
        "description": .string(description), "requirements": requirements, "count": JSON(count),
      ], draw: draw)
  }

  static func judged(_ task: String, question: String, answer: String, draw: String)
    -> CallRequest
  {
    request(
      task, ["question": .string(question), "answer": .string(answer)], draw: draw,
      schema: solveSchema)
  }
}

extension EmbeddedTeacher {
  /// The answer of a request as JSON.
  func json(_ request: CallRequest) throws -> JSON {
    try JSON(parsing: answer(to: request).answer.text)
  }

  func strings(_ request: CallRequest, _ member: String) throws -> [String] {
    try json(request)[member]?.array?.compactMap(\.string) ?? []
  }
}

/// A generated sample, read back.
struct Sample {
  let question: String
  let answer: Int
  let rationale: String

  init(_ teacher: EmbeddedTeacher, _ request: CallRequest) throws {
    let json = try teacher.json(request)
    question = json["question"]?.string ?? ""
    answer = json["answer"]?.int ?? -1
    rationale = json["rationale"]?.string ?? ""
  }
}
