import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma merge and compact", .serialized)
struct MergeTests {
  private typealias Lines = LineDataset

  @Test("a merge of imports leaves the stages of the generated data as they are")
  func stages() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let file = dataset.directory.deletingLastPathComponent().appending(path: "lines")
      func importLines(_ text: String) async throws {
        try Data(text.utf8).write(to: file)
        try await dataset.stemma("import", file.path(percentEncoded: false))
      }
      try await dataset.stemma("branch", "theirs")
      try await importLines("one\ntwo\n")
      try await dataset.stemma("checkout", "theirs")
      try await importLines("three\n")
      for (here, there) in [("main", "theirs"), ("theirs", "main~1")] {
        try await dataset.stemma("checkout", here)
        try await dataset.stemma("merge", there)
        let status = try #require(try await dataset.objects("status").first)
        #expect(status["fresh"]?.bool == true, "\(here)")
      }
      // One side generates anew, the other imports.
      try await dataset.stemma("checkout", "main")
      try await dataset.run("--samples", "5")
      try await dataset.stemma("checkout", "theirs")
      try await importLines("three\nfour\n")
      try await dataset.stemma("merge", "main")
      let status = try #require(try await dataset.objects("status").first)
      #expect(status["fresh"]?.bool == true)
      try await dataset.expectSound()
    }
  }

  @Test("records of a merge are there and stale, not missing, and a run settles them")
  func unnoted() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, recipe, _ in
      func states() async throws -> [String?] {
        let status = try #require(try await dataset.objects("status").first)
        #expect(status["fresh"] == false)
        return (status["stages"]?.array ?? []).map { $0["state"]?.string }
      }
      let fresh = ["fresh", "fresh", "fresh"]
      #expect(try await states().suffix(3) == ["missing", "missing", "missing"])
      try await dataset.run()
      try await dataset.stemma("checkout", "-b", "left")
      var other = recipe
      other.fraction = 1
      try dataset.write(other)
      try await dataset.run()
      try await dataset.stemma("checkout", "main")
      try await dataset.run("--samples", "4")
      let main = try await dataset.head()
      try await dataset.stemma("merge", "left")
      #expect(try await states() == fresh + ["unnoted", "unnoted", "unnoted"])
      let text = try await dataset.stemma("status").text
      #expect(text.contains("samples       stale: merged, or changed by git"), "\(text)")
      #expect(!text.contains("missing"))
      let export = try await dataset.stemma.run(
        ["export", "-o", "samples.jsonl", "--card", "card.md"])
      #expect(export.exitCode == 0)
      #expect(export.errorText.contains("or a merge of its recipe"), "\(export.errorText)")
      try await dataset.git("clean", "-fdq")
      try await dataset.git("reset", "-q", "--hard", main)
      try await dataset.git("merge", "-q", "--no-edit", "left")
      #expect(try await states() == fresh + ["unnoted", "unnoted", "unnoted"])
      #expect(try await dataset.run().kept == 4)
      #expect(try await dataset.run().isUpToDate)
      try await dataset.expectSound()
    }
  }

  @Test("records that both sides have under one key stay, and are told")
  func keys() async throws {
    try await withLineDataset { set in
      func lines(_ records: [Int: String]) -> [String] {
        records.sorted { $0.key < $1.key }.map { "{\"id\":\($0.key),\"text\":\"\($0.value)\"}" }
      }
      try await set.importLines(lines([1: "one", 2: "two", 3: "three"]), "--key", "id")
      try await set.stemma("branch", "theirs")
      // 1 is changed in two ways, 2 in the same way, 4 is new in two ways, 5 and 6 are new once.
      try await set.importLines(lines([1: "own", 2: "both", 4: "own", 5: "own"]), "--changed")
      try await set.stemma("checkout", "theirs")
      try await set.importLines(
        lines([1: "their", 2: "both", 4: "their", 6: "their"]), "--changed")
      try await set.stemma("checkout", "main")
      let merge = try #require(try await set.dataset.objects("merge", "theirs").first)
      #expect(merge["doubly-keyed"]?.int == 2)
      #expect(
        try await set.lines()
          == Set(
            lines([1: "own", 2: "both", 3: "three", 4: "own", 5: "own"])
              + lines([1: "their", 4: "their", 6: "their"])))
      try await set.stemma("undo")
      let text = try await set.stemma("merge", "theirs").text
      #expect(text.contains("a record of its own for 2 keys"), "\(text)")
      try await set.dataset.expectSound()
    }
  }

  @Test("a merge is what both sides added, without what either removed", arguments: [1, 2, 3])
  func sets(seed: UInt64) async throws {
    try await withLineDataset { set in
      var random = FixedRandom(seed: seed)
      func subset(_ range: Range<Int>, _ share: Int) -> Set<String> {
        Set(Lines.lines(range.filter { _ in Int.random(in: 0..<100, using: &random) < share }))
      }
      let base = subset(0..<400, 60)
      try await set.importLines(base.sorted())
      try await set.stemma("branch", "theirs")
      var sides: [Set<String>] = []
      for branch in ["main", "theirs"] {
        try await set.stemma("checkout", branch)
        var lines = base
        for _ in 0..<3 {
          lines.subtract(subset(0..<400, 10))
          lines.formUnion(subset(0..<500, 10))
          try await set.importLines(lines.sorted())
        }
        sides.append(lines)
      }
      try await set.stemma("checkout", "main")
      let merge = try #require(try await set.dataset.objects("merge", "theirs").first)
      #expect(merge["outcome"]?.string == "merged")
      let expected = sides[0].union(sides[1]).subtracting(
        base.filter { !sides[0].contains($0) || !sides[1].contains($0) })
      #expect(try await set.lines() == expected)
      #expect(try await set.git("log", "-1", "--format=%P").text.split(separator: " ").count == 2)
      try await set.dataset.expectSound()
      let digest = try await set.dataset.datasetDigest()

      // Plain git can merge as well, and an import makes up for what it misses.
      try await set.git("checkout", "-q", "-b", "plain", "main~1")
      try await set.git("merge", "-q", "--no-edit", "theirs")
      try await set.dataset.expectSound()
      // It unites files only, so that a record that one side added and took back stays away.
      #expect(try await set.lines().isSubset(of: expected))
      try await set.importLines(expected.sorted())
      #expect(try await set.dataset.datasetDigest() == digest)
      #expect(
        try await set.dataset.objects("merge", "main").first?["outcome"]?.string == "merged")
      #expect(try await set.lines() == expected)
      let again = try await set.dataset.objects("merge", "main")
      #expect(again.first?["outcome"]?.string == "up-to-date")
      try await set.stemma("checkout", "main")
      let forward = try await set.dataset.objects("merge", "plain", "--ff-only")
      #expect(forward.first?["outcome"]?.string == "fast-forward")
      #expect(try await set.dataset.head() == set.git("rev-parse", "plain").text)
      try await set.dataset.expectSound()
    }
  }

  @Test("texts merge line by line, and people decide where both sides changed the same lines")
  func texts() async throws {
    try await withLineDataset { set in
      let recipe = try set.dataset.read("recipe.yaml")
      func commit(_ branch: String, _ top: String, _ bottom: String) async throws {
        try await set.stemma("checkout", branch)
        try set.dataset.write(top + recipe + bottom, to: "recipe.yaml")
        try await set.git("commit", "-qam", branch)
        try await set.importLines([branch])
      }
      for name in ["a", "b", "c"] { try await set.stemma("branch", name) }
      try await commit("a", "# a\n", "")
      try await commit("b", "", "# b\n")
      try await commit("c", "# c\n", "")
      try await set.stemma("checkout", "a")
      try await set.stemma("merge", "b")
      #expect(try set.dataset.read("recipe.yaml") == "# a\n" + recipe + "# b\n")
      #expect(try await set.lines() == ["a", "b"])
      try await set.dataset.expectSound()
      let head = try await set.dataset.head()
      let refused = try await set.stemma.run(["merge", "c", "--ff-only"])
      #expect(refused.exitCode == 1)
      #expect(try await set.dataset.head() == head)

      for isAborted in [true, false] {
        let output = try await set.stemma.run(["merge", "c"])
        #expect(output.exitCode == 1)
        #expect(output.lines == ["conflict  recipe.yaml: both sides changed the same lines"])
        #expect(output.errorText.contains("git merge --abort"))
        #expect(
          try set.dataset.read("recipe.yaml").hasPrefix(
            "<<<<<<< HEAD\n# a\n=======\n# c\n>>>>>>> c\n"))
        #expect(try await set.dataset.head() == head)
        for command in [["import", "/dev/null"], ["merge", "b"], ["undo"], ["checkout", "main"]] {
          let output = try await set.stemma.run(command)
          #expect(output.exitCode == 1)
          #expect(output.errorText.contains("a merge is not finished"), "\(output.errorText)")
        }
        if isAborted {
          try await set.git("merge", "--abort")
          try await set.dataset.expectSound()
          #expect(try await set.lines() == ["a", "b"])
        }
      }
      try set.dataset.write("# both\n" + recipe, to: "recipe.yaml")
      try await set.git("add", "recipe.yaml")
      try await set.git("commit", "-q", "--no-edit")
      #expect(try await set.lines() == ["a", "b", "c"])
      #expect(try await set.git("log", "-1", "--format=%s").text == "Merge c")
      try await set.dataset.expectSound()
    }
  }

  @Test("a file that one side removed and the other changed is a conflict")
  func removal() async throws {
    try await withLineDataset { set in
      try await set.stemma("checkout", "-b", "topic")
      try await set.git("rm", "-q", "README.md")
      try await set.git("commit", "-qm", "remove")
      try await set.stemma("checkout", "main")
      try set.dataset.write("changed\n", to: "README.md")
      try await set.git("commit", "-qam", "change")
      let output = try await set.stemma.run(["merge", "topic", "--json"])
      #expect(output.exitCode == 1)
      #expect(
        try output.objects.first?["what"]?.string == "changed here, removed in 'topic'")
      #expect(try await set.git("status", "--porcelain").text == "UD README.md")
      try await set.git("rm", "-q", "README.md")
      try await set.git("commit", "-q", "--no-edit")
      try await set.dataset.expectSound()
    }
  }

  @Test("slots that both sides filled are named, and the next run keeps one sample of each")
  func slots() async throws {
    try await withServerDataset(SimulaScript(), { $0.samples = 3 }) { dataset, recipe, _ in
      try await dataset.run()
      try await dataset.stemma("checkout", "-b", "topic")
      var other = recipe
      other.samples = 5
      try dataset.write(other)
      try await dataset.run()
      try await dataset.stemma("checkout", "main")
      let text = try dataset.read("recipe.yaml")
      try dataset.write(other)
      // The same recipe, but other meta-prompts: other samples for the new slots.
      try dataset.write(
        try dataset.read("prompts/meta-prompts.mustache") + "\nOnce more.\n",
        to: "prompts/meta-prompts.mustache")
      try await dataset.run()
      #expect(try dataset.read("recipe.yaml") != text)
      let merge = try #require(try await dataset.objects("merge", "topic").first)
      #expect(merge["outcome"]?.string == "merged")
      #expect(merge["shared-slots"]?.array?.compactMap(\.int) == [3, 4])
      #expect(try await dataset.samples().count == 7)
      #expect(try await dataset.run().kept == 5)
      let slots = try await dataset.samples().compactMap { $0["value"]?["slot"]?.int }
      #expect(slots.sorted() == Array(0..<5))
      try await dataset.expectSound()
    }
  }

  @Test("compaction keeps every record and the digest, and older versions as they were")
  func compact() async throws {
    try await withLineDataset { set in
      try await set.importLines(Lines.lines(0..<1000))
      try await set.stemma("tag", "v1")
      for step in 1...12 {
        try await set.importLines(Lines.lines((step * 40)..<(1000 + step * 20)))
      }
      let digest = try await set.dataset.datasetDigest()
      let lines = try await set.lines()
      let before = try await set.shardCount()
      let plan = try #require(try await set.dataset.objects("compact", "--dry-run").first)
      #expect(plan["dropped"]?.int == 480)
      let head = try await set.dataset.head()
      let report = try #require(try await set.dataset.objects("compact").first)
      #expect(report["dropped"]?.int == 480)
      #expect(try await set.shardCount() == 1)
      #expect(before == 13)
      #expect(try await set.dataset.datasetDigest() == digest)
      #expect(try await set.lines() == lines)
      #expect(try await set.dataset.head() != head)
      let diff = try await set.stemma("diff", "HEAD~1")
      #expect(diff.text.contains("hold the same"), "\(diff.text)")
      #expect(try await set.lines(at: "v1") == Set(Lines.lines(0..<1000)))
      let again = try await set.stemma("compact")
      #expect(again.text.contains("Nothing to do"))
      try await set.dataset.expectSound()

      // What was dropped comes back, and goes again.
      try await set.importLines(Lines.lines(0..<1000))
      #expect(try await set.lines() == Set(Lines.lines(0..<1000)))
      try await set.importLines(lines.sorted())
      #expect(try await set.lines() == lines)
      #expect(try await set.dataset.datasetDigest() == digest)

      // A branch from before the compaction merges.
      try await set.stemma("checkout", "-b", "old", head)
      try await set.importLines(lines.union(["new"]).sorted())
      try await set.stemma("checkout", "main")
      try await set.stemma("merge", "old")
      #expect(try await set.lines() == lines.union(["new"]))
      try await set.dataset.expectSound()
    }
  }

  @Test("compaction on both sides of a merge leaves each record once")
  func compactTwice() async throws {
    try await withLineDataset { set in
      for count in [100, 200, 300] { try await set.importLines(Lines.lines(0..<count)) }
      try await set.stemma("checkout", "-b", "topic")
      try await set.importLines(Lines.lines(0..<310))
      try await set.stemma("compact")
      try await set.stemma("checkout", "main")
      try await set.importLines(Lines.lines(10..<300))
      try await set.stemma("compact")
      try await set.stemma("merge", "topic")
      #expect(try await set.lines() == Set(Lines.lines(10..<310)))
      try await set.stemma("compact")
      #expect(try await set.lines() == Set(Lines.lines(10..<310)))
      #expect(try await set.shardCount() == 1)
      try await set.dataset.expectSound()
    }
  }

  @Test(
    "tombstones that both sides of a merge have joined are not held twice",
    arguments: [false, true])
  func joinedTombstones(_ isCompactedFirst: Bool) async throws {
    try await withLineDataset { set in
      for start in [0, 10, 20] { try await set.importLines(Lines.lines(start..<100)) }
      try await set.stemma("checkout", "-b", "topic")
      try await set.importLines(Lines.lines(30..<100))
      try await set.stemma("compact")
      try await set.stemma("checkout", "main")
      try await set.stemma("compact")
      try await set.stemma("merge", "topic")
      #expect(try await set.lines() == Set(Lines.lines(30..<100)))
      if isCompactedFirst { try await set.stemma("compact") }
      try await set.dataset.expectSound()
      // Each removal is taken back once.
      try await set.importLines(Lines.lines(0..<100))
      try await set.dataset.expectSound()
      try await set.stemma("compact")
      #expect(try await set.lines() == Set(Lines.lines(0..<100)))
      try await set.dataset.expectSound()
    }
  }
}
