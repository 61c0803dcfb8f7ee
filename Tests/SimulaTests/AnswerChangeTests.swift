import CanonicalJSON
import Dataset
import Testing

@testable import Simula

@Suite("The form of an answer by itself")
struct AnswerFormTests {
  @Test("a solver is given the whole schema of an answer that is a reference")
  func reference() throws {
    let form = try SampleForm(
      SampleShape(
        schema: """
          {"type":"object","properties":{"question":{"type":"string"},\
          "answer":{"$ref":"#/definitions/choice"}},\
          "definitions":{"choice":{"enum":["A","B"]}}}
          """, answer: "answer", question: ["question"]))
    #expect(form.answerSchema == ["enum": ["A", "B"]])
    #expect(form.problem(answer: "B") == nil)
    #expect(form.problem(answer: "C") != nil)
  }
}

@Suite("Wrong answers made by code")
struct AnswerChangeTests {
  private func form(_ answer: String) throws -> SampleForm {
    try SampleForm(
      SampleShape(
        schema: """
          {"type":"object","properties":{"question":{"type":"string"},"answer":\(answer)},\
          "required":["question","answer"]}
          """, answer: "answer", question: ["question"]))
  }

  private func known(_ answers: [JSON], _ form: SampleForm) -> [KnownAnswer] {
    answers.enumerated().compactMap { index, answer in
      KnownAnswer(["question": .string("question \(index)"), "answer": answer], form)
    }
  }

  @Test(
    "They differ from the right answer and fit the schema",
    arguments: [
      (#"{"type":"integer"}"#, [0, 7, -3, 120, 1_000_000]),
      (#"{"type":"integer","minimum":0,"maximum":1}"#, [0, 1]),
      (#"{"type":"number"}"#, [0.25, -1.5, 3]),
      (#"{"enum":["a","b","c","d"]}"#, ["a", "b", "d"]),
      (#"{"enum":[1,2]}"#, [1, 2, 2]),
      (#"{"type":"boolean"}"#, [true, false]),
      (#"{"type":"string"}"#, ["12", "1,200", "Paris", "Rome", "paris "]),
    ] as [(String, [JSON])])
  func wrong(_ schema: String, _ answers: [JSON]) throws {
    let form = try form(schema)
    let known = known(answers, form)
    #expect(known.count == answers.count)
    let change = AnswerChange(form, others: known)
    for (index, item) in known.enumerated() {
      let wrong = try #require(change.wrong(for: index), "\(item.answer)")
      #expect(!SampleForm.same(wrong, item.answer), "\(wrong) for \(item.answer)")
      #expect(form.problem(answer: wrong) == nil, "\(wrong)")
      #expect(change.wrong(for: index) == wrong)
    }
  }

  @Test("A number stays close, has as many places, and does not turn negative")
  func numbers() throws {
    let form = try form(#"{"type":"number"}"#)
    for (index, number) in [5.0, 0, 0.5, 12.25].enumerated() {
      let known = known([.number(number)], form)
      let wrong = try #require(AnswerChange(form, others: known).wrong(for: 0)?.double, "\(index)")
      #expect(wrong >= 0 && abs(wrong - number) <= max(10, number), "\(number): \(wrong)")
      #expect(JSON.number(wrong).text.count <= JSON.number(number).text.count + 1)
    }
  }

  @Test("A number in text stays text, and other text is another question's answer")
  func texts() throws {
    let form = try form(#"{"type":"string"}"#)
    let known = known(["42", "Paris", "Rome"], form)
    let change = AnswerChange(form, others: known)
    let number = try #require(change.wrong(for: 0)?.string)
    #expect(Int(number) != nil && number != "42")
    #expect(["42", "Rome"].contains(try #require(change.wrong(for: 1)?.string)))
  }

  @Test("Where nothing else can be the answer there is none")
  func none() throws {
    let only = try form(#"{"enum":["yes"]}"#)
    #expect(AnswerChange(only, others: known(["yes"], only)).wrong(for: 0) == nil)
    let text = try form(#"{"type":"string"}"#)
    #expect(AnswerChange(text, others: known(["Paris", " paris"], text)).wrong(for: 0) == nil)
  }
}
