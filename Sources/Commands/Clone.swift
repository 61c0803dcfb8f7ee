import ArgumentParser
import ArtifactStore
import Foundation
import Git

struct Clone: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "clone",
    abstract: "Copy a dataset from a remote, with its recorded calls",
    discussion: """
      A run in the copy asks no model for what was answered before. Git's own credentials are used.

      EXAMPLES
        stemma clone git@example.org:team/sums.git
        stemma clone https://example.org/team/sums.git sums --no-calls
      """)

  @Argument(help: "The address, as for 'git clone'.")
  var address: String

  @Argument(help: "The folder to make; named after the address if none is given.")
  var directory: String?

  @Flag(name: .customLong("no-calls"), help: "Leave the recorded calls there.")
  var withoutCalls = false

  func run() async throws {
    let directory = try directory ?? Self.name(of: address)
    let here = GitCommand(in: URL(filePath: FileManager.default.currentDirectoryPath))
    try here.run([
      "clone", "--no-checkout", "--origin", "origin", "--", address, directory,
    ])
    let url = URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL
    let store = try Store(at: url)
    let git = GitCommand(in: url)
    try store.repository.hideFromWorkingTree(folders: WorkingTree.hiddenFolders)
    try store.repository.applyDatasetConfiguration()
    try HookInstallation.setUp(store.repository)
    guard let branch = try branch(of: store) else {
      Output.line("The remote has no version yet.")
      return
    }
    try git.run(["checkout", "--quiet", "-B", branch, "--track", "origin/\(branch)"])
    let calls = RemoteCalls(store, git, remote: "origin")
    if !withoutCalls {
      try calls.configure()
      try calls.fetch()
    }
    let version = try store.version("HEAD")
    Output.line(
      "Cloned into '\(directory)', version \(Output.shortID(version.commit.id.hex)): \(version.title)"
    )
  }

  /// The branch to begin at: the remote's own choice, else one that there is.
  private func branch(of store: Store) throws -> String? {
    if case .branch(let name, .some) = try store.repository.head {
      return String(name.dropFirst(Store.branchPrefix.count))
    }
    let prefix = "refs/remotes/origin/"
    let names = try store.repository.references(under: prefix)
      .map { String($0.name.dropFirst(prefix.count)) }.filter { $0 != "HEAD" }
    return names.contains("main") ? "main" : names.first
  }

  /// The last part of an address, as git names a clone.
  static func name(of address: String) throws -> String {
    var name = address[...]
    while name.hasSuffix("/") { name = name.dropLast() }
    if name.hasSuffix("/.git") { name = name.dropLast(5) }
    if name.hasSuffix(".git") { name = name.dropLast(4) }
    name = name.split(whereSeparator: { $0 == "/" || $0 == ":" }).last ?? ""
    guard !name.isEmpty, name != ".", name != ".." else {
      throw CommandError(
        "'\(address)' names no folder", hint: "name one: stemma clone ADDRESS FOLDER",
        status: .usage)
    }
    return String(name)
  }
}
