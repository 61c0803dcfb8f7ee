import ArgumentParser
import ArtifactStore
import Dataset
import Git

struct Pull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "pull",
    abstract: "Fetch versions and recorded calls from a remote, and merge its branch",
    discussion: """
      EXAMPLES
        stemma pull
        stemma pull origin main --ff-only
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "The remote.")
  var remote = "origin"

  @Argument(help: "The remote's branch; that of the same name as the present one if none is given.")
  var branch: String?

  @Flag(name: .customLong("ff-only"), help: "Refuse when both sides have versions of their own.")
  var isFastForwardOnly = false

  @Flag(name: .customLong("no-calls"), help: "Leave the recorded calls there.")
  var withoutCalls = false

  func run() async throws {
    let store = try dataset.store()
    let git = GitCommand(in: store.repository.commandDirectory)
    try RemoteName.check(remote, git)
    guard case .branch(let present, _) = try store.repository.head else {
      throw CommandError(
        "HEAD names no branch to merge into", hint: "go to one with 'stemma checkout NAME'")
    }
    let name = branch ?? String(present.dropFirst(Store.branchPrefix.count))
    try git.run(["fetch", "--quiet", remote])
    if !withoutCalls { try RemoteCalls(store, git, remote: remote).fetch() }
    try store.repository.refresh()
    let source = "refs/remotes/\(remote)/\(name)"
    guard try store.repository.reference(source) != nil else {
      throw CommandError(
        "'\(remote)' has no branch '\(name)'", hint: "name one: stemma pull \(remote) BRANCH")
    }
    let theirs = try store.version(source)
    let head = try store.head()
    let shortName = "\(remote)/\(name)"
    let outcome = try VersionMerge(store, with: theirs, name: shortName)
      .run(fastForwardOnly: isFastForwardOnly)
    try MergeReport(outcome, from: head, with: theirs, name: shortName)
      .write(isJSON: form.isJSON)
    Housekeeping(store).tidy()
  }
}
