import CanonicalJSON
package import Dataset
import Synchronization

/// A teacher in this process that plays every role for grade-school arithmetic problems.
///
/// It is no language model: it fills in sentences that it has, works out their answers, and errs
/// at known rates, so that the arithmetic of critics can be checked against the truth. Its answer
/// is a pure function of the request; of the rates only what they decide depends on them.
package struct EmbeddedTeacher: Teacher {
  package let rates: EmbeddedRates
  private let checked = Checked()

  package init(rates: EmbeddedRates) { self.rates = rates }

  /// The model's name, with the rates that its answers depend on.
  package static func modelIdentity(_ rates: EmbeddedRates) -> String {
    "arithmetic-1 wrong=\(rates.wrongAnswers) accepts-right=\(rates.acceptsRight) "
      + "accepts-wrong=\(rates.acceptsWrong) rejects-drafts=\(rates.rejectsDrafts) "
      + "removes-planted=\(rates.removesPlanted)"
  }

  /// The true answer to a question that this teacher wrote, from its text alone; else nil.
  package static func solve(question: String) -> Int? {
    QuestionFacts(question: question)?.answer
  }

  package func reply(to request: CallRequest) async throws(TeacherError) -> Reply {
    try answer(to: request)
  }

  /// As ``reply(to:)``, which never waits for anything.
  package func answer(to request: CallRequest) throws(TeacherError) -> Reply {
    let answer: Answer
    if let value = try value(for: request) {
      answer = Answer(text: value.text, finish: .stop)
    } else {
      answer = Answer(text: "This is no problem that I can read.", finish: .refusal)
    }
    let asked = request.messages.reduce(0) { $0 + $1.text.utf8.count }
    return Reply(
      answer: answer,
      usage: Usage(
        inputTokens: (asked + 3) / 4, outputTokens: (answer.text.utf8.count + 3) / 4))
  }

  /// The answer's object, or nil when the teacher declines.
  private func value(for request: CallRequest) throws(TeacherError) -> JSON? {
    let inputs = try EmbeddedInputs(request)
    let judging = Judging(rates: rates, draw: request.draw)
    switch request.task {
    case "ask-correct": return try judging.ask(inputs, isIncorrect: false)
    case "ask-incorrect": return try judging.ask(inputs, isIncorrect: true)
    case "solve": return try judging.solve(inputs, checks: false, form(of: request))
    case "solve-check": return try judging.solve(inputs, checks: true, form(of: request))
    case "alter-answer": return try judging.alter(inputs, form(of: request))
    default: break
    }
    try checked.check(description: inputs.text("description"))
    let reviewing = Reviewing(removesPlanted: rates.removesPlanted)
    switch request.task {
    case "judge-requirements": return try judging.requirements(inputs)
    case "review-factors": return try reviewing.factors(inputs)
    case "review-children": return try reviewing.children(inputs)
    default: break
    }
    let seed = EmbeddedTeacher.seed(of: request)
    switch request.task {
    case "propose-factors": return try Proposing(seed: seed).factors(inputs)
    case "propose-children": return try Proposing(seed: seed).children(inputs)
    case "plan-level": return try Planning(seed: seed).level(inputs)
    case "plan-strategies": return try Planning(seed: seed).strategies(inputs)
    case "meta-prompts": return try Scenarios(seed: seed).write(inputs)
    case "complexify": return try Scenarios(seed: seed).complexify(inputs)
    case "generate", "refine":
      return try Generating(seed: seed, rates: rates).sample(inputs, form(of: request))
    default:
      throw TeacherError(
        .unusable, "the embedded teacher has no task '\(request.task.prefix(40))'")
    }
  }

  private func form(of request: CallRequest) throws(TeacherError) -> SampleForm {
    guard let schema = request.schema else {
      throw TeacherError(.unusable, "cannot answer '\(request.task)': the request has no schema")
    }
    return try checked.form(schema)
  }

  /// Seeds what is drawn: all that the request says, without the model's own name and settings.
  private static func seed(of request: CallRequest) -> UInt64 {
    var fields = SeedFields("embedded request")
    fields.add(request.task)
    fields.add(request.draw)
    fields.add(request.attempt)
    fields.add(request.schema ?? "")
    fields.add(request.messages.count)
    for message in request.messages {
      fields.add(message.role.rawValue)
      fields.add(message.text)
    }
    if let inputs = request.inputs { add(inputs, to: &fields) }
    return fields.seed()
  }

  private static func add(_ value: JSON, to fields: inout SeedFields) {
    switch value {
    case .null: fields.add(0)
    case .bool(let value): fields.add(value ? 1 : 2)
    case .number(let value): fields.add(Int(bitPattern: UInt(value.bitPattern)))
    case .string(let text): fields.add(text)
    case .array(let values):
      fields.add(values.count)
      for value in values { add(value, to: &fields) }
    case .object(let object):
      fields.add(object.members.count)
      for member in object.members {
        fields.add(member.name)
        add(member.value, to: &fields)
      }
    }
  }
}

/// Descriptions and schemas that were read before, since they hardly ever change within a run.
private final class Checked: Sendable {
  private static let limit = 64
  private let descriptions = Mutex<[String]>([])
  private let forms = Mutex<[(schema: String, form: SampleForm)]>([])

  func check(description: String) throws(TeacherError) {
    if descriptions.withLock({ $0.contains(description) }) { return }
    try ArithmeticDomain.check(description)
    descriptions.withLock {
      if $0.count < Checked.limit { $0.append(description) }
    }
  }

  func form(_ schema: String) throws(TeacherError) -> SampleForm {
    if let known = forms.withLock({ $0.first { $0.schema == schema }?.form }) { return known }
    let form = try SampleForm(schema: schema)
    forms.withLock {
      if $0.count < Checked.limit { $0.append((schema, form)) }
    }
    return form
  }
}
