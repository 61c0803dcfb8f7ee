import Foundation
import TestSupport
import Testing

@Suite("a clone of a dataset", .serialized)
struct CloneTests {
  private static let calls = "+refs/stemma/calls/*:refs/stemma/remotes/origin/calls/*"

  @Test("with its calls fetched it runs without asking anything")
  func clone() async throws {
    let script = SimulaScript(wrongShare: 0.2)
    try await withServerDataset(script) { dataset, recipe, _ in
      try await dataset.run()
      let asked = script.requestCount
      let copy = try await clone(dataset)
      #expect(try await copy.run().isUpToDate)
      #expect(script.requestCount == asked)
      try await copy.expectSound()

      // Stale, and back again: every answer that is needed is there.
      var other = recipe
      other.samples = 5
      try copy.write(other)
      #expect(try await copy.run().asked == 0)
      try copy.write(recipe)
      let back = try await copy.run()
      #expect(back.asked == 0)
      #expect(back.cached > 0)
      #expect(script.requestCount == asked)
      #expect(try await copy.datasetDigest() == dataset.datasetDigest())
      try await copy.expectSound()
    }
  }

  @Test("it makes the same from nothing but the recipe and the calls, without any API key")
  func rederivation() async throws {
    let script = SimulaScript(wrongShare: 0.2)
    let variables = ["SUMS_KEY": "key-of-the-first"]
    try await withServerDataset(script, variables: variables, { $0.keyVariable = "SUMS_KEY" }) {
      dataset, _, server in
      let start = try await dataset.head()
      try await dataset.run()
      let asked = script.requestCount
      let recipe = try dataset.read("recipe.yaml")
      var copy = try await clone(dataset)
      copy.stemma.environment["SUMS_KEY"] = nil
      // Back to the version before the first run: no sources, no records.
      try await copy.git("reset", "-q", "--hard", start)
      try copy.write(recipe, to: "recipe.yaml")
      await server.stop()
      let result = try await copy.run()
      #expect(result.asked == 0)
      #expect(result.cached >= asked)
      #expect(script.requestCount == asked)
      #expect(try await copy.datasetDigest() == dataset.datasetDigest())
      try await copy.expectSound()
    }
  }

  @Test("without its calls and without a key it says which variable is missing")
  func keyless() async throws {
    let script = SimulaScript()
    let variables = ["SUMS_KEY": "key-of-the-first"]
    try await withServerDataset(script, variables: variables, { $0.keyVariable = "SUMS_KEY" }) {
      dataset, _, _ in
      try await dataset.run()
      let asked = script.requestCount
      var copy = try await clone(dataset, withCalls: false)
      copy.stemma.environment["SUMS_KEY"] = nil
      #expect(try await copy.run().isUpToDate)
      let output = try await copy.stemma.run(["run", "--samples", "8"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("the environment variable 'SUMS_KEY' holds no API key"))
      #expect(output.errorText.contains("export SUMS_KEY="))
      #expect(script.requestCount == asked)
      try await copy.expectSound(isCommitted: false)
    }
  }

  private func clone(_ dataset: TestDataset, withCalls: Bool = true) async throws -> TestDataset {
    let parent = dataset.directory.deletingLastPathComponent()
    try await GitProgram(in: parent)("clone", "-q", dataset.directory.path, "copy")
    let copy = TestDataset(
      at: parent.appending(path: "copy", directoryHint: .isDirectory),
      variables: dataset.stemma.environment)
    if withCalls { try await copy.git("fetch", "-q", "origin", Self.calls) }
    return copy
  }
}
