import Foundation

/// Git's own program, for what goes over networks and for its housekeeping.
///
/// It uses the remotes, credentials and terminal of whoever runs Stemma.
struct GitCommand {
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
  func lines(_ arguments: [String]) throws -> [String] {
    let pipe = Pipe()
    let process = try launch(arguments, output: pipe)
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
    process.standardOutput = output
    if let input { process.standardInput = try FileHandle(forReadingFrom: input) }
    if isQuiet { process.standardError = FileHandle.nullDevice }
    do {
      try process.run()
    } catch {
      throw CommandError(
        "cannot run git: \(error.localizedDescription)", hint: "install git, 2.32 or newer")
    }
    return process
  }

  private func failure(_ arguments: [String], _ status: Int32) -> CommandError {
    let shown = arguments.filter { !$0.hasPrefix("-") }.prefix(1).joined()
    if status == 127 {
      return CommandError("there is no git", hint: "install git, 2.32 or newer")
    }
    return CommandError(
      "git \(shown) failed", hint: "git says above why; nothing of the dataset here was changed")
  }
}
