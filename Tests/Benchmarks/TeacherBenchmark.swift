import CanonicalJSON
import Foundation

/// Asking a server: what a call costs when it answers at once, how many go through when it takes its
/// time, and the same again from the recorded answers.
struct TeacherBenchmark {
  /// What a call may cost, and how many a second there should be, of one server on the same machine.
  private static let cpuLimit = 0.15
  private static let rateFloor = 8000.0
  private static let memoryLimit = 150.0
  /// Of what a load generator reaches.
  private static let latencyShare = 0.97
  private static let cachedFloor = 200_000.0

  let stemma: String
  let folder: URL
  /// A server that answers chat completions at once, with a `question` and an `answer` where JSON is
  /// asked for.
  let instant: String
  /// One that does so after 200 ms, or nil.
  let slow: String?

  private var program: MeasuredProgram { MeasuredProgram(folder: folder) }

  func run(count: Int, _ show: (BenchmarkRow) -> Void) async throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try askInstant(count, show)
    try await lookUp("instant", show)
    if let slow { try askSlow(slow, count: 256 * 200, show) }
  }

  private func askInstant(_ count: Int, _ show: (BenchmarkRow) -> Void) throws {
    let name = "instant"
    try makeDataset(name, server: instant, samples: count, slots: 256)
    let (measured, asked) = try measure(name)
    let rate = Double(asked) / measured.wallSeconds
    let plain = try plainClient(count: count, slots: 256)
    let against = plain.map { String(format: "%.3f ms", $0.cpuSeconds / Double(count) * 1000) }
    for (unit, value, limit) in [
      ("ms CPU a call", measured.cpuSeconds / Double(asked) * 1000, Self.cpuLimit),
      ("s for 8000 calls", Self.rateFloor / rate, 1),
      ("MB peak", measured.peakMegabytes, Self.memoryLimit),
    ] {
      show(
        BenchmarkRow(
          name: "one call a sample, durable", measured: measured, against: "limit",
          ratio: (unit, value, limit),
          note: String(format: "%.0f calls a second; aiohttp, nothing kept: ", rate)
            + (against ?? "not here") + " CPU a call"))
    }
    // A branch from the start knows of nothing but the calls.
    try program.run(
      ["git", "-C", name, "rev-list", "--max-parents=0", "HEAD"],
      output: folder.appending(path: "first"))
    let first = try String(contentsOf: folder.appending(path: "first"), encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let recipe = folder.appending(path: "\(name)/recipe.yaml")
    let text = try Data(contentsOf: recipe)
    try program.run([stemma, "checkout", "-C", name, "-b", "again", first])
    try text.write(to: recipe)
    let (again, newlyAsked) = try measure(name)
    guard newlyAsked == 0 else {
      throw MeasuredProgram.Failure(description: "the second run asked \(newlyAsked) calls")
    }
    show(
      BenchmarkRow(
        name: "again, all from recorded calls", measured: again, against: "asking",
        ratio: ("wall", again.wallSeconds / measured.wallSeconds, 1),
        note: String(format: "%.0f calls a second", Double(asked) / again.wallSeconds)))
  }

  /// The same calls looked up alone.
  private func lookUp(_ dataset: String, _ show: (BenchmarkRow) -> Void) async throws {
    let found = try await LookupBenchmark(folder: folder.appending(path: dataset)).run()
    let seconds = Double(found.count) / found.together
    show(
      BenchmarkRow(
        name: "look-ups alone, in slot order", measured: Measurement(wallSeconds: seconds),
        against: "limit",
        ratio: ("s for 200000 of them", Self.cachedFloor / found.together, 1), note: found.text))
  }

  private func askSlow(_ server: String, count: Int, _ show: (BenchmarkRow) -> Void) throws {
    try makeDataset("slow", server: server, samples: count, slots: 256)
    let (measured, asked) = try measure("slow")
    let rate = Double(asked) / measured.wallSeconds
    guard let floor = try loadGenerator(server, slots: 256) else { return }
    show(
      BenchmarkRow(
        name: "256 at a time, 200 ms each", measured: measured, against: "wrk",
        ratio: ("wall", floor / rate, 1 / Self.latencyShare),
        note: String(format: "%.0f calls a second, wrk %.0f", rate, floor)))
  }

  // MARK: - Parts

  private func measure(_ dataset: String) throws -> (Measurement, asked: Int) {
    let output = folder.appending(path: "report")
    let measured = try program.run([stemma, "run", "-C", dataset, "--json"], output: output)
    for line in try String(contentsOf: output, encoding: .utf8).split(separator: "\n") {
      let report = try JSON(parsing: String(line))
      guard report["type"] == "run", let asked = report["asked"]?.int else { continue }
      return (measured, asked)
    }
    throw MeasuredProgram.Failure(description: "the run told nothing")
  }

  /// A dataset whose samples take one call each; all else is done by the embedded teacher.
  private func makeDataset(_ name: String, server: String, samples: Int, slots: Int) throws {
    try program.run([stemma, "init", name, "--recipe", "blank"])
    let recipe = """
      stemma: 1
      description: Word problems.
      samples: \(samples)
      sample:
        schema: {type: object, properties: {question: {type: string}, answer: {type: string}}, required: [question, answer]}
        question: [question]
      teachers:
        default: {provider: embedded}
        generator: {provider: openai, model: mock, base-url: '\(server)', concurrency: \(slots)}
      taxonomy: {factors: [3, 3], depth: 1}
      meta-prompts: {candidates: 1, instances: 1000}
      complexity: {fraction: 0}
      critics: {requirements: false, double: 'off'}
      duplicates: {near: 'off'}
      """
    try Data(recipe.utf8).write(to: folder.appending(path: "\(name)/recipe.yaml"))
    try program.run([stemma, "run", "-C", name, "--until", "strategies"])
  }

  /// What the plain client takes, or nil where Python has no aiohttp.
  private func plainClient(count: Int, slots: Int) throws -> Measurement? {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "plain_client.py").path
    guard (try? program.run(["python3", "-c", "import aiohttp"])) != nil else { return nil }
    return try program.run(["python3", script, instant, String(count), String(slots)])
  }

  /// The requests a second that wrk reaches, or nil where it is not here.
  private func loadGenerator(_ server: String, slots: Int) throws -> Double? {
    let script = folder.appending(path: "chat.lua")
    try Data(
      """
      wrk.method = "POST"
      wrk.headers["Content-Type"] = "application/json"
      wrk.body = '{"model":"mock","messages":[{"role":"user","content":"Write one problem."}]}'
      """.utf8
    ).write(to: script)
    let output = folder.appending(path: "wrk")
    guard
      (try? program.run(
        [
          "wrk", "-t", "1", "-c", String(slots), "-d", "10s", "-s", script.path,
          server + "/chat/completions",
        ],
        output: output)) != nil
    else { return nil }
    let text = try String(contentsOf: output, encoding: .utf8)
    return text.firstMatch(of: #/Requests/sec:\s*([0-9.]+)/#).flatMap { Double($0.1) }
  }
}
