import ArtifactStore
import CanonicalJSON
import Dataset
import Simula
import Teachers
import Testing

@Suite("Asking until an answer can be used")
struct AskerTests {
  /// One kind of answer that cannot be used, and what the next request says of it.
  struct Fault: CustomTestStringConvertible, Sendable {
    let reason: UnusableAnswer.Reason
    let answer: Answer
    let said: String
    var testDescription: String { "\(reason.rawValue): \(answer.text)" }

    init(_ reason: UnusableAnswer.Reason, _ answer: Answer, _ said: String) {
      self.reason = reason
      self.answer = answer
      self.said = said
    }
  }

  static let faults = [
    Fault(.cut, Answer(text: "{\"plan\":\"go", finish: .length), "cut by the token limit"),
    Fault(.cut, Answer(text: "{\"plan\":\"x\"}", finish: .length), "cut by the token limit"),
    Fault(.refused, Answer(text: "I cannot help.", finish: .refusal), "refusal"),
    Fault(.filtered, Answer(text: "", finish: .filtered), "content filter"),
    Fault(.malformed, Answer(text: "<html>", finish: .malformed), "protocol"),
    Fault(.empty, .stop(""), "empty"),
    Fault(.empty, .stop(" \n\t "), "empty"),
    Fault(.notJSON, .stop("Sure! The plan is this."), "not JSON"),
    Fault(.notJSON, .stop("{\"plan\": \"x\""), "not JSON"),
    Fault(.severalValues, .stop("{\"plan\":\"x\"}\n{\"plan\":\"y\"}"), "follows"),
    Fault(.severalValues, .stop("Either {\"plan\":\"x\"} or {\"plan\":\"y\"}"), "follows"),
    Fault(.severalValues, .stop("[1] I hope this helps."), "follows"),
    Fault(.notJSON, .stop("{plan: x} {\"plan\": \"x"), "not JSON"),
    Fault(.empty, .stop("<think>{\"plan\":\"x\"}</think>"), "empty"),
    Fault(.wrongShape, .stop("[1]"), "no text 'plan'"),
    Fault(.wrongShape, .stop("{\"plan\":3}"), "no text 'plan'"),
    Fault(.wrongShape, .stop("null"), "no text 'plan'"),
  ]

  private func plan(_ asker: Asker, draw: String = "level 1") async throws -> Asked<String> {
    try await asker.ask(
      .planLevel, .planner, inputs: JSONObject([("factor", "Operation"), ("level", 1)]),
      schema: "{}", draw: draw
    ) { (json, _) throws(UnusableAnswer) in
      guard let text = json["plan"]?.string else {
        throw UnusableAnswer(.wrongShape, "it has no text 'plan'")
      }
      return text
    }
  }

