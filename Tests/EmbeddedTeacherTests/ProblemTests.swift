import CanonicalJSON
import Dataset
import Testing

@testable import Teachers

@Suite struct ProblemTests {
  /// Samples that are all right, with as many scenarios as a run would have.
  private static let corpus: [Sample] = {
    var rates = EmbeddedRates()
    rates.wrongAnswers = 0
    let teacher = EmbeddedTeacher(rates: rates)
    var samples: [Sample] = []
    for group in 0..<5000 {
      let scenarios = try? teacher.strings(
        Requests.scenarios(count: 4, draw: "slot \(group)"), "scenarios")
      for (index, scenario) in (scenarios ?? []).enumerated() {
        let request = Requests.generate(
          scenario: scenario, requirements: [], draw: "slot \(group) \(index)")
        if let sample = try? Sample(teacher, request) { samples.append(sample) }
      }
    }
    return samples
  }()

  @Test("the answer of every generated problem follows from its text alone")
  func solvesAll() {
    #expect(ProblemTests.corpus.count == 20_000)
    var missed: [String] = []
    for sample in ProblemTests.corpus
    where EmbeddedTeacher.solve(question: sample.question) != sample.answer {
      missed.append(sample.question)
    }
    #expect(missed.isEmpty, "\(missed.first ?? "")")
    #expect(ProblemTests.corpus.allSatisfy { (0..<1_000_000_000).contains($0.answer) })
  }

  @Test("problems hardly repeat, exactly or nearly")
  func repeats() {
    let questions = ProblemTests.corpus.map(\.question)
    #expect(questions.count - Set(questions).count < 3)
    let near = NearRepeats.count(in: questions, threshold: 0.8)
    #expect(near * 100 < questions.count, "\(near) near repeats")
  }

  @Test("a wrong answer comes from a slip in the working, and is always the same one")
  func slips() throws {
    var rates = EmbeddedRates()
    rates.wrongAnswers = 1
    let wrong = EmbeddedTeacher(rates: rates)
    for index in 0..<500 {
      let request = Requests.generate(draw: "slot \(index)")
      let sample = try Sample(wrong, request)
      let truth = try #require(EmbeddedTeacher.solve(question: sample.question))
      #expect(sample.answer != truth)
      #expect((0..<1_000_000_000).contains(sample.answer))
      #expect(sample.rationale.hasSuffix("The answer is \(sample.answer)."))
      let facts = try #require(QuestionFacts(question: sample.question))
      #expect(facts.slip.answer == sample.answer)
    }
  }

