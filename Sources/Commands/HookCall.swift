import ArgumentParser
import ArtifactStore
import Dataset
import Foundation
import Git
import Simula

/// What the scripts of hooks and git's settings call.
struct HookCall: AsyncParsableCommand {
  enum Name: String, CaseIterable {
    case preCommit = "pre-commit"
    case commitMessage = "commit-msg"
    case prePush = "pre-push"
    case postCheckout = "post-checkout"
    case postMerge = "post-merge"
    case preReceive = "pre-receive"
    case textconv, merge
  }

  static let configuration = CommandConfiguration(
    command: "call", abstract: "Do the work of a hook", shouldDisplay: false)

  @Argument(help: "The hook's name.")
  var name: String

  @Argument(parsing: .captureForPassthrough, help: "What git gives the hook.")
  var arguments: [String] = []

  /// What git tells a hook through standard input at most.
  private static let maximumInputSizeInBytes = 64 << 20

  func run() async throws {
    // libgit2 opens no repository where this is set, and hooks look at no file of it.
    unsetenv("GIT_WORK_TREE")
    guard let hook = Name(rawValue: name) else {
      throw CommandError(
        "'\(name)' is no hook",
        hint: "there are: \(Name.allCases.map(\.rawValue).joined(separator: ", "))", status: .usage)
    }
    switch hook {
    case .preCommit: try checkStaged()
    case .commitMessage: try checkMessage()
    case .prePush: try SentPush(remote: try argument(0)).check(try input())
    case .postCheckout, .postMerge: follow()
    case .preReceive: try ReceivedPush().check(try input())
    case .textconv: try showText()
    case .merge: try mergeTexts()
    }
  }

  private func argument(_ place: Int) throws -> String {
    guard arguments.indices.contains(place) else {
      throw CommandError(
        "'stemma hook \(name)' is called by git, with more arguments",
        hint: "see 'stemma hook --help'", status: .usage)
    }
    return arguments[place]
  }

  private func input() throws -> [Substring] {
    var bytes: [UInt8] = []
    while let data = try FileHandle.standardInput.read(upToCount: 1 << 16), !data.isEmpty {
      bytes += data
      guard bytes.count <= Self.maximumInputSizeInBytes else {
        throw CommandError("git tells of more references than can be checked")
      }
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  private func checkStaged() throws {
    let store = try Store(Repository.openFromEnvironment())
    let environment = ProcessInfo.processInfo.environment
    let check = try StagedCheck(store) { environment[$0] }
    try Complaint(check.report).end("commit refused")
  }

  private func checkMessage() throws {
    let file = URL(filePath: try argument(0))
    let repository = try Repository.openFromEnvironment()
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    let check = MessageCheck(text) { run in
      let runs = (try? repository.indexEntries()) ?? []
      return runs.contains { RunRecord.isRecord($0.path, of: run) }
    }
    guard let fault = check.faults.first else { return }
    throw CommandError(
      "commit refused: \(check.faults.joined(separator: "; "))",
      hint:
        "trailers are memos of a run: remove the lines from 'Run-Id' to the last 'Stage', or the one "
        + "about \(fault.prefix { $0 != ":" })")
  }

  /// Never in the way of git.
  private func follow() {
    guard let repository = try? Repository.openFromEnvironment(),
      let store = try? Store(repository)
    else { return }
    try? WorkingTree(store).followGit()
  }

  private func showText() throws {
    let path = try argument(0)
    let data = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
    data.withUnsafeBytes { bytes in
      ArtifactText.write(bytes) { text in
        Output.raw(Array(Output.safe(text).utf8))
      }
    }
  }

  /// Git's interface of merge drivers: the files of base, ours and theirs, the marker size, the path.
  private func mergeTexts() throws {
    let files = try (0..<3).map { URL(filePath: try argument($0)) }
    let texts = try files.map { Array(try Data(contentsOf: $0)) }
    let merge = try SourceTextMerge.merge(
      try argument(4), base: texts[0].isEmpty ? nil : texts[0], ours: texts[1], theirs: texts[2],
      names: ("ours", "theirs"), markerSize: Int(try argument(3)) ?? 7)
    try Data(merge.bytes).write(to: files[1])
    guard !merge.hasConflicts else { throw ExitCode(1) }
  }
}

/// Tells what a check found.
struct Complaint {
  private let report: CheckReport

  init(_ report: CheckReport) { self.report = report }

  /// Ends the process as failed when there is anything.
  func end(_ outcome: String) throws {
    guard !report.isClean else { return }
    for group in report.groups {
      for problem in group.problems {
        let text = "\(problem.place): \(problem.message)"
        // A name must not look like a line of ours.
        Output.complain("stemma: \(text.replacing("\n", with: "\\n"))")
      }
      let rest = group.count - group.problems.count
      if rest > 0 { Output.complain("stemma: and \(rest) more like these") }
      if let hint = group.hint { Output.complain("hint: \(hint)") }
    }
    throw CommandError(outcome)
  }
}
