package import Foundation
import Subprocess

/// The built program, run in one directory with an environment of its own.
package struct StemmaProgram: Sendable {
  /// What one call of the program printed, and how it ended.
  package struct Output: Sendable {
    /// The exit code, or minus the number of the signal that ended it.
    package let exitCode: Int
    /// Standard output as text.
    package let text: String
    /// Standard error as text.
    package let errorText: String

    /// Standard output by lines.
    package var lines: [String] { text.split(separator: "\n").map(String.init) }
  }

  /// A call of the program that ended with another exit code than zero.
  package struct Failure: Error, CustomStringConvertible {
    /// The arguments of the call.
    package let arguments: [String]
    /// What the call printed.
    package let output: Output

    package var description: String {
      "stemma \(arguments.joined(separator: " ")): exit code \(output.exitCode)\n"
        + output.errorText + output.text
    }
  }

  /// The program while it runs.
  package struct Running: Sendable {
    /// The number of the process.
    package let processIdentifier: Int32
    fileprivate let deliver: @Sendable (Int32) -> Void

    /// Sends a signal; one to a process that has ended does nothing.
    package func send(_ signal: Int32) { deliver(signal) }

    /// Whether the process has ended, also when nobody has asked for its exit code yet.
    package var hasEnded: Bool {
      var information = siginfo_t()
      let options = WEXITED | WNOHANG | WNOWAIT
      let status = waitid(P_PID, id_t(processIdentifier), &information, options)
      guard status == 0 else { return errno == ECHILD }
      // Nothing is filled in while the process runs.
      return information.si_signo != 0
    }

    /// Waits until something is so, until the process has ended, or for half a minute.
    ///
    /// A thread of its own looks, so that busy tests do not hold it up.
    ///
    /// - Parameters:
    ///   - isSo: What is waited for.
    ///   - delay: How long to wait after that.
    ///   - signal: What is sent to the process then.
    /// - Returns: Whether it is so.
    @discardableResult
    package func wait(
      until isSo: @escaping @Sendable () -> Bool = { true }, after delay: Duration = .zero,
      sending signal: Int32? = nil
    ) async -> Bool {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          let limit = ContinuousClock.now + .seconds(30)
          while !isSo(), !hasEnded, ContinuousClock.now < limit { usleep(500) }
          let isReached = isSo()
          usleep(UInt32(delay / .microseconds(1)))
          if let signal { send(signal) }
          continuation.resume(returning: isReached)
        }
      }
    }
  }

  /// The most bytes that one call may print to either stream.
  private static let limit = 64 << 20

  /// The directory the program runs in.
  package let directory: URL
  /// All variables that the program sees.
  package var environment: [String: String]
  /// A command that the program's path and arguments are appended to, such as one with limits.
  package var wrapper: [String] = []

  /// Makes a program that runs in the directory.
  ///
  /// - Parameters:
  ///   - directory: The working directory.
  ///   - variables: What the environment holds beside a path, a home that holds nothing, and a
  ///     person for git.
  package init(in directory: URL, variables: [String: String] = [:]) {
    self.directory = directory
    environment = Self.environment.merging(variables) { _, new in new }
  }

  /// The program as it was built with the tests, beside their bundle.
  package static var path: String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "stemma")
      .path(percentEncoded: false)
  }

  private static let environment = [
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada Example",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Example",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
  ]

  /// Runs the program, and throws a failure unless it exits with zero.
  @discardableResult
  package func callAsFunction(_ arguments: String...) async throws -> Output {
    try await output(of: arguments)
  }

  /// Runs the program, and throws a failure unless it exits with zero.
  package func output(of arguments: [String]) async throws -> Output {
    let output = try await run(arguments)
    guard output.exitCode == 0 else { throw Failure(arguments: arguments, output: output) }
    return output
  }

  /// Runs the program, and returns what it printed whatever its exit code is.
  ///
  /// - Parameters:
  ///   - arguments: Those after the program's name.
  ///   - meanwhile: Called when the program has been started, and waited for.
  /// - Returns: What was printed, and the exit code.
  /// - Throws: What `meanwhile` throws, and an error when the program cannot be started.
  package func run(
    _ arguments: [String],
    meanwhile: @escaping @Sendable (Running) async throws -> Void = { _ in }
  ) async throws -> Output {
    let command = wrapper + [Self.path] + arguments
    let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
    // The shell changes the directory and becomes the program, so that its number stays.
    let result = try await Subprocess.run(
      .name("sh"),
      arguments: Arguments(
        ["-c", "cd \"$0\" && exec \"$@\"", directory.path(percentEncoded: false)] + command),
      environment: .custom(Dictionary(uniqueKeysWithValues: variables)), input: .none,
      output: .bytes(limit: Self.limit), error: .bytes(limit: Self.limit)
    ) { execution in
      try await meanwhile(
        Running(processIdentifier: execution.processIdentifier.value) { number in
          // A process that has ended needs no signal.
          try? execution.send(signal: Signal(rawValue: number))
        })
    }
    let exitCode =
      switch result.terminationStatus {
      case .exited(let code): Int(code)
      case .signaled(let signal): -Int(signal)
      }
    return Output(
      exitCode: exitCode, text: String(decoding: result.standardOutput, as: UTF8.self),
      errorText: String(decoding: result.standardError, as: UTF8.self))
  }
}
