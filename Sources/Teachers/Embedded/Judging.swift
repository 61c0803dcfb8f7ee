import CanonicalJSON
import Dataset

/// The critics: each verdict is drawn once from what is judged, at the joint rates.
///
/// Two calls about one answer share nothing but the question, the answer and the draw, and still
/// agree on the outcome of both, since each works it out from these alone.
struct Judging {
  let rates: EmbeddedRates
  let draw: String

  // MARK: Requirements

  func requirements(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    var fields = SeedFields("embedded requirements")
    fields.add(try inputs.text("scenario"))
    fields.add(try inputs.text("sample"))
    _ = try inputs.rows("requirements", ["name"])
    var chance = Chance(fields.seed(), "verdict")
    let isRejected = chance.happens(rates.rejectsDrafts)
    let explanation = chance.element(of: isRejected ? Judging.faults : Judging.praises)
    return [
      "explanation": .string(explanation), "verdict": isRejected ? "reject" : "accept",
    ]
  }

  private static let faults = [
    "One of the requirements is mentioned but plays no part in the sum.",
    "The scenario asks for another situation than the problem tells.",
    "The problem does not say clearly what is asked.",
    "The numbers do not suit the requirements.",
  ]

  private static let praises = [
    "The problem meets all requirements and says clearly what is asked.",
    "Every requirement shows in the problem, and the scenario is followed.",
    "The problem follows the scenario and its numbers suit the requirements.",
  ]

  // MARK: Two questions about one answer

  /// Answers "is it correct?" or "is it incorrect?"; nil when the question cannot be read.
  func ask(_ inputs: EmbeddedInputs, isIncorrect: Bool) throws(TeacherError) -> JSON? {
    let question = try inputs.text("question")
    let answer = try inputs.text("answer")
    guard let facts = QuestionFacts(question: question) else { return nil }
    let isRight = Judging.number(answer) == facts.answer
    let outcome = askOutcome(question, answer, isRight: isRight)
    let saysYes = isIncorrect ? outcome.incorrect : outcome.correct
    let findsRight = saysYes != isIncorrect
    let found = findsRight ? answer : String(isRight ? facts.slip.answer : facts.answer)
    let reasoning =
      findsRight
      ? "Working through the steps gives \(found), as stated."
      : "Working through the steps gives \(found), not \(answer)."
    return ["reasoning": .string(reasoning), "verdict": saysYes ? "yes" : "no"]
  }

  private func askOutcome(
    _ question: String, _ answer: String, isRight: Bool
  ) -> (correct: Bool, incorrect: Bool) {
    var fields = SeedFields("embedded ask")
    for field in [question, answer, draw] { fields.add(field) }
    var chance = Chance(fields.seed(), "outcome")
    if chance.happens(isRight ? rates.acceptsRight : rates.acceptsWrong) { return (true, false) }
    let rest = chance.uniform()
    // Who does not accept a wrong answer mostly finds it wrong.
    if rest < (isRight ? 1.0 / 3 : 0.8) { return (false, true) }
    let both = rest < (isRight ? 2.0 / 3 : 0.9)
    return (both, both)
  }

  // MARK: Solving twice

  /// Solves a question, alone or with an answer in view; nil when the question cannot be read.
  ///
  /// Without an answer in view it gives the truth or the one wrong answer that the generator would
  /// give. Each of both, when it is in view, is met by both calls at its joint rate, as long as
  /// the two rates leave room for each other; any other answer in view is never met.
  func solve(
    _ inputs: EmbeddedInputs, checks: Bool, _ form: SampleForm
  ) throws(TeacherError) -> JSON? {
    let question = try inputs.text("question")
    let given = checks ? Judging.number(try inputs.text("answer")) : nil
    guard let facts = QuestionFacts(question: question) else { return nil }
    let slip = facts.slip
    let isMissed = facts.isMissed(rates)
    let split = SolveSplit(
      rates, isMissed: isMissed, at: solvePoint(question))
    let saysUsual: Bool
    if !checks {
      saysUsual = split.aloneSaysUsual
    } else if given == slip.answer || given == facts.answer {
      let isUsual = (given == slip.answer) == isMissed
      saysUsual = isUsual ? split.sayUsual : !split.sayOther
    } else {
      saysUsual = !isMissed
    }
    let isWrong = saysUsual == isMissed
    var chance = Chance(0, "explanation")
    let explanation = facts.working.explanation(with: isWrong ? slip : nil, &chance)
    let answer = (name: "answer", value: isWrong ? slip.answer : facts.answer)
    return try form.filled(answer: answer) { _ in explanation }
  }

  private func solvePoint(_ question: String) -> Double {
    var fields = SeedFields("embedded solve")
    fields.add(question)
    fields.add(draw)
    var chance = Chance(fields.seed(), "outcome")
    return chance.uniform()
  }

  // MARK: Wrong answers

  /// Makes a wrong answer where the right one is given: the one that the generator would give.
  func alter(_ inputs: EmbeddedInputs, _ form: SampleForm) throws(TeacherError) -> JSON? {
    let question = try inputs.text("question")
    let given = Judging.number(try inputs.text("answer"))
    guard let facts = QuestionFacts(question: question) else { return nil }
    let slip = facts.slip
    var wrong = slip.answer
    // Where somebody takes the usual wrong answer for the right one, another is wanted.
    while wrong == given || wrong == facts.answer { wrong += 1 }
    var chance = Chance(0, "explanation")
    let explanation = facts.working.explanation(
      with: wrong == slip.answer ? slip : Working.Slip(step: nil, value: wrong, answer: wrong),
      &chance)
    return try form.filled(answer: (name: "answer", value: wrong)) { _ in explanation }
  }

  /// The whole number that an answer states, or nil.
  static func number(_ answer: String) -> Int? {
    var digits = answer[...]
    while let first = digits.first, first.isWhitespace || first == "$" { digits.removeFirst() }
    while let last = digits.last, last.isWhitespace || last == "." { digits.removeLast() }
    if digits.hasSuffix(".0") { digits = digits.dropLast(2) }
    let plain = digits.filter { $0 != "," }
    guard !plain.isEmpty, plain.utf8.allSatisfy({ $0 &- 48 < 10 }) else { return nil }
    return Int(plain)
  }
}

/// The joint outcome of solving alone and solving with an answer in view.
///
/// The usual answer is the one that the generator gives: the truth, or for a missed question the
/// wrong one; the other is the other of the two. A point from 0 to 1 is laid out as: both say the
/// usual answer, then only the lone solver does, then only the checking one, then neither.
private struct SolveSplit {
  let aloneSaysUsual: Bool
  /// What the checking call says when the usual answer is in view.
  let sayUsual: Bool
  /// Whether the checking call says the other answer when that is in view.
  let sayOther: Bool

  init(_ rates: EmbeddedRates, isMissed: Bool, at point: Double) {
    let usualRate = isMissed ? rates.acceptsWrong : rates.acceptsRight
    let otherRate = isMissed ? rates.acceptsRight : rates.acceptsWrong
    let rest = 1 - usualRate
    // The lone solver must say the other answer often enough for that one's own rate.
    let loneShare = max(0, min(isMissed ? 0.1 : 1.0 / 3, 1 - otherRate / max(rest, 1e-9)))
    let aloneEnd = usualRate + rest * loneShare
    let checkingEnd = aloneEnd + rest * (isMissed ? 0.1 : 1.0 / 3)
    aloneSaysUsual = point < aloneEnd
    sayUsual = point < usualRate || (point >= aloneEnd && point < checkingEnd)
    sayOther = point >= aloneEnd && point - aloneEnd < otherRate
  }
}
