import CanonicalJSON
import Dataset
import Teachers
import Testing

/// One setting of the generator's accuracy and the critics' joint rates.
struct RateCell: CustomTestStringConvertible {
  let accuracy: Double
  let acceptsRight: Double
  let acceptsWrong: Double

  var testDescription: String { "m \(accuracy), a \(acceptsRight), b \(acceptsWrong)" }

  var rates: EmbeddedRates {
    var rates = EmbeddedRates()
    rates.wrongAnswers = 1 - accuracy
    rates.acceptsRight = acceptsRight
    rates.acceptsWrong = acceptsWrong
    return rates
  }

  /// The share of samples that critics accept.
  var share: Double { accuracy * acceptsRight + (1 - accuracy) * acceptsWrong }

  static let all = [
    RateCell(accuracy: 0.8, acceptsRight: 0.9, acceptsWrong: 0.1),
    RateCell(accuracy: 0.5, acceptsRight: 0.7, acceptsWrong: 0.4),
    RateCell(accuracy: 0.3, acceptsRight: 0.95, acceptsWrong: 0.02),
  ]
}

/// How many standard errors a counted share lies from the expected one.
func deviation(_ count: Int, of total: Int, from expected: Double) -> Double {
  let share = Double(count) / Double(total)
  return (share - expected) / (expected * (1 - expected) / Double(total)).squareRoot()
}

@Suite struct CriticRateTests {
  static let count = 4000

  @Test("critics accept right and wrong answers at the rates asked for", arguments: RateCell.all)
  func acceptedShare(_ cell: RateCell) throws {
    let teacher = EmbeddedTeacher(rates: cell.rates)
    var right = 0
    var askAccepted = (all: 0, right: 0)
    var solveAccepted = (all: 0, right: 0)
    for index in 0..<CriticRateTests.count {
      let sample = try Sample(teacher, Requests.generate(draw: "slot \(index) attempt 0"))
      let truth = try #require(EmbeddedTeacher.solve(question: sample.question))
      let isRight = sample.answer == truth
      right += isRight ? 1 : 0
      let critic = Critic(teacher, sample.question, String(sample.answer), "slot \(index)")
      if try critic.asks() == .accepted {
        askAccepted.all += 1
        askAccepted.right += isRight ? 1 : 0
      }
      if try critic.solves() {
        solveAccepted.all += 1
        solveAccepted.right += isRight ? 1 : 0
      }
    }
    #expect(abs(deviation(right, of: CriticRateTests.count, from: cell.accuracy)) < 4)
    let kept = cell.accuracy * cell.acceptsRight / cell.share
    for accepted in [askAccepted, solveAccepted] {
      #expect(abs(deviation(accepted.all, of: CriticRateTests.count, from: cell.share)) < 4)
      #expect(abs(deviation(accepted.right, of: accepted.all, from: kept)) < 4)
    }
  }

  @Test("a solver whose rates differ from the generator's still judges at its own rates")
  func foreignRates() throws {
    let generator = EmbeddedTeacher(
      rates: RateCell(accuracy: 0.4, acceptsRight: 0.5, acceptsWrong: 0.5).rates)
    let teacher = EmbeddedTeacher(rates: RateCell.all[0].rates)
    var right = (all: 0, accepted: 0)
    var wrong = (all: 0, accepted: 0)
    for index in 0..<2000 {
      let sample = try Sample(generator, Requests.generate(draw: "slot \(index)"))
      let isRight = sample.answer == EmbeddedTeacher.solve(question: sample.question)
      let critic = Critic(teacher, sample.question, String(sample.answer), "slot \(index)")
      let isAccepted = try critic.solves()
      if isRight {
        right.all += 1
        right.accepted += isAccepted ? 1 : 0
      } else {
        wrong.all += 1
        wrong.accepted += isAccepted ? 1 : 0
      }
    }
    #expect(abs(deviation(right.accepted, of: right.all, from: 0.9)) < 4)
    #expect(abs(deviation(wrong.accepted, of: wrong.all, from: 0.1)) < 4)
  }

  @Test("the four outcomes of asking twice all occur, and wrong answers are mostly found wrong")
  func outcomes() throws {
    let teacher = EmbeddedTeacher(rates: RateCell.all[1].rates)
    var counts: [Critic.Outcome: Int] = [:]
    for index in 0..<600 {
      let sample = try Sample(teacher, Requests.generate(draw: "slot \(index)"))
      let critic = Critic(teacher, sample.question, "\(sample.answer + 12345)", "slot \(index)")
      counts[try critic.asks(), default: 0] += 1
    }
    #expect(counts.count == 4)
    #expect(counts[.wrong, default: 0] > 5 * counts[.bothNo, default: 0])
    #expect(counts[.wrong, default: 0] > 5 * counts[.bothYes, default: 0])
  }

