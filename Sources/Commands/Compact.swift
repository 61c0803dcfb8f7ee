import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Git

struct Compact: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "compact",
    abstract: "Drop dead records from the present version's files, and join small ones",
    discussion: """
      A change adds files and marks what it removes, so that many changes leave many small files \
      with dead records. This makes a new version of fewer files with the same records and the same \
      Dataset-Digest. Older versions keep their files.

      EXAMPLES
        stemma compact --dry-run
        stemma compact
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Flag(name: .customLong("dry-run"), help: "Only say what would be done.")
  var isDryRun = false

  func run() async throws {
    let store = try dataset.store()
    if isDryRun { return try preview(store) }
    guard let report = try Compaction(store).run() else { return nothing() }
    if form.isJSON {
      Output.json(
        "compaction",
        [
          ("version", .string(report.version.commit.id.hex)),
          ("shards-before", JSON(report.shardsBefore)),
          ("shards-after", JSON(report.shardsAfter)), ("dropped", JSON(report.droppedCount)),
        ])
    } else {
      Output.line(
        "\(report.shardsBefore) shards became \(report.shardsAfter); "
          + "\(report.droppedCount) dead records were left out.")
      Output.line("Version: \(report.version.commit.id)")
    }
  }

  private func preview(_ store: Store) throws {
    guard let head = try store.head() else { return nothing() }
    let plan = try CompactionPlan(head)
    guard !plan.isEmpty else { return nothing() }
    if form.isJSON {
      Output.json(
        "compaction-plan",
        [
          ("shards", JSON(plan.shardCount)), ("replaced", JSON(plan.replacedCount)),
          ("dropped", JSON(plan.droppedCount)),
        ])
    } else {
      Output.line(
        "\(plan.replacedCount) of \(plan.shardCount) shards would be written anew, "
          + "without \(plan.droppedCount) dead records.")
    }
  }

  private func nothing() {
    if form.isJSON {
      Output.json("compaction-plan", [("replaced", 0), ("dropped", 0)])
    } else {
      Output.line("Nothing to do: no shard is small or a quarter dead.")
    }
  }
}
