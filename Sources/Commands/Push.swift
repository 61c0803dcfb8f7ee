import ArgumentParser
import ArtifactStore
import Git

struct Push: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "push",
    abstract: "Send versions and recorded calls to a remote",
    discussion: """
      Calls go first, so that whoever gets the versions can use their answers. Git's own remotes and \
      credentials are used; make a remote with 'git remote add origin URL'. A branch that follows no \
      other yet follows the one that it is sent to, so that 'stemma pull' needs no name.

      EXAMPLES
        stemma push
        stemma push origin --tags
        stemma push backup --no-calls
      """)

  @OptionGroup var dataset: DatasetOptions

  @Argument(help: "The remote.")
  var remote = "origin"

  @Flag(help: "Send tags too.")
  var tags = false

  @Flag(name: .customLong("no-calls"), help: "Keep the recorded calls here.")
  var withoutCalls = false

  func run() async throws {
    let store = try dataset.store()
    let git = GitCommand(in: store.repository.commandDirectory)
    try RemoteName.check(remote, git)
    guard case .branch(let branch, .some) = try store.repository.head else {
      throw CommandError(
        "HEAD names no branch with a version", hint: "go to one with 'stemma checkout NAME'")
    }
    if !withoutCalls {
      let calls = RemoteCalls(store, git, remote: remote)
      try calls.configure()
      let count = try calls.push()
      if count > 0 { Output.line("Sent \(Plural.text(count, "commit")) of calls.") }
    }
    let name = String(branch.dropFirst(Store.branchPrefix.count))
    // A copy elsewhere must not become what the branch is compared with and pulled from.
    let follows = try store.repository.configuration("branch.\(name).merge") != nil
    do {
      try git.run(
        ["push"] + (follows ? [] : ["--set-upstream"]) + (tags ? ["--tags"] : [])
          + [remote, branch])
    } catch {
      throw CommandError(
        "git push failed",
        hint: "git says above why; where the remote has newer versions, 'stemma pull' first")
    }
    Output.line("Sent branch '\(name)' to '\(remote)'.")
  }
}

/// Remotes are named, never taken for options or addresses.
enum RemoteName {
  static func check(_ name: String, _ git: GitCommand) throws {
    let known = try git.lines(["remote"])
    guard !known.contains(name) else { return }
    throw CommandError(
      "there is no remote '\(name)'",
      hint: known.isEmpty
        ? "make one with 'git remote add \(name) URL'"
        : "there are: \(known.joined(separator: ", "))",
      status: .usage)
  }
}
