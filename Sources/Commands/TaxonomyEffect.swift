import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula

struct TaxonomyEffect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "effect",
    abstract: "Show what edits of the sources do to the samples",
    discussion: """
      Compares the text in the working tree with that of a version: how many slots draw another mix, how \
      many samples become stale, which strategies are touched, and how many answers a run would need. \
      Nothing is asked and nothing is written.

      EXAMPLES
        stemma taxonomy effect
        stemma taxonomy effect --against HEAD~3
        stemma taxonomy effect --json | jq .moved

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Option(help: ArgumentHelp("The version to compare with.", valueName: "rev"))
  var against = "HEAD"

  func run() async throws {
    let folder = try SourceFolder(dataset.store())
    let after = try folder.requireSources()
    let version = try folder.store.version(against)
    let before = try Sources.decode(readFile: { path in try version.file(path) })
    let recipe = try folder.recipe()
    let effect = try SourceEffect(
      from: before, to: after, recipe: recipe,
      use: try SlotUse(version, instances: recipe.metaPrompts.instances))
    let text = EffectText(effect: effect)
    if form.isJSON {
      Output.json(
        "effect", [("against", .string(version.commit.id.hex))] + text.members)
      return
    }
    Output.line("Compared with version \(Output.shortID(version.commit.id.hex)):")
    text.print()
  }
}
