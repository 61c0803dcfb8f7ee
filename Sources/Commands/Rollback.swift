import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Git

struct Rollback: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "rollback",
    abstract: "Make a new version with the content of an old one",
    discussion: """
      Nothing is lost: the versions in between stay in the history, and recorded answers stay in the \
      cache.

      EXAMPLES
        stemma rollback HEAD~1
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "The version to return to.")
  var revision: String

  func run() async throws {
    let store = try dataset.store()
    let old = try store.version(revision)
    // A rollback to a rollback is one to what that returned to.
    let name = old.title.replacing(/^(Roll back to [0-9a-f]{12}: )+/, with: "")
    let title = "Roll back to \(old.commit.id.hex.prefix(12)): \(name)"
    let version = try store.rollback(to: old, title: title)
    if form.isJSON {
      Output.json(
        "rollback",
        [
          ("version", .string(version.commit.id.hex)), ("content", .string(old.commit.id.hex)),
        ])
    } else {
      Output.line("Rolled back to \(Output.shortID(old.commit.id.hex)) (\(old.title)).")
      Output.line("Version: \(version.commit.id)")
    }
  }
}
