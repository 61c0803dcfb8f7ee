import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers

/// How a run has its requests answered in batches.
struct BatchOptions: ParsableArguments {
  @Flag(help: "Have requests answered in batches: for less, within a day; run again to go on.")
  var batch = false

  @Flag(help: "With --batch: submit what is missing, and do not wait for it.")
  var noWait = false

  @Flag(help: "With --batch: end the batches that are under way, and fetch what they answered.")
  var cancelBatches = false

  @Option(
    help: ArgumentHelp("With --batch: look for answers every so many seconds.", valueName: "s"))
  var interval = 30.0

  func validate() throws {
    if noWait || cancelBatches || interval != 30, !batch {
      throw ValidationError("'--no-wait', '--cancel-batches' and '--interval' go with '--batch'")
    }
    guard (0.1...86_400).contains(interval) else {
      throw ValidationError("'--interval \(interval)' is outside 0.1...86400")
    }
  }

  /// Tells of batches that a run without this option does not use.
  func warn(_ store: Store) {
    guard !batch, let count = try? BatchDesk.requestsUnderWay(in: store.folder), count > 0 else {
      return
    }
    Output.complain(
      "note: \(Plural.text(count, "request")) wait for an answer in batches, and are asked again now "
        + "where they are needed; 'stemma run --batch' waits for them")
  }

  /// Goes on in rounds until the run is done; nil when it is left with batches under way.
  func run(
    _ store: Store, until stage: StageName, renewsBudget: Bool, reporter: RunReporter,
    asJSON isJSON: Bool
  ) async throws -> RunReport? {
    defer { reporter.end() }
    return try await TeacherFactory.withFactory { factory in
      reporter.follow(factory.client)
      let run = BatchRun(store, observer: reporter) { settings, queue in
        try factory.make(settings, queue: queue)
      }
      return try await Interruption.stopping {
        try await rounds(run, until: stage, renewsBudget: renewsBudget, reporter, isJSON)
      }
    }
  }

  private func rounds(
    _ run: BatchRun, until stage: StageName, renewsBudget: Bool, _ reporter: RunReporter,
    _ isJSON: Bool
  ) async throws -> RunReport? {
    var isFirst = true
    var last: BatchDesk.Progress?
    var trouble = PassingTrouble()
    if cancelBatches {
      for problem in try await run.cancel().sorted() { Output.complain("batch: \(problem)") }
    }
    while true {
      do {
        let progress: BatchDesk.Progress
        if cancelBatches {
          progress = try await run.fetch()
        } else {
          switch try await run.round(until: stage, renewsBudget: renewsBudget && isFirst) {
          case .done(let report): return report
          case .underWay(let state): progress = state
          }
        }
        isFirst = false
        trouble = PassingTrouble()
        reporter.end()
        if progress != last { show(progress, isJSON) }
        last = progress
        if noWait || progress.open == 0 { return nil }
      } catch {
        guard !noWait, let message = trouble.grants(error) else { throw error }
        reporter.end()
        Output.complain(
          "batch: \(message); looking again every \(String(format: "%g", interval)) s")
      }
      do { try await Task.sleep(for: .seconds(interval)) } catch {
        throw CommandError(
          "left while batches are under way", hint: "'stemma run --batch' goes on with them",
          status: .interrupted)
      }
    }
  }

  private func show(_ progress: BatchDesk.Progress, _ isJSON: Bool) {
    if isJSON {
      Output.json(
        "batch",
        [
          ("open", JSON(progress.open)), ("unconfirmed", JSON(progress.unconfirmed)),
          ("done", JSON(progress.done)),
          ("total", JSON(progress.total)), ("recorded", JSON(progress.recorded)),
          ("unanswered", JSON(progress.unanswered)), ("submitted", JSON(progress.submitted)),
          ("problems", .array(progress.problems.sorted().map { .string($0) })),
        ])
      return
    }
    var parts: [String] = []
    if progress.recorded > 0 { parts.append("\(Plural.text(progress.recorded, "answer")) fetched") }
    if progress.unanswered > 0 { parts.append("\(progress.unanswered) without an answer") }
    if progress.submitted > 0 {
      parts.append("\(Plural.text(progress.submitted, "request")) submitted")
    } else {
      parts.append(
        "\(progress.done) of \(progress.total) requests done in "
          + Plural.text(progress.open, "batch", "batches"))
    }
    if progress.unconfirmed > 0 {
      parts.append(
        "of \(Plural.text(progress.unconfirmed, "batch", "batches")) it is not known yet whether the "
          + "server began it")
    }
    Output.complain("batch: " + parts.joined(separator: ", "))
    for problem in progress.problems.sorted() { Output.complain("  the server says: \(problem)") }
  }
}

/// Trouble while batches are under way that time may end: nobody wants to be left alone with a day's batch
/// for an hour without a network.
private struct PassingTrouble {
  private static let longest = Duration.seconds(3600)

  private var since: ContinuousClock.Instant?

  /// What happened, in words, when it is worth another look later.
  mutating func grants(_ error: any Error) -> String? {
    let message: String
    switch error {
    case let error as TeacherError
    where [.unreachable, .timeout, .serverFault, .rateLimited].contains(error.code):
      message = error.message
    case let error as StoreError where error.code == .locked: message = error.message
    default: return nil
    }
    let start = since ?? .now
    since = start
    return start.duration(to: .now) < Self.longest ? message : nil
  }
}
