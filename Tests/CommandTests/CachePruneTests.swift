import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma cache prune", .serialized)
struct CachePruneTests {
  /// Lends a dataset with a branch that is gone and an own history of its calls.
  static func withPrunable(
    _ test: (_ dataset: TestDataset, _ recipe: TestRecipe, _ gone: String, SimulaScript)
      async throws -> Void
  ) async throws {
    let script = SimulaScript(wrongShare: 0.2)
    try await withServerDataset(script) { dataset, recipe, _ in
      try await dataset.run()
      try await dataset.stemma("checkout", "-b", "harder")
      var harder = recipe
      harder.fraction = 1
      try dataset.write(harder)
      #expect(try await dataset.run().asked > 3)
      let gone = try await dataset.head()
      try await dataset.stemma("checkout", "main")
      try await test(dataset, recipe, gone, script)
    }
  }

  private func stat(_ dataset: TestDataset) async throws -> JSON {
    try #require(try await dataset.objects("cache", "stat").first)
  }

  /// The ids of the calls that a version's records name.
  private func named(_ dataset: TestDataset, at revision: String = "HEAD") async throws -> Set<
    String
  > {
    var named = Set<String>()
    for kind in [
      "proposals", "edits", "plans", "meta-prompts", "samples", "rejections", "verdicts",
    ] {
      named.formUnion(
        try await dataset.objects("list", kind, "--at", revision)
          .compactMap { $0["value"]?["call"]?.string })
    }
    return named
  }

