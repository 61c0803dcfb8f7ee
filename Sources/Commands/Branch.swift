import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Git

struct Branch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "branch",
    abstract: "List, make or remove branches",
    discussion: """
      EXAMPLES
        stemma branch
        stemma branch experiment HEAD~1
        stemma branch --delete experiment
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "The branch to make or remove; without one, all are listed.")
  var name: String?

  @Argument(help: "Its first version.")
  var revision = "HEAD"

  @Flag(name: .shortAndLong, help: "Remove the branch.")
  var delete = false

  @Flag(help: "Remove it also when no other branch or tag has its versions.")
  var force = false

  func validate() throws {
    if delete, name == nil { throw ValidationError("'--delete' needs a branch") }
  }

  func run() async throws {
    let store = try dataset.store()
    guard let name else { return try list(store) }
    let reference = Store.branchPrefix + name
    if delete {
      let id = try store.removeReference(reference, isForced: force)
      Output.line("Removed branch '\(name)', which was at \(Output.shortID(id.hex)).")
    } else {
      let version = try store.version(revision)
      try store.makeReference(reference, at: version, title: "branch from \(revision)")
      Output.line("Made branch '\(name)' at \(Output.shortID(version.commit.id.hex)).")
      Output.line("Go there with: stemma checkout \(name)")
    }
  }

  private func list(_ store: Store) throws {
    let head = try store.repository.head
    for (name, version) in try store.names(under: Store.branchPrefix) {
      var isPresent = false
      if case .branch(let branch, _) = head { isPresent = branch == Store.branchPrefix + name }
      if form.isJSON {
        Output.json(
          "branch",
          [
            ("name", .string(name)), ("version", .string(version.commit.id.hex)),
            ("present", .bool(isPresent)),
          ])
      } else {
        Output.line("\(isPresent ? "*" : " ") " + VersionLine.text(name, version))
      }
    }
    if case .detached(let id) = head, !form.isJSON {
      Output.line("* (no branch) at \(Output.shortID(id.hex))")
    }
  }
}

/// A named version on one line.
enum VersionLine {
  static func text(_ name: String, _ version: Version) -> String {
    let padded = name.padding(toLength: max(20, name.count), withPad: " ", startingAt: 0)
    return "\(padded)  \(Output.shortID(version.commit.id.hex))  \(version.title)"
  }
}
