import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Git
import Hooks

struct HookInstall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "install",
    abstract: "Install Stemma's hooks in a repository",
    discussion: """
      A hook that is there already becomes NAME.before-stemma and is called first. Where 'core.hooksPath' \
      names a folder, or the folder of hooks is a link, nothing is written without --force: call \
      'stemma hook NAME "$@"' from your own hooks. Hooks of other releases of Stemma are replaced.

      Without --server, git also learns to show artifacts as text and to merge sources by nodes. That needs \
      lines in .gitattributes, which datasets of earlier releases lack; what to add is then said.

      EXAMPLES
        stemma hook install
        stemma hook install -C /srv/sums.git --server

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Flag(help: "Install what a server needs that others push to.")
  var server = false

  @Flag(help: "Write also into the folder of 'core.hooksPath', and set further hooks aside.")
  var force = false

  func run() async throws {
    let repository = try dataset.store().repository
    guard server || repository.workingDirectory != nil else {
      throw CommandError(
        "'\(dataset.directory)' is a bare repository, in which nobody commits",
        hint: "where others push to it: stemma hook install --server", status: .usage)
    }
    if !server { try GitDrivers.configure(repository) }
    let steps = try HookInstallation(repository: repository)
      .install(server ? DatasetHook.server : DatasetHook.client, isForced: force)
    HookSteps.write(steps, isJSON: form.isJSON)
    if !server, let root = repository.workingDirectory { try proposeAttributes(root) }
    guard let left = steps.first(where: \.isLeft) else { return }
    throw CommandError(
      "\(Plural.text(steps.count(where: \.isLeft), "hook")) left as they were",
      hint: "call Stemma from your own: stemma hook \(left.hook.name) \"$@\"; or see --force",
      status: .partlyDone)
  }

  private func proposeAttributes(_ root: URL) throws {
    let bytes = try DatasetFiles(root: root).read(".gitattributes") ?? []
    let missing = DatasetAttributes.missing(in: String(decoding: bytes, as: UTF8.self))
    guard !missing.isEmpty else { return }
    Output.complain("note: for readable differences and merges by node, add to .gitattributes:")
    for line in missing { Output.complain("  \(line)") }
  }
}

struct HookUninstall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "uninstall",
    abstract: "Remove Stemma's hooks, and put back what was there before",
    discussion: """
      Hooks that are not Stemma's stay. Git also forgets how to show artifacts and to merge sources.

      EXAMPLES
        stemma hook uninstall

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  func run() async throws {
    let repository = try dataset.store().repository
    try GitDrivers.remove(from: repository)
    let steps = try HookInstallation(repository: repository).uninstall(DatasetHook.all)
    HookSteps.write(steps, isJSON: form.isJSON)
  }
}

struct HookList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "list",
    abstract: "Say which hooks are installed",
    discussion: """
      EXAMPLES
        stemma hook list
        stemma hook list --json

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  func run() async throws {
    let repository = try dataset.store().repository
    let (folder, reason) = try HookInstallation(repository: repository).folder()
    for hook in DatasetHook.all {
      let state = folder.state(of: hook)
      let hasFormer = folder.hasFormer(hook)
      if form.isJSON {
        Output.json(
          "hook",
          [
            ("name", .string(hook.name)), ("state", .string(state.rawValue)),
            ("calls-first", hasFormer ? .string(hook.formerName) : .null),
            ("server", .bool(DatasetHook.server.contains(hook))),
          ])
        continue
      }
      let name = hook.name.padding(toLength: 15, withPad: " ", startingAt: 0)
      let former = hasFormer && state != .foreign ? ", calls '\(hook.formerName)' first" : ""
      let place = DatasetHook.server.contains(hook) ? " (for servers)" : ""
      Output.line("\(name)\(text(of: state))\(former)\(place)")
    }
    if let reason, !form.isJSON { Output.line("Hooks are elsewhere: \(reason).") }
  }

  private func text(of state: HookFolder.State) -> String {
    switch state {
    case .absent: "not installed"
    case .installed: "installed"
    case .outdated: "of another release: 'stemma hook install' replaces it"
    case .foreign: "somebody else's"
    case .unusable: "no file"
    }
  }
}

/// What is said of hooks that were installed or removed.
enum HookSteps {
  static func write(_ steps: [HookInstallation.Step], isJSON: Bool) {
    for step in steps {
      if isJSON {
        Output.json(
          "hook", [("name", .string(step.hook.name)), ("outcome", .string(step.word))])
      } else if step.outcome != .absent {
        let name = step.hook.name.padding(toLength: 15, withPad: " ", startingAt: 0)
        Output.line("\(name)\(step.text)")
      }
    }
  }
}
