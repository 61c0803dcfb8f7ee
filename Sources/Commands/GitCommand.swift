import Foundation

/// Git's own program, for what goes over networks and for its housekeeping.
///
/// It uses the remotes, credentials and terminal of whoever runs Stemma.
struct GitCommand {
  /// What names a repository in git's environment, as `git rev-parse --local-env-vars` lists it;
  /// settings of the configuration are left.
  private static let localVariables: Set = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
  ]

  private let folder: URL

  /// Runs git in a folder.
  init(in folder: URL) { self.folder = folder }

  /// Runs git with its output where Stemma's messages go, or nowhere.
  ///
  /// - Throws: ``CommandError`` when git is missing or fails; git has said why.
  func run(_ arguments: [String], isQuiet: Bool = false, input: URL? = nil) throws {
    let process = try launch(
      arguments, output: isQuiet ? FileHandle.nullDevice : FileHandle.standardError,
      isQuiet: isQuiet, input: input)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw failure(arguments, process.terminationStatus)
    }
  }

  /// Runs git and returns what it prints.
  func lines(_ arguments: [String], input: URL? = nil) throws -> [String] {
    let pipe = Pipe()
    let process = try launch(arguments, output: pipe, isQuiet: input != nil, input: input)
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw failure(arguments, process.terminationStatus)
    }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func launch(
    _ arguments: [String], output: Any, isQuiet: Bool = false, input: URL? = nil
  ) throws -> Process {
    Output.flush()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    process.currentDirectoryURL = folder
    // A hook's or another repository's must not send git elsewhere than the dataset.
    process.environment = ProcessInfo.processInfo.environment.filter {
      !Self.localVariables.contains($0.key)
    }
    process.standardOutput = output
    if let input { process.standardInput = try FileHandle(forReadingFrom: input) }
    if isQuiet { process.standardError = FileHandle.nullDevice }
    do {
      try process.run()
    } catch {
      throw CommandError(
        "cannot run git: \(error.localizedDescription)", hint: "install git, 2.37 or newer")
    }
    return process
  }

  private func failure(_ arguments: [String], _ status: Int32) -> CommandError {
    let settings = Set(arguments.indices.filter { $0 > 0 && arguments[$0 - 1] == "-c" })
    let shown =
      arguments.indices.first { !settings.contains($0) && !arguments[$0].hasPrefix("-") }
      .map { arguments[$0] } ?? ""
    if status == 127 {
      return CommandError("there is no git", hint: "install git, 2.37 or newer")
    }
    return CommandError(
      "git \(shown) failed", hint: "git says above why")
  }
}
