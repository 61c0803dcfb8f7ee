import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Simula
import Teachers

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "run",
    abstract: "Run what is stale and commit a version",
    discussion: """
      Answers are asked only where no recorded one exists. When nothing has changed nothing is done. \
      Ctrl-C stops and keeps every answer; a second one stops at once. A run of which the first \
      \(GenerationRun.hopelessAfter) slots keep nothing ends there: the others would fail alike.

      EXAMPLES
        stemma run
        stemma run --until taxonomies     then edit taxonomies/ and run again
        stemma run --samples 1000         writes the number into recipe.yaml
        stemma run --arm local+global     without critics, to learn what they are worth
        stemma run --replan               asks for strategies again; your edits of them stay
        stemma run --batch                by a provider's batches: for less, within a day

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Option(
    help: ArgumentHelp(
      "Stop after a stage: \(StageName.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "stage"))
  var until: String?

  @Option(help: ArgumentHelp("Set how many samples are wanted.", valueName: "n"))
  var samples: Int?

  @Option(
    help: ArgumentHelp(
      "Set which parts of the method take part: "
        + "\(Arm.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "arm"))
  var arm: String?

  @Flag(help: "Ask for strategies again, and merge them with strategies.yaml as it stands.")
  var replan = false

  @Flag(help: "Forget what earlier attempts at this run spent of the recipe's budget.")
  var newBudget = false

  @OptionGroup var batches: BatchOptions

  func validate() throws {
    if let arm, Arm(rawValue: arm) == nil {
      throw ValidationError(
        "'\(arm)' is no arm: \(Arm.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    if replan, let stage = until.flatMap(StageName.init(rawValue:)), stage < .strategies {
      throw ValidationError(
        "'--replan' needs the stage strategies, which '--until \(stage.rawValue)' leaves out")
    }
    if batches.batch, replan {
      throw ValidationError("'--replan' does not go with '--batch'")
    }
    if let until, StageName(rawValue: until) == nil {
      throw ValidationError(
        "'\(until)' is no stage: "
          + StageName.allCases.map(\.rawValue).joined(separator: ", "))
    }
    if let samples, !Recipe.sampleLimits.contains(samples) {
      throw ValidationError("'--samples \(samples)' is outside \(Recipe.sampleLimits)")
    }
  }

  func run() async throws {
    let store = try dataset.store()
    if let samples { try set("samples", to: String(samples), in: store) }
    if let arm { try set("arm", to: arm, in: store) }
    let reporter = RunReporter(asJSON: form.isJSON)
    MissingCalls.warn(store)
    let stage = until.flatMap(StageName.init(rawValue:)) ?? .samples
    batches.warn(store)
    let report: RunReport
    if batches.batch {
      guard
        let ended = try await batches.run(
          store, until: stage, renewsBudget: newBudget, reporter: reporter, asJSON: form.isJSON)
      else { throw ExitCode(ExitStatus.partlyDone.rawValue) }
      report = ended
    } else {
      report = try await Run.execute(
        store, until: stage, replans: replan, renewsBudget: newBudget, reporter: reporter)
    }
    RunSummary(report).print(asJSON: form.isJSON)
    Housekeeping(store).index()
    Housekeeping(store).tidy()
    if report.shortfall != nil { throw ExitCode(ExitStatus.partlyDone.rawValue) }
  }

  static func execute(
    _ store: Store, until stage: StageName, replans: Bool = false, renewsBudget: Bool = false,
    reporter: RunReporter
  ) async throws -> RunReport {
    try await withRun(store, reporter: reporter) { run in
      try await run.run(until: stage, replans: replans, renewsBudget: renewsBudget)
    }
  }

  /// Lends a run with its models; Ctrl-C stops it in an orderly way.
  static func withRun(
    _ store: Store, reporter: RunReporter,
    _ body: @escaping @Sendable (GenerationRun) async throws -> RunReport
  ) async throws -> RunReport {
    defer { reporter.end() }
    return try await TeacherFactory.withFactory { factory in
      reporter.follow(factory.client)
      let run = GenerationRun(store, observer: reporter) { settings in try factory.make(settings) }
      return try await Interruption.stopping { try await body(run) }
    }
  }

  /// Writes a value into the recipe, of which all else stays.
  private func set(_ key: String, to value: String, in store: Store) throws {
    guard let root = store.repository.workingDirectory else { return }
    let file = root.appending(path: Snapshot.recipePath)
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      throw CommandError("cannot read 'recipe.yaml'", status: .noDataset)
    }
    let edited = try Recipe.setting(path: [key], to: value, in: text)
    guard edited != text else { return }
    do {
      try Data(edited.utf8).write(to: file, options: .atomic)
    } catch {
      throw CommandError(
        "cannot write 'recipe.yaml'", hint: "check that you may write to the dataset")
    }
  }
}

/// Tells of a clone that lacks the recorded calls, before their questions are paid for again.
enum MissingCalls {
  static func warn(_ store: Store) {
    guard let head = try? store.head(),
      (try? CallReferences.all(in: store.repository).isEmpty) == true,
      (try? head.liveCount(.metaPrompts)) ?? 0 > 0 || (try? head.liveCount(.proposals)) ?? 0 > 0
    else { return }
    Output.complain(
      "note: the recorded calls of this dataset are not here, so that stale stages ask everything "
        + "again; to fetch them: git fetch origin '\(RemoteCalls.refspec("origin"))'")
  }
}