  @Test("rates of 0 and 1 leave no doubt")
  func extremes() throws {
    let sure = EmbeddedTeacher(
      rates: RateCell(accuracy: 0.5, acceptsRight: 1, acceptsWrong: 0).rates)
    for index in 0..<300 {
      let sample = try Sample(sure, Requests.generate(draw: "slot \(index)"))
      let isRight = sample.answer == EmbeddedTeacher.solve(question: sample.question)
      let critic = Critic(sure, sample.question, String(sample.answer), "slot \(index)")
      #expect(try (critic.asks() == .accepted) == isRight)
      #expect(try critic.solves() == isRight)
    }
  }

  @Test("an answer that is neither the truth nor the usual slip is never met by solving again")
  func perturbedAnswer() throws {
    let teacher = EmbeddedTeacher(rates: RateCell.all[0].rates)
    for index in 0..<200 {
      let sample = try Sample(teacher, Requests.generate(draw: "slot \(index)"))
      let critic = Critic(teacher, sample.question, "\(sample.answer + 54321)", "slot \(index)")
      #expect(try !critic.solves())
    }
  }

  @Test("asked for a wrong answer it gives one, the generator's own where that is another")
  func alteredAnswers() throws {
    let wrong = EmbeddedTeacher(
      rates: RateCell(accuracy: 0, acceptsRight: 1, acceptsWrong: 0).rates)
    for index in 0..<200 {
      let sample = try Sample(wrong, Requests.generate(draw: "slot \(index)"))
      let truth = try #require(EmbeddedTeacher.solve(question: sample.question))
      func altered(_ answer: Int) throws -> Int? {
        try wrong.json(
          Requests.judged(
            "alter-answer", question: sample.question, answer: String(answer), draw: "slot 0"))[
            "answer"]?.int
      }
      #expect(try altered(truth) == sample.answer)
      let other = try #require(try altered(sample.answer))
      #expect(other != sample.answer && other != truth)
    }
  }

  @Test("the requirement critic rejects at its rate, with the same verdict for the same draft")
  func rejectedDrafts() throws {
    var rates = EmbeddedRates()
    rates.rejectsDrafts = 0.3
    let teacher = EmbeddedTeacher(rates: rates)
    var rejected = 0
    for index in 0..<2000 {
      let inputs: JSON = [
        "description": .string(Requests.description), "requirements": Requests.requirements,
        "scenario": "A bakery.", "sample": .string("{\"question\":\"number \(index)\"}"),
      ]
      let first = try teacher.json(
        Requests.request("judge-requirements", inputs, draw: "slot 1 attempt 0"))
      let again = try teacher.json(
        Requests.request("judge-requirements", inputs, draw: "slot 1 attempt 0 round 1"))
      #expect(first == again)
      #expect(first["explanation"]?.string?.isEmpty == false)
      rejected += first["verdict"]?.string == "reject" ? 1 : 0
    }
    #expect(abs(deviation(rejected, of: 2000, from: 0.3)) < 4)
  }

  @Test("an answer is read with a dollar sign, commas and blanks")
  func answerForms() throws {
    let teacher = EmbeddedTeacher(
      rates: RateCell(accuracy: 0.5, acceptsRight: 1, acceptsWrong: 0).rates)
    let question = "Maya has saved $1200. How much money does Maya have now?"
    for answer in ["1200", " 1,200 ", "$1200", "1200.0", "$1,200."] {
      #expect(try Critic(teacher, question, answer, "slot 0").asks() == .accepted)
    }
    for answer in ["1200.5", "", "many", "-1200", "99999999999999999999999"] {
      #expect(try Critic(teacher, question, answer, "slot 0").asks() != .accepted)
    }
  }
}

/// Both calls about one answer, as a run makes them.
struct Critic {
  enum Outcome: Hashable { case accepted, wrong, bothYes, bothNo }

  private let teacher: EmbeddedTeacher
  private let question: String
  private let answer: String
  private let draw: String

  init(_ teacher: EmbeddedTeacher, _ question: String, _ answer: String, _ draw: String) {
    self.teacher = teacher
    self.question = question
    self.answer = answer
    self.draw = draw
  }

  func asks() throws -> Outcome {
    switch (try verdict("ask-correct"), try verdict("ask-incorrect")) {
    case ("yes", "no"): .accepted
    case ("no", "yes"): .wrong
    case ("yes", "yes"): .bothYes
    default: .bothNo
    }
  }

  /// Whether both solvers give the answer.
  func solves() throws -> Bool {
    let alone = try teacher.json(request("solve"))["answer"]?.int
    let checking = try teacher.json(request("solve-check"))["answer"]?.int
    return alone.map(String.init) == answer && checking == alone
  }

  private func verdict(_ task: String) throws -> String? {
    try teacher.json(request(task))["verdict"]?.string
  }

  private func request(_ task: String) -> CallRequest {
    Requests.judged(task, question: question, answer: answer, draw: draw)
  }
}
