import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Simula

struct CachePrune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "prune",
    abstract: "Remove recorded calls that no version names",
    discussion: """
      Looks at all versions of all branches, tags and remotes' branches, with what was rejected in \
      them. What they name stays, and so do the unusable answers that came before one that is named, \
      and those of drafts that got no verdict. \
      All else goes: answers of versions that are no more or that only 'undo' can reach, of \
      calibrations, and reviews that changed nothing; should they be needed again, they are asked again.

      Only this copy's own calls are touched, and nothing at any remote: the calls that stay get a \
      history of a new name. The space is free after 'stemma gc --apply'.

      EXAMPLES
        stemma cache prune --dry-run
        stemma cache prune --older-than 30

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions
  @OptionGroup var options: ApplyOptions

  @Option(
    name: .customLong("older-than"),
    help: ArgumentHelp(
      "Only what was put into git more than so many days ago.", valueName: "days"))
  var days: Int?

  func validate() throws {
    if let days, !(0...100_000).contains(days) {
      throw ValidationError("'--older-than \(days)' is outside of 0...100000")
    }
  }

  func run() async throws {
    let store = try dataset.store()
    let lock = options.onlyShows ? nil : try store.lock(purpose: "stemma cache prune")
    defer { withExtendedLifetime(lock) {} }
    if !options.onlyShows { try await CacheDrop.sealJournal(of: store) }
    let reporter = RunReporter()
    let limit = days.map { Int64(Date().timeIntervalSince1970) - Int64($0) * 86_400 }
    let plan = try CallPrunePlan(store, before: limit) {
      CountProgress.show("files of records read", $0, of: $1, on: reporter)
    }
    reporter.end()
    show(plan)
    guard plan.count > 0 else { return }
    guard try await options.decide("Remove \(Plural.text(plan.count, "call"))?") else {
      if !form.isJSON { Output.line("Nothing was removed.") }
      return
    }
    let report = try await OpenBudget.keep(store) { try CallPrune(plan).run() }
    Housekeeping(store).tidy()
    guard !form.isJSON else { return }
    Output.line("Removed. Until 'stemma gc --apply' the old calls can be had back:")
    for former in report.former {
      Output.line(
        "  git update-ref \(CallReferences.own)\(former.writer) \(former.tip)")
    }
  }

  private func show(_ plan: CallPrunePlan) {
    guard !form.isJSON else {
      return Output.json(
        "cache-prune",
        [
          ("own", JSON(plan.ownCount)), ("pruned", JSON(plan.count)),
          ("bytes", JSON(plan.sizeInBytes)), ("elsewhere", JSON(plan.elsewhereCount)),
          ("applied", .bool(options.yes && plan.count > 0)),
        ])
    }
    guard plan.count > 0 else {
      return Output.line(
        "Nothing to remove: \(days == nil ? "versions name" : "nothing older goes, or versions name") "
          + "all of \(Plural.text(plan.ownCount, "own call")).")
    }
    Output.line(
      "\(plan.count) of \(Plural.text(plan.ownCount, "own call")) are named by no version, "
        + "about \(ByteSize.text(plan.sizeInBytes)).")
    if plan.elsewhereCount > 0 {
      Output.line("\(plan.elsewhereCount) of them are on a remote too, and stay there.")
    }
  }
}
