import ArgumentParser
import ArtifactStore
import Dataset
import Foundation

struct TaxonomyImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "import",
    abstract: "Take a factor's tree from YAML, JSON or a Markdown outline",
    discussion: """
      Makes a new factor, or replaces the tree of the one that has the outline's name or that --factor \
      names. A node keeps its id where the outline gives it, or where the same path of names is there \
      already. YAML and JSON nest {name, weight, children}; Markdown nests bullets, such as

        # Setting
        - Shop (weight 2)
          - Bakery
        - Farm

      The effect is shown first, as by 'taxonomy edit'.

      EXAMPLES
        stemma taxonomy import setting.md
        stemma taxonomy import tree.json --factor Setting --dry-run
        pbpaste | stemma taxonomy import - --format markdown --yes

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions
  @OptionGroup var options: ApplyOptions

  @Argument(help: ArgumentHelp("The file; - reads standard input.", valueName: "file"))
  var path: String

  @Option(help: ArgumentHelp("The factor to make or to replace.", valueName: "name"))
  var factor: String?

  @Option(help: "The form: yaml, json or markdown; without, as the file's name or content says.")
  var format: Outline.Format?

  @Flag(help: "Drop what strategies say of nodes that are gone.")
  var force = false

  func run() async throws {
    let folder = try SourceFolder(dataset.store())
    let bytes = try Self.read(path)
    let format = format ?? Outline.Format(path: path) ?? Outline.Format(guessing: bytes)
    let outline = try Outline(bytes, format: format, path: path)
    let before = try folder.sources()
    let start = before ?? Sources(taxonomies: [], strategies: [])
    let tree = try OutlineImport(outline, into: start, factor: factor, path: path)
    let settled = try StrategyUse.settle(tree.sources, before: start, isForced: force)
    try await TaxonomyChange(
      folder: folder, before: before,
      outcome: SourceEdit.Outcome(
        sources: settled.sources, dropped: settled.dropped, notes: tree.notes)
    ).apply(options, isJSON: form.isJSON)
  }

  /// The most bytes that are read: what is longer is no outline.
  private static let limit = 16 << 20

  private static func read(_ path: String) throws -> [UInt8] {
    let input = try InputFile(path)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Foundation.read(input.descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw CommandError("cannot read '\(path)'", hint: "check that it is a readable file")
      }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else {
        throw CommandError("'\(path)' has more than \(limit >> 20) MiB")
      }
    }
  }
}
