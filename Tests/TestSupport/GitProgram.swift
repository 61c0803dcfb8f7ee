package import Foundation
import Subprocess

/// The real git program, run in one directory with nobody's configuration.
package struct GitProgram: Sendable {
  /// What one call of the program printed, and how it ended.
  package struct Output: Sendable {
    /// The exit code, or minus the number of the signal that ended it.
    package let exitCode: Int
    /// The bytes of standard output.
    package let bytes: [UInt8]
    /// Standard error as text.
    package let errorText: String

    /// Standard output as text, without the newlines at its end.
    package var text: String {
      let text = String(decoding: bytes, as: UTF8.self)
      return String(text.reversed().drop(while: \.isNewline).reversed())
    }

    /// Standard output by lines.
    package var lines: [String] {
      text.split(whereSeparator: \.isNewline).map(String.init)
    }
  }

  /// A call of the program that ended with another exit code than zero.
  package struct Failure: Error, CustomStringConvertible {
    /// The arguments of the call.
    package let arguments: [String]
    /// What the call printed.
    package let output: Output

    package var description: String {
      let command = arguments.joined(separator: " ")
      return "git \(command): exit code \(output.exitCode)\n\(output.errorText)\(output.text)"
    }
  }

  /// The most bytes that one call may print to either stream.
  private static let limit = 256 << 20

  /// The directory the program runs in.
  package let directory: URL

  /// Makes a program that runs in the directory.
  package init(in directory: URL) {
    self.directory = directory
  }

  /// Runs git, and throws a failure unless it exits with zero.
  @discardableResult
  package func callAsFunction(
    _ arguments: String..., input: [UInt8] = []
  ) async throws -> Output {
    let output = try await run(arguments, input: input)
    guard output.exitCode == 0 else { throw Failure(arguments: arguments, output: output) }
    return output
  }

  /// Runs git, and returns what it printed whatever its exit code is.
  package func run(_ arguments: [String], input: [UInt8] = []) async throws -> Output {
    let git = ["git", "-C", directory.path(percentEncoded: false)] + arguments
    guard !input.isEmpty else { return try await run(git) }
    // A file: unlike a pipe it needs nobody who writes while the program runs.
    return try await withTemporaryDirectory { directory in
      let file = directory.appending(path: "input")
      try Data(input).write(to: file)
      return try await run(
        ["sh", "-c", "exec \"$@\" < \"$0\"", file.path(percentEncoded: false)] + git)
    }
  }

  private func run(_ command: [String]) async throws -> Output {
    let result = try await Subprocess.run(
      .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
      environment: .custom(Self.environment), input: .none, output: .bytes(limit: Self.limit),
      error: .string(limit: Self.limit))
    let exitCode =
      switch result.terminationStatus {
      case .exited(let code): Int(code)
      case .signaled(let signal): -Int(signal)
      }
    return Output(
      exitCode: exitCode, bytes: result.standardOutput, errorText: result.standardError)
  }

  /// Names and times are fixed, and no configuration outside the repository is read.
  private static let environment: [Environment.Key: String] = [
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada Example",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0100",
    "GIT_COMMITTER_NAME": "Ada Example",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0100",
  ]
}
