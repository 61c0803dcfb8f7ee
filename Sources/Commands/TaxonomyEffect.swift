import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula

struct TaxonomyEffect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "effect",
    abstract: "Show what edits of the sources do to the samples",
    discussion: """
      Compares the text in the working tree with that of a version: how many slots draw another mix, how \
      many samples become stale, which strategies are touched, and how many answers and tokens a run \
      would need. Also what the run grows, and which stages are stale for another reason. With --json \
      each stale slot is an object of its own. Nothing is asked and nothing is written.

      EXAMPLES
        stemma taxonomy effect
        stemma taxonomy effect --list
        stemma taxonomy effect --against HEAD~3
        stemma taxonomy effect --json | jq 'select(.type == "stale-slot").sample'

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Option(help: ArgumentHelp("The version to compare with.", valueName: "rev"))
  var against = "HEAD"

  @Flag(help: "List the stale slots, each with its sample and why: moved, reworded or other-knobs.")
  var list = false

  func run() async throws {
    let folder = try SourceFolder(dataset.store())
    let after = try folder.requireSources()
    let version = try folder.store.version(against)
    let before = try Sources.decode(readFile: { path in try version.file(path) })
    let text = try folder.effect(
      from: before, to: after, against: version, namesSamples: list || form.isJSON)
    if form.isJSON {
      return text.printJSON([("against", .string(version.commit.id.hex))])
    }
    Output.line("Compared with version \(Output.shortID(version.commit.id.hex)):")
    text.print()
    if list { text.printSlotList() }
  }
}
