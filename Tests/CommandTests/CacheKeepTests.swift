import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("what stemma cache prune must not take", .serialized)
struct CacheKeepTests {
  @Test(
    "answers of no use that came before one in use stay: a derivation from nothing asks for them")
  func tries() async throws {
    let script = SimulaScript(wrongShare: 0.2) { task, request, count in
      // One try is cut, and the next one finds another count.
      if task == .judge || task == .scenarios, count % 3 == 0 {
        return .answer("{\"", finish: "length")
      }
      // Of about half of the drafts no verdict comes at all.
      let isHopeless =
        task == .isIncorrect && request.bodyText.contains(/case [0-7]/)
      return isHopeless ? .answer("{\"", finish: "length") : nil
    }
    try await withServerDataset(
      script,
      {
        $0.isGrown = false
        $0.double = "ask"
        $0.samples = 12
        $0.attempts = 16
      }
    ) { dataset, recipe, server in
      try await dataset.run()
      let calls = try await dataset.objects("list", "calls").compactMap { $0["value"]?["request"] }
      #expect(calls.contains { ($0["try"]?.int ?? 0) > 0 })
      let reasons = try await dataset.objects("list", "rejections")
        .compactMap { $0["value"]?["reason"]?.string }
      #expect(reasons.contains("unjudged"))
      let digest = try await dataset.datasetDigest()
      _ = try await dataset.stemma.run(["cache", "prune", "--yes"])
      let rest = try await dataset.objects("cache", "prune", "--dry-run")[0]
      #expect(rest["pruned"] == 0)
      // Nothing is remembered of the slots, and the data stages are stale twice.
      await server.stop()
      for samples in [recipe.samples - 1, recipe.samples] {
        try FileManager.default.removeItem(
          at: dataset.directory.appending(path: ".git/stemma/slots"))
        var other = recipe
        other.samples = samples
        try dataset.write(other)
        #expect(try await dataset.run().asked == 0)
      }
      #expect(try await dataset.datasetDigest() == digest)
      try await dataset.expectSound()
    }
  }

  @Test(
    "what a detached working tree elsewhere or a note of git names stays; a shallow copy has doubts"
  )
  func elsewhere() async throws {
    try await CachePruneTests.withPrunable { dataset, _, gone, _ in
      let parent = dataset.directory.deletingLastPathComponent()
      let whole = try await dataset.objects("cache", "prune", "--dry-run")[0]
      try await dataset.git("worktree", "add", "-q", "--detach", "../tree", gone)
      try await dataset.git("branch", "-q", "-D", "harder")
      #expect(try await dataset.objects("cache", "prune", "--dry-run")[0] == whole)
      try await dataset.git("worktree", "remove", "--force", "../tree")
      let more = try await dataset.objects("cache", "prune", "--dry-run")[0]
      #expect((more["pruned"]?.int ?? 0) > (whole["pruned"]?.int ?? 0))
      try await dataset.git("update-ref", "refs/notes/x", gone)
      #expect(try await dataset.objects("cache", "prune", "--dry-run")[0] == whole)
      try await dataset.git("update-ref", "-d", "refs/notes/x")

      try await GitProgram(in: parent)(
        "clone", "-q", "--depth", "1", "file://\(dataset.directory.path)", "shallow")
      let shallow = TestDataset(at: parent.appending(path: "shallow", directoryHint: .isDirectory))
      let refused = try await shallow.stemma.run(["cache", "prune", "--dry-run"])
      #expect(refused.exitCode == 1 && refused.errorText.contains("git fetch --unshallow"))
      let stat = try #require(try await shallow.objects("cache", "stat").first)
      #expect(stat["named-by-any"] == .null)
    }
  }

  @Test("on a terminal both ask first, and only yes is yes", arguments: ["prune", "drop"])
  func question(command: String) async throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/script") else { return }
    try await CachePruneTests.withPrunable { dataset, _, _, _ in
      try await dataset.git("branch", "-q", "-D", "harder")
      let sample = try #require(try await dataset.samples().first?["value"]?["call"]?.string)
      let arguments = command == "drop" ? ["cache", "drop", sample] : ["cache", "prune"]
      let before = try await dataset.objects("cache", "stat")[0]
      for (answer, isDone) in [("n", false), ("", false), ("yes", true)] {
        var stemma = dataset.stemma
        stemma.wrapper = [
          "sh", "-c",
          "printf '\(answer)\\n' | script -qec \"$(printf '%s ' \"$0\" \"$@\")\" /dev/null",
        ]
        let output = try await stemma.run(arguments)
        #expect(output.text.contains("[y/N]"), "\(output.text)\(output.errorText)")
        let after = try await dataset.objects("cache", "stat")[0]
        #expect((after != before) == isDone, "\(answer)")
      }
    }
  }
}
