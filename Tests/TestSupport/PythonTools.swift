import Foundation
import Subprocess

/// Programs of others that check what Stemma writes, as `Tests/validators.txt` pins them.
package enum PythonTools {
  /// What is wrong where they are not installed.
  package struct Missing: Error, CustomStringConvertible {
    package let description = """
      the validators are not installed; in the package's folder run: python3 -m venv .build/validators \
      && .build/validators/bin/pip install -q --no-deps -r Tests/validators.txt
      """
  }

  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".build/validators/bin")

  /// Runs a script of Python, for what it takes and returns see ``run(_:_:input:)``.
  package static func script(
    _ text: String, _ arguments: [String] = [], input: String = ""
  ) async throws -> StemmaProgram.Output {
    try await run("python3", ["-c", text] + arguments, input: input)
  }

  /// Runs one of the tools.
  ///
  /// - Parameters:
  ///   - tool: The program's name.
  ///   - arguments: What follows the name.
  ///   - input: What it reads.
  /// - Returns: What it said and how it ended.
  /// - Throws: ``Missing`` where the tools are not installed.
  package static func run(
    _ tool: String, _ arguments: [String], input: String = ""
  ) async throws -> StemmaProgram.Output {
    let program = folder.appending(path: tool).path(percentEncoded: false)
    guard FileManager.default.isExecutableFile(atPath: program) else { throw Missing() }
    let result = try await Subprocess.run(
      .name("env"), arguments: Arguments([program] + arguments), input: .array(Array(input.utf8)),
      output: .bytes(limit: 64 << 20), error: .bytes(limit: 64 << 20))
    let exitCode =
      switch result.terminationStatus {
      case .exited(let code): Int(code)
      case .signaled(let signal): -Int(signal)
      }
    return StemmaProgram.Output(
      exitCode: exitCode, text: String(decoding: result.standardOutput, as: UTF8.self),
      errorText: String(decoding: result.standardError, as: UTF8.self))
  }
}
