import CanonicalJSON
import Dataset
import Teachers
import Testing

@Suite struct EmbeddedTeacherTests {
  private let teacher = EmbeddedTeacher(rates: EmbeddedRates())

  @Test("the model's identity names every rate")
  func identity() {
    #expect(
      EmbeddedTeacher.modelIdentity(EmbeddedRates())
        == "arithmetic-1 wrong=0.2 accepts-right=0.9 accepts-wrong=0.1 rejects-drafts=0.1 "
        + "removes-planted=0.9")
  }

  @Test("answers are the same from teacher to teacher and from call to call")
  func determinism() async throws {
    for index in 0..<50 {
      let request = Requests.generate(draw: "slot \(index)")
      let first = try await teacher.reply(to: request)
      let second = try await EmbeddedTeacher(rates: EmbeddedRates()).reply(to: request)
      #expect(first.answer == second.answer && first.usage == second.usage)
      #expect(first.answer.finish == .stop)
    }
  }

  @Test("draw, try, messages and inputs each give another answer")
  func distinctRequests() throws {
    let request = Requests.generate(draw: "slot 1 attempt 0")
    var requests = [request, request, request, request]
    requests[1].draw = "slot 1 attempt 1"
    requests[2].attempt = 1
    requests[3].messages = [Message(.user, "Write one, please.")]
    requests.append(Requests.generate(scenario: "Another.", draw: "slot 1 attempt 0"))
    #expect(Set(try requests.map { try teacher.answer(to: $0).answer.text }).count == 5)
  }

  @Test("usage is about a quarter of the bytes")
  func usage() throws {
    let reply = try teacher.answer(to: Requests.generate(draw: "slot 1"))
    #expect(reply.usage.inputTokens == "Please answer 'generate'.".utf8.count / 4 + 1)
    #expect(reply.usage.outputTokens == (reply.answer.text.utf8.count + 3) / 4)
  }

  @Test(
    "properties come in the schema's order and types",
    arguments: [
      ("rationale question answer", #""integer""#), ("answer rationale question", #""number""#),
      ("question answer rationale", #"["integer","null"]"#),
    ])
  func propertyOrder(_ names: String, _ type: String) throws {
    let order = names.split(separator: " ").map { String($0) }
    let properties = order.map { name in
      #""\#(name)":{"type":\#(name == "answer" ? type : #""string""#)}"#
    }
    let schema = #"{"type":"object","properties":{\#(properties.joined(separator: ","))}}"#
    let json = try teacher.json(Requests.generate(draw: "slot 3", schema: schema))
    #expect(json.object?.names == order)
    #expect(json["answer"]?.int != nil)
    #expect(EmbeddedTeacher.solve(question: json["question"]?.string ?? "") != nil)
  }

  @Test("a text answer, a choice, a second question field and an optional list are handled")
  func otherProperties() throws {
    let schema = """
      {"type":"object","properties":{"title":{"type":"string"},"problem":{"type":"string"},\
      "level":{"enum":["easy","hard"]},"tags":{"type":"array"},"work":{"type":"string"},\
      "result":{"type":"string"}},"required":["title","problem","level","work","result"]}
      """
    let json = try teacher.json(
      Requests.generate(
        draw: "slot 4", schema: schema, answerField: "result",
        questionFields: ["problem", "title"]))
    #expect(json.object?.names == ["title", "problem", "level", "work", "result"])
    #expect(["easy", "hard"].contains(json["level"]?.string))
    #expect(Int(json["result"]?.string ?? "") != nil)
    let question = "\(json["title"]?.string ?? "")\n\(json["problem"]?.string ?? "")"
    #expect(EmbeddedTeacher.solve(question: question) != nil)
    #expect(json["work"]?.string?.contains("The answer is") == true)
  }

  @Test("samples without an answer field are written too")
  func noAnswer() throws {
    let json = try teacher.json(
      Requests.generate(
        draw: "slot 5",
        schema: #"{"type":"object","properties":{"story":{"type":"string"}}}"#,
        answerField: nil, questionFields: ["story"]))
    #expect(EmbeddedTeacher.solve(question: json["story"]?.string ?? "") != nil)
  }

  @Test(
    "a schema that cannot be filled is an error that names the property",
    arguments: [
      (#"{"properties":{"question":{"type":"string"},"answer":{"type":"boolean"}}}"#, "answer"),
      (#"{"properties":{"question":{"type":"string"}}}"#, "answer"),
      (
        #"{"properties":{"question":{"type":"string"},"answer":{"type":"integer"},"#
          + #""tags":{"type":"array"}},"required":["tags"]}"#, "tags"
      ),
      (#"{"properties":{"answer":{"type":"integer"}}}"#, "question"), ("[", "schema"),
      ("{}", "schema"), (#"{"properties":3}"#, "schema"),
    ])
  func unusableSchema(_ schema: String, _ named: String) throws {
    let error = try #require(throws: TeacherError.self) {
      try teacher.answer(to: Requests.generate(draw: "slot 6", schema: schema))
    }
    #expect(error.code == .unusable && error.message.contains(named), "\(error.message)")
  }

  @Test("a refined draft is a fresh problem of the same schema")
  func refine() throws {
    var request = Requests.generate(draw: "slot 7 attempt 0 round 1")
    let draft = try teacher.answer(to: request).answer.text
    request.task = "refine"
    request.inputs = request.inputs?.object.map { object in
      var object = object
      object["draft"] = .string(draft)
      object["explanation"] = "The numbers do not suit the requirements."
      return .object(object)
    }
    let refined = try teacher.answer(to: request).answer.text
    #expect(refined != draft)
    #expect(try JSON(parsing: refined).object?.names == ["rationale", "question", "answer"])
  }

  @Test("a solver answers in the schema's type")
  func solvedType() throws {
    var request = Requests.judged(
      "solve", question: "Leo has saved $20. How much money does Leo have now?", answer: "",
      draw: "slot 1")
    request.schema =
      #"{"properties":{"answer":{"type":"string"},"reasoning":{"type":"string"}}}"#
    let json = try teacher.json(request)
    #expect(json.object?.names == ["answer", "reasoning"])
    #expect(json["answer"]?.string != nil)
  }

  @Test(
    "a question that it cannot read is declined",
    arguments: ["ask-correct", "ask-incorrect", "solve", "solve-check"])
  func declined(_ task: String) throws {
    let reply = try teacher.answer(
      to: Requests.judged(task, question: "Who wrote it?", answer: "7", draw: "slot 1"))
    #expect(reply.answer.finish == .refusal)
  }

  @Test(
    "descriptions of its domain are taken",
    arguments: ["Maths for children", "GSM8K-like tasks", "grade school WORD PROBLEMS", "Sums."])
  func domain(_ description: String) throws {
    _ = try teacher.answer(
      to: Requests.request(
        "complexify", ["description": .string(description), "scenario": "x"], draw: "a"))
  }

  @Test(
    "any other domain is an error that names the other provider",
    arguments: [
      "Cat stories for adults, with an aftermath.", "", String(repeating: "cats ", count: 99),
    ])
  func otherDomain(_ description: String) throws {
    let error = try #require(throws: TeacherError.self) {
      try teacher.answer(
        to: Requests.request(
          "complexify", ["description": .string(description), "scenario": "x"], draw: "a"))
    }
    #expect(error.code == .unusable)
    let quoted = String(description.prefix(60))
    #expect(
      error.message
        == "the embedded teacher only does grade-school arithmetic, not '\(quoted)'")
    #expect(error.hint?.contains("openai") == true)
  }
}
