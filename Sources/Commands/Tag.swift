import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Git

struct Tag: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "tag",
    abstract: "List, make or remove names of versions",
    discussion: """
      EXAMPLES
        stemma tag
        stemma tag v1
        stemma tag v1.1 HEAD~1 -m "The data of the second training run"
        stemma tag --delete v1
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "The tag to make or remove; without one, all are listed.")
  var name: String?

  @Argument(help: "The version to name.")
  var revision = "HEAD"

  @Option(name: .shortAndLong, help: "What to say about the version.")
  var message: String?

  @Flag(name: .shortAndLong, help: "Remove the tag.")
  var delete = false

  func validate() throws {
    if delete, name == nil { throw ValidationError("'--delete' needs a tag") }
  }

  func run() async throws {
    let store = try dataset.store()
    guard let name else { return try list(store) }
    if delete {
      let id = try store.removeReference(Store.tagPrefix + name, isForced: true)
      Output.line("Removed tag '\(name)', which was at \(Output.shortID(id.hex)).")
      return
    }
    let version = try store.version(revision)
    if let message {
      try store.makeTag(name, at: version, message: message)
    } else {
      try store.makeReference(Store.tagPrefix + name, at: version, title: "tag")
    }
    Output.line("Tagged \(Output.shortID(version.commit.id.hex)) as '\(name)'.")
  }

  private func list(_ store: Store) throws {
    for (name, version) in try store.names(under: Store.tagPrefix) {
      if form.isJSON {
        Output.json(
          "tag", [("name", .string(name)), ("version", .string(version.commit.id.hex))])
      } else {
        Output.line(VersionLine.text(name, version))
      }
    }
  }
}