  @Test("what no version names goes, all else stays, and the next run is as if nothing was pruned")
  func prune() async throws {
    try await Self.withPrunable { dataset, recipe, gone, script in
      let parent = dataset.directory.deletingLastPathComponent()
      let extra = try await named(dataset, at: gone).subtracting(try await named(dataset))
      // A branch, and then a tag, hold what they name.
      let whole = try await dataset.objects("cache", "prune", "--dry-run")[0]
      try await dataset.git("tag", "held", "harder")
      try await dataset.git("branch", "-q", "-D", "harder")
      #expect(try await dataset.objects("cache", "prune", "--dry-run")[0] == whole)
      try await dataset.git("tag", "-d", "held")
      let before = try await stat(dataset)
      let plan = try await dataset.objects("cache", "prune", "--dry-run")[0]
      #expect(plan["pruned"] == before["named-by-none"])
      #expect(try #require(plan["pruned"]?.int) >= extra.count && extra.count > 3)
      let silent = try await dataset.stemma.run(["cache", "prune"])
      #expect(silent.exitCode == 1 && silent.errorText.contains("no terminal to ask on"))
      #expect(silent.text.contains("are named by no version"), "\(silent.text)")
      #expect(try await stat(dataset) == before)

      try FileManager.default.copyItem(
        at: dataset.directory, to: parent.appending(path: "unpruned"))
      let lines = Set(try await dataset.callLines())
      let output = try await dataset.stemma("cache", "prune", "--yes")
      #expect(output.text.contains("git update-ref refs/stemma/calls/"))
      let after = try await stat(dataset)
      #expect(after["own"]?.int == (before["own"]?.int ?? 0) - (plan["pruned"]?.int ?? 0))
      #expect(after["named-by-none"] == 0 && after["named-by-any"] == before["named-by-any"])
      #expect(after["first-sealed"] == before["first-sealed"])
      #expect(Set(try await dataset.callLines()).isSubset(of: lines))
      for id in try await named(dataset).prefix(5) { try await dataset.stemma("cat", id) }
      try await dataset.expectSound()
      #expect(try await dataset.run().isUpToDate)

      // More samples: the same calls, and no slot that stays is looked at again.
      var larger = recipe
      larger.samples += 3
      var results: [RunResult] = []
      for name in ["unpruned", "sums"] {
        let side = TestDataset(at: parent.appending(path: name, directoryHint: .isDirectory))
        try side.write(larger)
        results.append(try await side.run())
      }
      #expect(results[0].asked == results[1].asked && results[0].cached == results[1].cached)
      let unpruned = TestDataset(at: parent.appending(path: "unpruned"))
      #expect(try await dataset.datasetDigest() == unpruned.datasetDigest())

      // The version that is back shows what is gone, rather than failing.
      try await dataset.git("branch", "back", gone)
      var missing = 0
      for sample in try await dataset.objects("list", "samples", "--at", "back") {
        let id = try #require(sample["id"]?.string)
        let trace = try await dataset.stemma("trace", id, "--at", "back").text
        if trace.contains("pruned: 'stemma cache prune' removed it here") { missing += 1 }
      }
      #expect(missing > 0)
      try await dataset.stemma("checkout", "back")
      let verified = try await dataset.stemma("verify")
      #expect(
        verified.text.contains("Clean") && verified.text.contains("name calls that are not here"))
      // What was printed takes it all back.
      for command in output.lines where command.hasPrefix("  git ") {
        #expect(try await shell(command, in: dataset.directory).exitCode == 0)
      }
      #expect(Set(try await dataset.callLines()).isSuperset(of: lines))
      #expect(!(try await dataset.stemma("verify").text.contains("not here")))
    }
  }

  @Test("a push after it destroys nothing at the remote, and no fetch brings back what was pruned")
  func push() async throws {
    try await Self.withPrunable { dataset, recipe, _, script in
      let parent = dataset.directory.deletingLastPathComponent()
      try await GitProgram(in: parent)("init", "-q", "--bare", "-b", "main", "remote.git")
      let remote = GitProgram(in: parent.appending(path: "remote.git"))
      try await dataset.git("remote", "add", "origin", "../remote.git")
      try await dataset.stemma("push")
      let there = try await remote("for-each-ref", "refs/stemma").lines
      try await dataset.git("branch", "-q", "-D", "harder")
      let plan = try await dataset.objects("cache", "prune", "--yes")[0]
      // The remote's copy is here too: nothing is gone yet.
      #expect(plan["elsewhere"] == plan["pruned"] && plan["pruned"] != 0)
      try await dataset.stemma("push")
      let now = try await remote("for-each-ref", "refs/stemma").lines
      #expect(Set(now).isSuperset(of: there) && now.count == there.count + 1)
      // Given up at the remote on purpose, it stays gone.
      let old = try #require(there.first?.split(separator: "\t").last)
      try await remote("update-ref", "-d", String(old))
      try await dataset.git("fetch", "-q", "--prune", "origin")
      try await dataset.stemma("pull")
      let stat = try #require(try await dataset.objects("cache", "stat").first)
      #expect(stat["kept"] == 0 && stat["named-by-none"] == 0)
      try await dataset.stemma("push")
      #expect(try await remote("for-each-ref", "refs/stemma").lines.count == 1)
      let copy = TestDataset(at: parent.appending(path: "copy", directoryHint: .isDirectory))
      try await StemmaProgram(in: parent)("clone", "remote.git", "copy")
      let asked = script.requestCount
      try copy.write(recipe)
      #expect(try await copy.run().isUpToDate && script.requestCount == asked)
    }
  }

  @Test("what is younger than so many days stays")
  func age() async throws {
    try await Self.withPrunable { dataset, _, _, _ in
      try await dataset.git("branch", "-q", "-D", "harder")
      let all = try await dataset.objects("cache", "prune", "--dry-run")[0]["pruned"]?.int ?? 0
      let young = try await dataset.objects("cache", "prune", "--dry-run", "--older-than", "1")[0]
      #expect(young["pruned"] == 0 && all > 0)
      // The first of the commits becomes years old, and the others follow it.
      let reference = try await dataset.git(
        "for-each-ref", "--format=%(refname)", "refs/stemma/calls"
      )
      .text
      let commits = try await dataset.git("rev-list", "--reverse", reference).lines
      try #require(commits.count > 1)
      var parent: [String] = []
      for (number, commit) in commits.enumerated() {
        let tree = "\(commit)^{tree}"
        // Git here has a fixed time, years ago; the shell's has none.
        let made =
          number < commits.count - 1
          ? try await dataset.git.run(["commit-tree", tree, "-m", "calls"] + parent).lines
          : try await shell(
            "git commit-tree \(tree) -m calls " + parent.joined(separator: " "),
            in: dataset.directory
          ).lines
        parent = ["-p", try #require(made.first)]
      }
      try await dataset.git("update-ref", reference, parent[1])
      let some = try await dataset.objects("cache", "prune", "--yes", "--older-than", "1")[0]
      #expect((some["pruned"]?.int ?? 0) < all)
      let rest = try await dataset.objects("cache", "prune", "--dry-run")[0]
      #expect((rest["pruned"]?.int ?? 0) + (some["pruned"]?.int ?? 0) == all)
      let second = try await dataset.objects("cache", "prune", "--dry-run", "--older-than", "1")[0]
      #expect(second["pruned"] == 0)
      try await dataset.expectSound()
    }
  }
}
