import Foundation
import Git
import Hooks

/// Puts Stemma's hooks beside those that a repository has.
struct HookInstallation {
  /// What became of one hook.
  struct Step {
    let hook: DatasetHook
    let outcome: HookFolder.Outcome

    var text: String {
      switch outcome {
      case .installed: "installed"
      case .upgraded: "replaced by the one of this release"
      case .unchanged: "there already"
      case .chained(let former):
        "installed; the hook that was there is '\(former)', and called first"
      case .left(let reason): "left as it is: \(reason)"
      case .removed: "removed"
      case .restored: "removed; the hook that was there before is back"
      case .absent: "not there"
      }
    }

    /// A word for programs.
    var word: String {
      switch outcome {
      case .installed: "installed"
      case .upgraded: "upgraded"
      case .unchanged: "unchanged"
      case .chained: "chained"
      case .left: "left"
      case .removed: "removed"
      case .restored: "restored"
      case .absent: "absent"
      }
    }

    var isLeft: Bool {
      if case .left = outcome { return true }
      return false
    }
  }

  let repository: Repository

  /// Where git looks for hooks, and why Stemma does not write there, if so.
  func folder() throws -> (folder: HookFolder, reason: String?) {
    if let path = try repository.configuration("core.hooksPath"), !path.isEmpty {
      let expanded = (path as NSString).expandingTildeInPath
      let root = repository.workingDirectory ?? repository.gitDirectory
      let url = URL(filePath: expanded, directoryHint: .isDirectory, relativeTo: root)
      return (HookFolder(url.absoluteURL), "'core.hooksPath' is '\(path)'")
    }
    let folder = HookFolder(
      repository.commonDirectory.appending(path: "hooks", directoryHint: .isDirectory))
    return (folder, folder.isLink ? "the folder of hooks is a link" : nil)
  }

  /// Installs hooks, each as far as that takes nothing away from anybody.
  func install(_ hooks: [DatasetHook], isForced: Bool = false) throws -> [Step] {
    let (folder, reason) = try folder()
    return try hooks.map { hook in
      // Such a folder may be tracked, or serve other repositories.
      if let reason, !isForced || folder.isLink {
        let isThere = folder.state(of: hook) == .installed
        return Step(hook: hook, outcome: isThere ? .unchanged : .left(reason: reason))
      }
      return Step(
        hook: hook, outcome: try converting { try folder.install(hook, isForced: isForced) })
    }
  }

  func uninstall(_ hooks: [DatasetHook]) throws -> [Step] {
    let (folder, _) = try folder()
    return try hooks.map { hook in
      Step(hook: hook, outcome: try converting { try folder.uninstall(hook) })
    }
  }

  private func converting<Value>(_ work: () throws -> Value) throws -> Value {
    do {
      return try work()
    } catch let error as HookFolder.Failure {
      throw CommandError(error.message, hint: "check the permissions of the folder of hooks")
    }
  }

  /// Sets up a new or cloned dataset; hooks that stay as they are get a line on standard error.
  static func setUp(_ repository: Repository) throws {
    try GitDrivers.configure(repository)
    let left = try HookInstallation(repository: repository).install(DatasetHook.client)
      .filter(\.isLeft)
    guard let first = left.first else { return }
    let names = left.map { "'\($0.hook.name)'" }.joined(separator: ", ")
    Output.complain("note: \(left.count == 1 ? "hook" : "hooks") \(names) \(first.text)")
    Output.complain(
      "hint: call Stemma from there: stemma hook \(first.hook.name) \"$@\"; 'stemma hook list' says more"
    )
  }
}
