import CanonicalJSON
import Dataset
import Teachers
import Testing

@Suite struct HostileRequestTests {
  private static let tasks = [
    "propose-factors", "review-factors", "propose-children", "review-children", "plan-level",
    "plan-strategies", "meta-prompts", "complexify", "generate", "refine", "judge-requirements",
    "ask-correct", "ask-incorrect", "solve", "solve-check", "alter-answer", "no-such-task", "",
  ]

  private static let names = [
    "description", "minimum", "maximum", "candidates", "factor", "node", "path", "siblings",
    "plan", "level", "nodes", "paths", "requirements", "count", "scenario", "examples",
    "question-fields", "answer-field", "draft", "explanation", "sample", "question", "answer",
  ]

  /// All inputs that any task reads, well formed.
  private static let inputs: JSON = [
    "description": "arithmetic", "minimum": 2, "maximum": 4,
    "candidates": [["key": "c1", "name": "Kitchen"]], "factor": "Setting", "node": "At home",
    "path": "Setting > At home", "siblings": [], "plan": "", "level": 1, "nodes": [],
    "paths": [["factor": "Setting", "path": "Setting"]], "requirements": Requests.requirements,
    "count": 2, "scenario": "x", "examples": [], "question-fields": ["question"],
    "answer-field": "answer", "draft": "{}", "explanation": "", "sample": "{}",
    "question": "Leo has saved $20. How much money does Leo have now?", "answer": "20",
  ]

  private static let values: [JSON] = [
    nil, true, 0, -1, 1.5, 9_007_199_254_740_992, 1e300, "", "\u{0}\n\"\\", [], [nil], [[]],
    ["x"], [["key": 1]], [["key": "c1", "name": 2]], ["minimum": "x"],
    .array(Array(repeating: "x", count: 2000)),
  ]

  private func answers(_ task: String, _ inputs: JSON?, schema: String?) {
    var request = Requests.request(task, [:], draw: "slot 1")
    request.inputs = inputs
    request.schema = schema
    do throws(TeacherError) {
      let reply = try EmbeddedTeacher(rates: EmbeddedRates()).answer(to: request)
      #expect(!reply.answer.text.isEmpty)
    } catch {
      #expect(error.code == .unusable)
      #expect(error.message.count < 400)
    }
  }

  @Test("whatever an input holds, the answer is complete or the teacher unusable", arguments: tasks)
  func spoiledInputs(_ task: String) {
    let sample = Requests.sampleSchema
    answers(task, nil, schema: sample)
    for value in HostileRequestTests.values { answers(task, value, schema: sample) }
    answers(task, HostileRequestTests.inputs, schema: nil)
    for name in HostileRequestTests.names {
      for value in HostileRequestTests.values + [nil] {
        guard var inputs = HostileRequestTests.inputs.object else { return }
        inputs[name] = value
        answers(task, .object(inputs), schema: sample)
      }
      guard var inputs = HostileRequestTests.inputs.object else { return }
      inputs[name] = JSON?.none
      answers(task, .object(inputs), schema: sample)
    }
  }

  @Test("well-formed inputs are answered by every task", arguments: tasks.dropLast(2))
  func soundInputs(_ task: String) throws {
    var request = Requests.request(task, HostileRequestTests.inputs, draw: "slot 1")
    request.schema = task.hasPrefix("solve") ? Requests.solveSchema : Requests.sampleSchema
    let reply = try EmbeddedTeacher(rates: EmbeddedRates()).answer(to: request)
    #expect(try JSON(parsing: reply.answer.text).object?.isEmpty == false)
    #expect(reply.answer.finish == .stop)
  }

  @Test("a candidate's key that stands twice or takes the name of a member is refused")
  func candidateKeys() {
    for keys in [["c1", "c1"], ["missing"]] {
      guard var inputs = HostileRequestTests.inputs.object else { return }
      inputs["candidates"] = .array(keys.map { ["key": .string($0), "name": "Attic"] })
      #expect(throws: TeacherError.self) {
        try EmbeddedTeacher(rates: EmbeddedRates()).answer(
          to: Requests.request("review-children", .object(inputs), draw: "a"))
      }
    }
  }
}
