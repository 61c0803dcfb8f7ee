import CanonicalJSON
import Dataset

/// The generator: a word problem with its working, and with a wrong answer at the rate.
struct Generating {
  let seed: UInt64
  let rates: EmbeddedRates

  func sample(_ inputs: EmbeddedInputs, _ form: SampleForm) throws(TeacherError) -> JSON {
    let scenario = try inputs.text("scenario")
    let paths = try inputs.rows("requirements", ["path"]).map { $0[0] }
    let questions = try inputs.texts("question-fields")
    let answerName = try inputs.optionalText("answer-field")
    guard let question = question(questions, answerName, form) else {
      throw TeacherError(
        .unusable, "cannot write a problem: the sample's schema has no text for the question")
    }
    let wishes = StoryWishes(scenario: scenario, requirementPaths: paths)
    let (problem, working) = StoryWriter.write(seed: seed, wishes: wishes)
    let facts = QuestionFacts(problem: problem, working: working)
    let slip = facts.isMissed(rates) ? facts.slip : nil
    var chance = Chance(seed, "explanation")
    let explanation = working.explanation(with: slip, &chance)
    let answer = answerName.map { (name: $0, value: slip?.answer ?? facts.answer) }
    return try form.filled(answer: answer, choice: chance.below(1000)) { name in
      if name == question { return problem }
      // A further part of the question must not give the answer away.
      guard questions.contains(name) else { return explanation }
      return StoryWriter.heading(seed: seed, wishes: wishes)
    }
  }

  /// Where the problem goes: the first question field, or the first text when none is named.
  private func question(_ names: [String], _ answer: String?, _ form: SampleForm) -> String? {
    let wanted = names.first
    return form.properties.first {
      $0.kind == .text && $0.name != answer && (wanted == nil || $0.name == wanted)
    }?.name
  }
}
