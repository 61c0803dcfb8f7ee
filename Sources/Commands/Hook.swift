import ArgumentParser
import ArtifactStore
import Git
import Simula

struct Hook: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hook",
    abstract: "Do the work of a git hook; its script calls this",
    discussion: """
      HOOKS
        pre-commit  refuses a commit whose recipe, prompt templates, sources or recalls cannot be read
      """)

  @OptionGroup var dataset: DatasetOptions

  @Argument(help: "The hook's name.")
  var name: String

  func validate() throws {
    guard name == "pre-commit" else { throw ValidationError("'\(name)' is no hook") }
  }

  func run() async throws {
    let repository = try Repository.openFromEnvironment()
    var staged: [String: ObjectID] = [:]
    for entry in try repository.indexEntries() { staged[entry.path] = entry.content.id }
    // What is staged counts, not what lies in the working tree.
    _ = try Snapshot { path in
      try staged[path].map {
        try repository.read($0, as: .blob, maximumSizeInBytes: Shard.maximumLineSizeInBytes)
      }
    }
  }
}
