import ArgumentParser
import ArtifactStore
import Dataset

struct Diff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "diff",
    abstract:
      "Compare two versions: recipe, taxonomies, strategies, records, and why samples changed",
    discussion: """
      A slot whose sample was replaced counts as one that is removed and one that is added; imported \
      records are paired by their key. Why it was replaced is the first thing in its descent that \
      differs: its mix, the scenario, the answer, or what critics or the search for duplicates decided. \
      A flip is a draft on which the two versions decide differently.

      EXAMPLES
        stemma diff HEAD~1
        stemma diff v1 v2 --stat
        stemma diff v1 v2 --shifts      coverage and acceptance before and after
        stemma diff v1 v2 --json | jq 'select(.type == "replaced")'
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Flag(name: .customLong("stat"), help: "Print only how many records of each kind differ.")
  var isShort = false

  @Flag(
    help: """
      Also print how the coverage of taxonomies and the acceptance by critics differ. This reads all \
      records of both versions.
      """)
  var shifts = false

  @Argument(help: "The older version.")
  var old = "HEAD~1"

  @Argument(help: "The newer version.")
  var new = "HEAD"

  func run() async throws {
    let store = try dataset.store()
    let diff = try VersionDiff(from: try store.version(old), to: try store.version(new))
    if form.isJSON {
      try DiffJSON(diff: diff, isShort: isShort).print()
    } else {
      try DiffText(diff: diff, isShort: isShort).print()
    }
    guard shifts else { return }
    let shifts = try diff.shifts()
    if form.isJSON {
      DiffJSON.print(shifts)
    } else {
      ShiftsText(shifts: shifts).print()
    }
  }
}
