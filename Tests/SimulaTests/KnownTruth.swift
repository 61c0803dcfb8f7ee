import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Simula
import Teachers
import Testing

/// One setting of the generator's accuracy and the critic's joint rates.
struct TruthCell: Sendable, CustomTestStringConvertible {
  /// The accuracy of the generator.
  var m: Double
  /// How often the critic accepts right and wrong answers.
  var a: Double
  var b: Double

  var testDescription: String { "m \(m), a \(a), b \(b)" }
  var share: Double { m * a + (1 - m) * b }
  var accuracy: Double { m * a / share }

  var rates: EmbeddedRates {
    var rates = EmbeddedRates()
    rates.wrongAnswers = 1 - m
    rates.acceptsRight = a
    rates.acceptsWrong = b
    rates.rejectsDrafts = 0
    return rates
  }

  static let all = [0.5, 0.75, 0.9].flatMap { m in
    [0.6, 0.8, 0.95].flatMap { a in [0.05, 0.2, 0.4].map { TruthCell(m: m, a: a, b: $0) } }
  }

  /// How many standard deviations a count is away from what a rate makes one expect.
  static func score(_ count: Int, of total: Int, at rate: Double) -> Double {
    let expected = Double(total) * rate
    return (Double(count) - expected) / (expected * (1 - rate)).squareRoot()
  }
}

/// Asks a teacher each time and keeps nothing, for tests that ask a hundred thousand times.
struct DirectCalls: CallSource {
  private static let noID = Record(.calls, [:]).id

  func answer(
    _ request: CallRequest, from teacher: any Teacher
  ) async throws -> RecordedCall {
    let reply = try await teacher.reply(to: request)
    return RecordedCall(
      id: Self.noID, answer: reply.answer, usage: reply.usage, isCached: false)
  }

  /// An asker whose models are the embedded teacher at known rates.
  static func asker(
    _ rates: EmbeddedRates, double: CriticKnobs.Double
  ) throws -> Asker {
    var recipe = try recipe.get()
    recipe.critics.double = double
    for role in Role.allCases { recipe.teachers[role]?.embedded = rates }
    return Asker(
      recipe: recipe, prompts: try Lab.prompts, cache: DirectCalls(),
      players: Players.make(recipe) { EmbeddedTeacher(rates: $0.embedded) })
  }

  static let recipe = Result { try Lab.parsed() }
}

/// A generated problem with the generator's answer to it.
struct GeneratedProblem: Sendable {
  let question: String
  let answer: Int
  /// By the text alone, as nobody in the pipeline knows it.
  let truth: Int
  var isRight: Bool { answer == truth }

  /// Makes problems that differ for each seed.
  static func make(
    _ count: Int, seed: Int, accuracy: Double
  ) async throws -> [GeneratedProblem] {
    var rates = EmbeddedRates()
    rates.wrongAnswers = 1 - accuracy
    let teacher = EmbeddedTeacher(rates: rates)
    var problems: [GeneratedProblem] = []
    for index in 0..<count {
      let reply = try await teacher.reply(
        to: CallRequest(
          task: "generate", provider: "embedded", model: "", messages: [],
          sampling: Sampling(),
          schema: try DirectCalls.recipe.get().sample.schema,
          inputs: [
            "description": "Grade-school arithmetic.", "scenario": "A problem in 2 steps.",
            "requirements": [], "examples": [], "question-fields": ["question"],
            "answer-field": "answer",
          ], draw: "seed \(seed) problem \(index)"))
      let value = try JSON(parsing: reply.answer.text)
      let question = try #require(value["question"]?.string)
      problems.append(
        GeneratedProblem(
          question: question, answer: try #require(value["answer"]?.int),
          truth: try #require(EmbeddedTeacher.solve(question: question))))
    }
    return problems
  }
}

/// Sees nothing.
struct SilentObserver: RunObserver {
  func update(_ progress: RunProgress) {}
  func notice(_ message: String) {}
}