  @Test("After an answer that cannot be used another request says why", arguments: faults)
  func nextRequest(_ fault: Fault) async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher { request throws(TeacherError) in
        request.attempt == 0 ? fault.answer : .stop("{\"plan\":\"good\"}")
      }
      let asked = try await plan(try bench.asker(teacher))
      #expect(try asked.result.get() == "good")
      let requests = teacher.requests
      #expect(requests.map(\.attempt) == [0, 1])
      let (first, second) = (requests[0], requests[1])
      // Servers refuse an empty message, and models go on with a cut one.
      let isShown = !fault.answer.text.isEmpty && fault.reason != .cut
      let question = first.messages.count
      #expect(second.messages.count == (isShown ? question + 2 : question))
      #expect(second.messages.first == first.messages.first)
      #expect(!isShown || second.messages[question].text == fault.answer.text)
      #expect(second.messages.last?.role == .user)
      #expect(second.messages.last?.text.contains(fault.said) == true)
      // Some chat templates take no two messages of one side in turn.
      #expect(zip(second.messages, second.messages.dropFirst()).allSatisfy { $0.role != $1.role })
      #expect(second.draw == first.draw)
      #expect(second.schema == first.schema)
      let limit = try #require(first.sampling.maxTokens)
      #expect(second.sampling.maxTokens == (fault.reason == .cut ? 2 * limit : limit))
      #expect(CallKey(of: first) != CallKey(of: second))
    }
  }

  @Test("A cut loop is asked for again with the same limit, and is not shown to the model")
  func cutLoop() async throws {
    let texts = [
      "{\"plan\":\"" + String(repeating: "and again the same thing, ", count: 12),
      "{\"plan\":\"start" + String(repeating: "\\n", count: 90),
      "{\"plan\":\"" + (1...40).map { "step \($0) is not step \($0 + 1), " }.joined(),
    ]
    try await Bench.with { bench in
      for (text, isLoop) in zip(texts, [true, true, false]) {
        let teacher = ScriptedTeacher { request throws(TeacherError) in
          request.attempt == 0
            ? Answer(text: text, finish: .length) : .stop("{\"plan\":\"\(text.count)\"}")
        }
        _ = try await plan(try bench.asker(teacher), draw: "\(text.count)")
        let (first, second) = (teacher.requests[0], teacher.requests[1])
        let limit = try #require(first.sampling.maxTokens)
        #expect(second.sampling.maxTokens == (isLoop ? limit : 2 * limit))
        #expect(!second.messages.contains { $0.text.contains(text) })
        // Every request says something else, for a server that answers text in one way only.
        let never = ScriptedTeacher { _ throws(TeacherError) in Answer(text: text, finish: .length)
        }
        _ = try await plan(try bench.asker(never), draw: "again \(text.count)")
        #expect(never.requests.count == 3)
        #expect(Set(never.requests.map(\.messages)).count == 3)
      }
    }
  }

  @Test("After three answers that cannot be used there is no fourth request", arguments: faults)
  func atMostThree(_ fault: Fault) async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher { _ throws(TeacherError) in fault.answer }
      let asked = try await plan(try bench.asker(teacher))
      guard case .failure(let problem) = asked.result else {
        Issue.record("the answer was used")
        return
      }
      #expect(problem.reason == fault.reason)
      #expect(teacher.requests.map(\.attempt) == [0, 1, 2])
      #expect(Set(teacher.requests.map { CallKey(of: $0) }).count == 3)
      #expect(asked.call == (try bench.calls.find(CallKey(of: teacher.requests[2]).digest)[0].id))
      // What was answered is recorded, so that another run asks nothing.
      let again = try await plan(try bench.asker(ScriptedTeacher.texts("{\"plan\":\"late\"}")))
      #expect(again.call == asked.call)
      #expect(bench.cache.counts.asked == 3)
      #expect(bench.cache.counts.cached == 3)
    }
  }

  @Test(
    "What stands around the one object of an answer is tolerated",
    arguments: [
      "{\"plan\":\"x\"}", "  {\"plan\":\"x\"}\n\n", "```json\n{\"plan\":\"x\"}\n```",
      "```\n{\"plan\":\"x\"}\n```", "```json {\"plan\":\"x\"}```",
      "\n```json\n{\"plan\":\"x\"}```\n", "{\"plan\":\"x\"} I hope this helps.",
      "Here {it} is:\n```json\n{\"plan\":\"x\"}\n```\nDone.",
      "<think>{\"plan\":\"y\"} no</think>\n{\"plan\":\"x\"}",
      "So: {\"plan\":\"x\",\"why\":\"{\\\"\"}",
    ])
  func fences(_ text: String) async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher.texts(text)
      let asked = try await plan(try bench.asker(teacher))
      #expect(try asked.result.get() == "x")
      #expect(teacher.requests.count == 1)
    }
  }

  @Test("Where a server takes no schemas they stand in the messages, once")
  func unstructured() async throws {
    try await Bench.with { bench in
      var recipe = bench.recipe
      for role in Role.allCases { recipe.teachers[role]?.isStructured = false }
      let teacher = ScriptedTeacher.texts("{\"plan\":\"x\"}")
      let asked = try await plan(try bench.asker(teacher, recipe: recipe))
      #expect(try asked.result.get() == "x")
      let request = try #require(teacher.requests.first)
      #expect(request.schema == nil)
      #expect(request.messages.last?.text.hasSuffix("of this schema: {}") == true)
      let plain = try await plan(try bench.asker(ScriptedTeacher.texts("{\"plan\":\"y\"}")))
      #expect(try plain.result.get() == "y")
      #expect(plain.call != asked.call)
    }
  }

  @Test("A server that refuses the longer request ends the tries, not the run")
  func refusedRequest() async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher { request throws(TeacherError) in
        guard request.attempt == 0 else { throw TeacherError(.rejected, "too long") }
        return Answer(text: "{", finish: .length)
      }
      let asked = try await plan(try bench.asker(teacher))
      guard case .failure(let problem) = asked.result else {
        Issue.record("the answer was used")
        return
      }
      #expect(problem.reason == .cut)
      #expect(teacher.requests.count == 2)
    }
  }

  @Test("A failed transport is no answer and advances nothing")
  func transport() async throws {
    try await Bench.with { bench in
      let broken = ScriptedTeacher { _ throws(TeacherError) in
        throw TeacherError(.timeout, "no answer in time")
      }
      await #expect(throws: TeacherError.self) { _ = try await plan(try bench.asker(broken)) }
      #expect(broken.requests.count == 1)
      let teacher = ScriptedTeacher.texts("{\"plan\":\"x\"}")
      _ = try await plan(try bench.asker(teacher))
      #expect(teacher.requests == broken.requests)
    }
  }
}
