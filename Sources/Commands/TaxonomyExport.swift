import ArgumentParser
import ArtifactStore
import Dataset

extension Outline.Format: ExpressibleByArgument {}

struct TaxonomyExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "export",
    abstract: "Write a factor's tree as YAML, JSON or a Markdown outline",
    discussion: """
      Ids, weights and pins go along, so that 'taxonomy import' reads the same tree back. Without a \
      factor all of them are written, one after the other; YAML separates them by '---', and JSON by \
      lines.

      EXAMPLES
        stemma taxonomy export Setting
        stemma taxonomy export Setting --format markdown > setting.md
        stemma taxonomy export Setting --format json --at v1 | jq .

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions

  @Argument(help: "The factor's name or id.")
  var factor: String?

  @Option(help: "The form: yaml, json or markdown.")
  var format = Outline.Format.yaml

  @Option(
    name: .long,
    help: ArgumentHelp("Take a version; without, the working tree.", valueName: "rev"))
  var at: String?

  func run() async throws {
    let store = try dataset.store()
    let sources: Sources?
    if let at {
      let version = try store.version(at)
      sources = try Sources.decode(readFile: { path in try version.file(path) })
    } else {
      sources = try SourceFolder(store).sources()
    }
    guard let sources else { throw SourceFolder.noSources }
    let taxonomies =
      try factor.map { [try NodeReference(sources).factor($0).taxonomy] } ?? sources.taxonomies
    let texts = try taxonomies.map { try Outline($0).text(format) }
    let separator = format == .yaml ? "---\n" : format == .markdown ? "\n" : ""
    Output.data(Array(texts.joined(separator: separator).utf8))
  }
}
