import Foundation
import TestSupport
import Testing

/// Runs a script as somebody does who has Stemma on the PATH, so that hooks and drivers find it.
func hookedShell(
  _ script: String, in directory: URL, variables: [String: String] = [:]
) async throws -> StemmaProgram.Output {
  let programs = URL(filePath: StemmaProgram.path).deletingLastPathComponent()
  let path = ["PATH": "\(programs.path(percentEncoded: false)):/usr/local/bin:/usr/bin:/bin"]
  return try await shell(
    script, in: directory,
    variables: ["GIT_CONFIG_GLOBAL": "/dev/null"].merging(path) { $1 }.merging(variables) { $1 })
}

extension TestDataset {
  /// Runs a script in the dataset with hooks and drivers at work.
  func hooked(
    _ script: String, variables: [String: String] = [:]
  ) async throws -> StemmaProgram.Output {
    try await hookedShell(script, in: directory, variables: variables)
  }

  /// The same, and expects it to succeed.
  @discardableResult
  func expectHooked(
    _ script: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> StemmaProgram.Output {
    let output = try await hooked(script)
    #expect(
      output.exitCode == 0, "\(script)\n\(output.errorText)\(output.text)",
      sourceLocation: sourceLocation)
    return output
  }

  /// The same, and expects it to fail with a message.
  func expectRefusal(
    _ script: String, _ message: String, variables: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = try await hooked(script, variables: variables)
    #expect(output.exitCode != 0, "\(script)", sourceLocation: sourceLocation)
    #expect(
      output.errorText.contains(message), "\(script)\n\(output.errorText)",
      sourceLocation: sourceLocation)
  }
}

/// Lends a dataset with a few samples of the embedded teacher.
func withSums(
  samples: Int = 8, _ test: (TestDataset) async throws -> Void
) async throws {
  try await withTemporaryDirectory { parent in
    try await StemmaProgram(in: parent)("init", "sums", "--recipe", "grade-school-math")
    let dataset = TestDataset(at: parent.appending(path: "sums", directoryHint: .isDirectory))
    let recipe = try dataset.read("recipe.yaml")
    // Small trees are grown in a moment.
    try dataset.write(
      recipe.replacing(/(?m)^samples: .*$/, with: "samples: \(samples)"), to: "recipe.yaml")
    try await dataset.stemma("run")
    try await test(dataset)
  }
}
