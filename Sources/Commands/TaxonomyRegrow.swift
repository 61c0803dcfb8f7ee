import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula
import Teachers

struct TaxonomyRegrow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "regrow",
    abstract: "Ask models again for what is below a node, and commit a version",
    discussion: """
      Asks for other answers than before, down to the recipe's depth. Pinned nodes, nodes that a person \
      made or changed, and nodes that strategies name stay; children of the same name keep their ids; \
      the rest of the branch is replaced. Answers are kept when it is stopped, and the same command goes \
      on with them. The effect on the samples is shown before anything is written; samples change with \
      the next run.

      EXAMPLES
        stemma taxonomy regrow 'Setting > Shop' --dry-run      says how many answers it needs
        stemma taxonomy regrow 'Setting > Shop'
        stemma taxonomy regrow Setting --yes

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions
  @OptionGroup var options: ApplyOptions

  @Argument(help: ArgumentHelp("An id, a path or a name.", valueName: "node"))
  var node: String

  func run() async throws {
    let folder = try SourceFolder(dataset.store())
    let found = try NodeReference(try folder.requireSources()).find(node)
    let plan = try RegrowthPlan(
      of: found.node.id, in: found.taxonomy, knobs: try folder.recipe().taxonomy,
      records: try GrowthRecords(try folder.store.head()))
    if options.dryRun { return printPlan(plan, found) }
    if !form.isJSON || options.cannotAsk {
      Output.complain("Regrowing '\(found.path)': \(Self.words(plan)).")
    }
    // Growing costs answers, so that what nobody can agree to is not begun.
    if options.cannotAsk { throw ApplyOptions.nobodyToAsk }
    MissingCalls.warn(folder.store)
    let reporter = RunReporter()
    let report = try await Run.withRun(folder.store, reporter: reporter) {
      [options, form] run in
      try await run.regrow(found.node.id) { result in
        reporter.end()
        return try await Self.agree(result, in: folder, options, isJSON: form.isJSON)
      }
    }
    if form.isJSON {
      Output.json(
        "regrowth",
        [
          ("node", .string(found.node.id.text)), ("number", JSON(plan.number)),
          ("asked", JSON(report.counts.asked)), ("cached", JSON(report.counts.cached)),
          ("notices", .array(report.notices.map { .string($0) })),
          ("version", report.versions.last.map { .string($0.hex) } ?? .null),
        ])
    } else {
      printText(report)
    }
    Housekeeping(folder.store).tidy()
  }

  private static func words(_ plan: RegrowthPlan) -> String {
    "this needs \(plan.least) to \(plan.most) answers, fewer where some are recorded"
  }

  private func printPlan(_ plan: RegrowthPlan, _ found: NodeReference.Found) {
    guard form.isJSON else {
      Output.line("Regrowing '\(found.path)' for the \(Self.ordinal(plan.number)) time:")
      Output.line("\(Self.words(plan)). Nothing was asked.")
      return
    }
    Output.json(
      "regrowth",
      [
        ("node", .string(found.node.id.text)), ("number", JSON(plan.number)),
        ("least-calls", JSON(plan.least)), ("most-calls", JSON(plan.most)),
      ])
  }

  private static func ordinal(_ number: Int) -> String {
    switch number {
    case 1: "first"
    case 2: "second"
    case 3: "third"
    default: "\(number)th"
    }
  }

  /// Shows what grew and its effect, and asks.
  private static func agree(
    _ result: RegrowthResult, in folder: SourceFolder, _ options: ApplyOptions, isJSON: Bool
  ) async throws -> Bool {
    let text = try folder.effect(
      from: result.before, to: result.after, namesSamples: isJSON)
    if isJSON {
      text.printJSON([
        ("added", .array(result.added.map { .string($0.id.text) })),
        ("removed", .array(result.removed.map { .string($0.id.text) })),
      ])
    } else {
      for node in result.added.prefix(20) { Output.line("+ \(path(node, result.after))") }
      if result.added.count > 20 { Output.line("+ and \(result.added.count - 20) more") }
      for node in result.removed.prefix(20) { Output.line("- \(path(node, result.before))") }
      if result.removed.count > 20 { Output.line("- and \(result.removed.count - 20) more") }
      text.print()
    }
    return try await options.decide("Commit this?")
  }

  private static func path(_ node: Taxonomy.Node, _ sources: Sources) -> String {
    let path = sources.taxonomy(holding: node.id)?.path(to: node.id).map(\.name) ?? []
    return "\(path.joined(separator: " > "))  \(node.id)"
  }

  private func printText(_ report: RunReport) {
    let counts = report.counts
    Output.line(
      "Calls: \(counts.asked + counts.cached), of which \(counts.asked) asked and \(counts.cached) "
        + "reused from the cache.")
    guard let version = report.versions.last else {
      Output.line("Nothing was changed; the answers are kept.")
      return
    }
    Output.line("Version: \(version)")
    Output.line("'stemma run' brings the samples up to date.")
  }
}
