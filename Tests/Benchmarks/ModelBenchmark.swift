import CanonicalJSON
import Foundation

/// A run against a server with a real model, beside a plain client that sends the same requests.
struct ModelBenchmark {
  /// Of the tokens a second that the plain client reaches.
  private static let share = 0.95
  private static let rounds = 2

  let stemma: String
  let folder: URL
  /// An OpenAI-compatible server, and what it calls its model.
  let server: String
  let model: String
  /// How many requests it works on at once.
  let slots: Int
  let samples: Int

  private var program: MeasuredProgram { MeasuredProgram(folder: folder) }

  func run(_ show: (BenchmarkRow) -> Void) throws {
    var ours = (tokens: 0, seconds: 0.0)
    var plain = (tokens: 0, seconds: 0.0)
    for round in 0..<Self.rounds {
      let name = "model-\(round)"
      try makeDataset(name)
      let report = folder.appending(path: "report")
      let measured = try program.run([stemma, "run", "-C", name, "--json"], output: report)
      let calls = folder.appending(path: "calls.jsonl")
      try program.run([stemma, "cache", "export", "-C", name], output: calls)
      ours.tokens += try answerTokens(calls)
      ours.seconds += measured.wallSeconds
      let again = try plainClient(calls)
      plain.tokens += again.tokens
      plain.seconds += again.seconds
      show(BenchmarkRow(name: "\(samples) samples by \(model)", measured: measured))
    }
    let rates = (Double(ours.tokens) / ours.seconds, Double(plain.tokens) / plain.seconds)
    show(
      BenchmarkRow(
        name: "tokens a second", measured: Measurement(wallSeconds: ours.seconds),
        against: "a plain client", ratio: ("wall a token", rates.1 / rates.0, 1 / Self.share),
        note: String(format: "%.1f, plain client %.1f", rates.0, rates.1)))
  }

  private func makeDataset(_ name: String) throws {
    try program.run([stemma, "init", name, "--recipe", "blank"])
    let recipe = """
      stemma: 1
      description: Short word problems for children.
      samples: \(samples)
      sample:
        schema: {type: object, properties: {question: {type: string, maxLength: 160}, answer: {type: string, maxLength: 40}}, required: [question, answer], additionalProperties: false}
        question: [question]
      teachers:
        default: {provider: embedded}
        generator: {provider: openai, model: '\(model)', base-url: '\(server)', concurrency: \(slots), max-tokens: 160}
      taxonomy: {factors: [3, 3], depth: 1}
      meta-prompts: {candidates: 1}
      complexity: {fraction: 0}
      critics: {requirements: false, double: 'off'}
      duplicates: {near: 'off'}
      """
    try Data(recipe.utf8).write(to: folder.appending(path: "\(name)/recipe.yaml"))
    try program.run([stemma, "run", "-C", name, "--until", "meta-prompts"])
  }

  private func answerTokens(_ calls: URL) throws -> Int {
    try String(contentsOf: calls, encoding: .utf8).split(separator: "\n").reduce(0) { sum, line in
      let call = try JSON(parsing: String(line))
      guard call["request"]?["provider"]?.string == "openai" else { return sum }
      return sum + (call["usage"]?["output"]?.int ?? 0)
    }
  }

  /// Has the same requests sent by the plain client.
  private func plainClient(_ calls: URL) throws -> (tokens: Int, seconds: Double) {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "plain_client.py").path
    let output = folder.appending(path: "plain")
    try program.run(
      ["python3", script, server, "--calls", calls.path, String(slots)], output: output)
    let result = try JSON(parsing: String(contentsOf: output, encoding: .utf8))
    guard let tokens = result["tokens"]?.int, let seconds = result["seconds"]?.double else {
      throw MeasuredProgram.Failure(description: "the plain client told nothing")
    }
    return (tokens, seconds)
  }
}