  @Test("fewer wrong answers leave the questions as they are and only mend answers")
  func monotoneRates() throws {
    var few = EmbeddedRates()
    few.wrongAnswers = 0.1
    var many = few
    many.wrongAnswers = 0.4
    for index in 0..<300 {
      let request = Requests.generate(draw: "slot \(index)")
      let (rare, often) = (
        try Sample(EmbeddedTeacher(rates: few), request),
        try Sample(EmbeddedTeacher(rates: many), request)
      )
      #expect(rare.question == often.question)
      let truth = EmbeddedTeacher.solve(question: rare.question)
      if rare.answer != truth { #expect(often.answer == rare.answer) }
    }
  }

  @Test("every sentence has one meaning only")
  func meanings() { #expect(Grammar.shared.conflicts.isEmpty) }

  @Test(
    "the meaning of each kind of sentence is as a reader takes it",
    arguments: [
      ("Maya has 24 muffins at the bakery. Maya buys 6 more muffins.", "muffins", 30),
      ("Leo opens 4 packs of stickers with 12 in every pack.", "stickers", 48),
      ("Leo starts with 50 kites. Leo gives 3 kites to each of 9 children.", "kites", 23),
      ("Leo starts with 50 kites. He uses up 8 of the kites.", "kites", 42),
      ("Leo starts with 50 kites. Nora hands him 3 bundles of 7 kites.", "kites", 71),
      (
        "Leo starts with 5 kites. A lucky trade leaves him with 4 times as many kites.", "kites", 20
      ),
      ("Leo starts with 5 kites. The number of kites doubles.", "kites", 10),
      ("Leo starts with 5 kites. After lunch, the number of kites triples.", "kites", 15),
      (
        "Leo starts with 60 kites. He splits the kites into 4 equal groups and keeps one group.",
        "kites", 15
      ),
      ("Leo starts with 60 kites. Half of the kites are left behind.", "kites", 30),
      ("Leo starts with 60 kites. Nora is 31 years old. Nobody is in a hurry.", "kites", 60),
    ])
  func countedSentences(_ story: String, _ object: String, _ expected: Int) {
    let name = story.hasPrefix("Maya") ? "Maya" : "Leo"
    let question = "\(story) How many \(object) does \(name) have now?"
    #expect(EmbeddedTeacher.solve(question: question) == expected)
  }

  @Test(
    "each way to ask means what it says",
    arguments: [
      ("If Leo needs 90 kites in all, how many are still missing?", 70),
      ("How many jars are needed if Leo packs 5 kites into each?", 4),
      ("If each of the kites sells for $3, how many dollars does Leo take in?", 60),
      ("How many kites are left once Nora has taken 6 of them?", 14),
      ("If Leo then buys 9 more, how many kites are there altogether?", 29),
      ("Nora has 7 more kites than Leo. How many kites do Leo and Nora have together?", 47),
      ("Nora has 7 fewer kites than Leo. How many kites does Nora have?", 13),
      (
        "Nora has 3 times as many kites as Leo. "
          + "How far apart are the numbers of kites of Leo and Nora?", 40
      ),
      ("Leo sells all of the kites for $4 each. How much money is Leo left with?", 80),
      ("Find the number of kites that Leo has at the end.", 20),
    ])
  func askedQuestions(_ ending: String, _ expected: Int) {
    #expect(EmbeddedTeacher.solve(question: "Leo starts with 20 kites. \(ending)") == expected)
  }

  @Test(
    "other text is not taken for a problem",
    arguments: [
      "", " \n\n", "?", "How many kites does Leo have now?", "Leo starts with 20 kites.",
      "Leo starts with 20 kites. He eats 3 of them. How many kites does Leo have now?",
      "Leo starts with 20.5 kites. How many kites does Leo have now?",
      "Leo starts with 20000000000 kites. How many kites does Leo have now?",
      "Leo starts with 20 kites. He uses up 30 of the kites. How many kites does Leo have now?",
      "Leo starts with 20 kites. He splits the kites into 0 equal groups and keeps one group. "
        + "How many kites does Leo have now?",
      "Leo starts with 20 kites. He splits the kites into 3 equal groups and keeps one group. "
        + "How many kites does Leo have now?",
      "What is the capital of France?",
    ])
  func foreignText(_ text: String) { #expect(EmbeddedTeacher.solve(question: text) == nil) }

  @Test("a problem is found under its label and beside other lines")
  func labelled() {
    let question =
      "title: Kites\nquestion: Leo starts with 20 kites. How many kites does Leo have now?\n"
    #expect(EmbeddedTeacher.solve(question: question) == 20)
  }

  @Test("a problem keeps to its scenario and requirements")
  func wishes() throws {
    let teacher = EmbeddedTeacher(rates: EmbeddedRates())
    for index in 0..<50 {
      let sample = try Sample(
        teacher,
        Requests.generate(
          scenario: "Tell how Priya and Omar count lanterns at the harbour in 3 steps.",
          requirements: [], draw: "slot \(index)"))
      #expect(sample.question.contains("Priya") && sample.question.contains("lanterns"))
      let money = try Sample(
        teacher,
        Requests.generate(
          requirements: [
            ["factor": "Numbers", "name": "Wages", "path": "Numbers > Money amounts > Wages"]
          ], draw: "slot \(index)"))
      #expect(money.question.contains("$"))
    }
  }

  @Test("a complexified scenario gives more steps")
  func harder() throws {
    let teacher = EmbeddedTeacher(rates: EmbeddedRates())
    var steps = (plain: 0, harder: 0)
    for index in 0..<300 {
      let scenario = "Priya counts lanterns in \(2 + index % 3) steps."
      let harder = try teacher.json(
        Requests.request(
          "complexify",
          [
            "description": .string(Requests.description), "scenario": .string(scenario),
            "requirements": [],
          ], draw: "slot \(index)"))["scenario"]?.string
      let text = try #require(harder)
      #expect(text.hasPrefix(scenario) && text.count > scenario.count)
      steps.plain += try stepCount(teacher, scenario, index)
      steps.harder += try stepCount(teacher, text, index)
    }
    #expect(steps.harder >= steps.plain + 550)
  }

  private func stepCount(_ teacher: EmbeddedTeacher, _ scenario: String, _ index: Int) throws
    -> Int
  {
    let request = Requests.generate(scenario: scenario, requirements: [], draw: "slot \(index)")
    let facts = QuestionFacts(question: try Sample(teacher, request).question)
    return try #require(facts).working.steps.count
  }
}
