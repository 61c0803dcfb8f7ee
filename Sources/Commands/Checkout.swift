import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Git

struct Checkout: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "checkout",
    abstract: "Go to a branch or to an older version",
    discussion: """
      Files with changes that are in no version are never overwritten. At a version that is no \
      branch everything can be looked at; to go on from there, make a branch.

      EXAMPLES
        stemma checkout experiment
        stemma checkout -b experiment HEAD~1
        stemma checkout v1
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Option(name: .customShort("b"), help: ArgumentHelp("Make this branch.", valueName: "branch"))
  var newBranch: String?

  @Argument(help: "A branch, or a version by any name that git understands.")
  var revision: String?

  func validate() throws {
    if newBranch == nil, revision == nil { throw ValidationError("name a branch or a version") }
  }

  func run() async throws {
    let store = try dataset.store()
    let (destination, start) = try destination(in: store)
    let version = try store.checkout(destination, startingAt: start)
    let name: String
    switch destination {
    case .branch(let branch): name = String(branch.dropFirst(Store.branchPrefix.count))
    case .detached: name = ""
    }
    if form.isJSON {
      Output.json(
        "checkout",
        [
          ("version", .string(version.commit.id.hex)),
          ("branch", name.isEmpty ? .null : .string(name)),
        ])
      return
    }
    Output.line(
      (name.isEmpty ? "At version " : "On branch '\(name)' at ")
        + "\(Output.shortID(version.commit.id.hex)): \(version.title)")
    if name.isEmpty { Output.line("To make versions from here: stemma checkout -b NAME") }
  }

  private func destination(in store: Store) throws -> (Store.Destination, Version?) {
    if let newBranch {
      guard try store.repository.reference(Store.branchPrefix + newBranch) == nil else {
        throw CommandError(
          "branch '\(newBranch)' exists already",
          hint: "go there with 'stemma checkout \(newBranch)', or choose another name")
      }
      return (.branch(Store.branchPrefix + newBranch), try store.version(revision ?? "HEAD"))
    }
    let name = revision ?? "HEAD"
    let branch = Store.branchPrefix + name
    if Repository.isValidName(name, under: Store.branchPrefix),
      try store.repository.reference(branch) != nil
    {
      return (.branch(branch), nil)
    }
    // A branch that is only at a remote becomes one here, as with git.
    let remote = try store.repository.references(under: "refs/remotes/")
      .filter { $0.name.split(separator: "/").dropFirst(3).joined(separator: "/") == name }
    if remote.count == 1, (try? store.version(name)) == nil {
      let parts = remote[0].name.split(separator: "/")
      try store.repository.setConfiguration("branch.\(name).remote", String(parts[2]))
      try store.repository.setConfiguration("branch.\(name).merge", branch)
      return (.branch(branch), try store.version(remote[0].name))
    }
    return (.detached(try store.version(name).commit.id), nil)
  }
}
