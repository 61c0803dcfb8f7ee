import CanonicalJSON
import Dataset
import Teachers
import Testing

/// Answers as they are today: recorded calls hold them, so a change needs another model name.
@Suite struct PinnedAnswerTests {
  private let teacher = EmbeddedTeacher(rates: EmbeddedRates())

  private func text(_ request: CallRequest) throws -> String {
    try teacher.answer(to: request).answer.text
  }

  @Test("a proposal")
  func proposal() throws {
    let request = Requests.children(factor: "operation", path: "Operation", draw: "proposal 1")
    #expect(
      try text(request) == """
        {"children":["Mixed operations","Epic poetry metres","Subtraction","Addition","Division",\
        "Multiplication","Mixed operation"]}
        """)
  }

  @Test("two scenarios")
  func scenarios() throws {
    #expect(
      try text(Requests.scenarios(count: 2, draw: "slot 17 attempt 0")) == """
        {"scenarios":["Write a word problem about Lucia, who is busy with pancakes at the bakery \
        while Caleb helps. It takes 2 steps and covers Taking away and Bakery. Use whole numbers \
        only. Write for a young reader.","Set the problem at the bakery: Quentin has marbles, and \
        Selma joins in. Ask for one number that is found in 4 steps. It must reflect Taking away \
        and Bakery. Avoid difficult words. Let it be late."]}
        """)
  }

  @Test("a sample")
  func sample() throws {
    #expect(
      try text(Requests.generate(draw: "slot 17 attempt 0")) == #"""
        {"rationale":"Step 1: 6 * 9 = 54.\nStep 2: 54 - 52 = 2.\nThe answer is 2.",\#
        "question":"There are 6 cartons at the bakery; each one contains 9 pine cones that belong \#
        to Ivy. She hands out 52 pine cones to passers-by. After that, it is 27 degrees outside. \#
        How many pine cones does Ivy have now?","answer":2}
        """#)
  }

  @Test(
    "the double critic",
    arguments: [
      (
        "ask-correct",
        #"{"reasoning":"Working through the steps gives 42, as stated.","verdict":"yes"}"#
      ),
      (
        "ask-incorrect",
        #"{"reasoning":"Working through the steps gives 42, as stated.","verdict":"no"}"#
      ),
      ("solve", #"{"reasoning":"First, 50 - 8 = 42.\nThe answer is 42.","answer":42}"#),
      ("solve-check", #"{"reasoning":"First, 50 - 8 = 42.\nThe answer is 42.","answer":42}"#),
    ])
  func doubleCritic(_ task: String, _ expected: String) throws {
    let request = Requests.judged(
      task,
      question: "Leo starts with 50 kites. He uses up 8 of the kites. "
        + "How many kites does Leo have now?", answer: "42", draw: "slot 17 attempt 0")
    #expect(try text(request) == expected)
  }
}
