package import CanonicalJSON

/// Makes wrong answers out of right ones by code alone, the same ones each time.
package struct AnswerChange: Sendable {
  private let form: SampleForm
  private let others: [KnownAnswer]
  private let choices: [JSON]

  /// Takes the answers of which those to other questions come.
  package init(_ form: SampleForm, others: [KnownAnswer]) {
    self.form = form
    self.others = others
    var choices = form.answerSchema["enum"]?.array ?? []
    if form.answerSchema["type"]?.string == "boolean" { choices = [true, false] }
    self.choices = choices
  }

  /// Another choice, another number, or the answer to another question; nil when there is none.
  package func wrong(for index: Int) -> JSON? {
    let known = others[index]
    func isWrong(_ answer: JSON) -> Bool {
      !SampleForm.same(answer, known.answer) && form.problem(answer: answer) == nil
    }
    if !choices.isEmpty { return turned(choices, known).first(where: isWrong) }
    if let numbers = numbers(near: known.answer) {
      return turned(numbers, known).first(where: isWrong)
    }
    // A list or an object is nobody else's answer, and text may be anybody's.
    let following = others[(index + 1)...].prefix(50) + others[..<index].prefix(50)
    return following.map(\.answer).first(where: isWrong)
  }

  /// Numbers that a small mistake may lead to, as text where the answer is text; nil for no number.
  private func numbers(near answer: JSON) -> [JSON]? {
    let number =
      answer.double ?? answer.string.flatMap { Double(SampleForm.normalized(.string($0))) }
    guard let number, number.isFinite, abs(number) < 1e15 else { return nil }
    // In units of the least decimal place that the number has.
    var scale = 1.0
    while number * scale != (number * scale).rounded(), scale < 1e6 { scale *= 10 }
    let units = (number * scale).rounded()
    let near = [units + 1, units - 1, units + 10, units - 10, units * 2]
      .filter { units < 0 || $0 >= 0 }.map { $0 / scale }
    return near.map { answer.double == nil ? .string(JSON.number($0).text) : .number($0) }
  }

  /// The values, beginning with one that the question decides.
  private func turned(_ values: [JSON], _ known: KnownAnswer) -> [JSON] {
    let start = Int(Chance.uniform(0, "calibrate", known.question) * Double(values.count))
    return Array(values[start...] + values[..<start])
  }
}
