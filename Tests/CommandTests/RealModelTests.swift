import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// A recorded dataset whose taxonomies and samples a small real model made.
///
/// `Fixtures/cti-mcq.bundle` is the repository as it was, with every call: qwen2.5-coder 1.5b made
/// all of it from the starter recipe of that name under `solve`. Nobody can ask that model here, so
/// that every answer that is used comes from the recording.
@Suite("a dataset that a real model made", .serialized)
struct RealModelTests {
  private static let calls = "+refs/stemma/calls/*:refs/stemma/remotes/origin/calls/*"
  private static let sampleCount = 50

  @Test("from the recipe and the recorded calls alone the same dataset comes again")
  func replay() async throws {
    try await withRecording { recording in
      let recorded = try await recording.git("rev-parse", "HEAD").lines[0]
      let first = try #require(try await recording.git("rev-list", "--reverse", "HEAD").lines.first)
      // Nothing but text: no taxonomies, no records.
      try await recording.git("reset", "-q", "--hard", first)
      let recipe = try await recording.git("show", "\(recorded):recipe.yaml").text
      try recording.write(recipe + "\n", to: "recipe.yaml")
      let result = try await recording.run()
      #expect(result.asked == 0)
      #expect(result.cached > 200)
      #expect(result.kept == Self.sampleCount)
      try await recording.expectSound()
      let replay = try #require(try await recording.objects("verify", "--replay").last)
      #expect(replay["same"]?.bool == true)
      let replayed = try await digest(of: "HEAD", in: recording)
      #expect(replayed == (try await digest(of: recorded, in: recording)))
      let sources = ["factors.yaml", "strategies.yaml", "taxonomies"]
      let changed = try await recording.git.run(
        ["diff", "--name-only", recorded, "HEAD", "--"] + sources)
      #expect(changed.lines == [])
    }
  }

  @Test("every sample leads back to its nodes, prompts and verdicts")
  func traces() async throws {
    try await withRecording { recording in
      let samples = try await recording.objects("list", "samples")
      #expect(samples.count == Self.sampleCount)
      for sample in samples {
        let id = try #require(sample["id"]?.string)
        let trace = try await recording.stemma.output(of: ["trace", "--full", id]).text
        for word in ["recipe", "strategy", "mix", "meta-prompt", "verdict", "qwen-coder-1.5b"] {
          #expect(trace.localizedStandardContains(word), "\(id) \(word)")
        }
        #expect(!trace.contains("not fetched"), "\(id)")
      }
    }
  }

  private func digest(of version: String, in recording: TestDataset) async throws -> String {
    let message = try await recording.git("show", "-s", "--format=%B", version).lines
    return try #require(message.first { $0.hasPrefix("Dataset-Digest: ") })
  }

  private func withRecording(_ test: (TestDataset) async throws -> Void) async throws {
    let bundle = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/cti-mcq.bundle")
    try await withTemporaryDirectory { parent in
      let git = GitProgram(in: parent)
      try await git("clone", "-q", bundle.path(percentEncoded: false), "threats")
      let recording = TestDataset(
        at: parent.appending(path: "threats", directoryHint: .isDirectory))
      try await recording.git("fetch", "-q", "origin", Self.calls)
      try await test(recording)
    }
  }
}
