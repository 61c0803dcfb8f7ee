import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// Random histories of imports, compactions, merges, rollbacks and steps back, beside sets in memory.
@Suite("merging beside a model", .serialized)
struct MergeModelTests {
  private static let steps = 60

  /// What each version must hold.
  private final class Model {
    var versions: [String: Set<String>] = [:]
    var branches = ["main"]
  }

  @Test("every version holds the three-way merge of sets", arguments: [1, 2])
  func histories(seed: UInt64) async throws {
    try await withLineDataset { set in
      var random = FixedRandom(seed: seed)
      let model = Model()
      model.versions[try await set.dataset.head()] = []
      for step in 0..<Self.steps {
        let head = try await set.dataset.head()
        var expected = model.versions[head]
        var what = ""
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
          let count = Int.random(in: 1...5, using: &random)
          let lines = Set((0..<count).map { _ in "\(Int.random(in: 0..<9, using: &random))" })
          what = "import \(lines.sorted())"
          try await set.importLines(lines.sorted())
          expected = lines
        case 3:
          what = "compact"
          try await set.stemma("compact")
        case 4:
          what = "branch"
          guard model.branches.count < 4 else { continue }
          model.branches.append("b\(step)")
          try await set.stemma("checkout", "-b", "b\(step)")
        case 5:
          let branch = try #require(model.branches.randomElement(using: &random))
          what = "checkout \(branch)"
          try await set.stemma("checkout", branch)
          expected = model.versions[try await set.dataset.head()]
        case 6...7:
          let branch = try #require(model.branches.randomElement(using: &random))
          what = "merge \(branch)"
          let other = try await set.git("rev-parse", branch).text
          let bases = try await set.git("merge-base", "--all", head, other).lines
          guard bases.count == 1 else { continue }
          try await set.stemma("merge", branch)
          let base = try #require(model.versions[bases[0]])
          let (ours, theirs) = (
            try #require(model.versions[head]), try #require(model.versions[other])
          )
          expected = ours.union(theirs.subtracting(base)).subtracting(base.subtracting(theirs))
        case 8:
          let version = try #require(
            try await set.git("rev-list", "HEAD").lines.randomElement(using: &random))
          what = "rollback"
          let output = try await set.stemma.run(["rollback", version])
          if output.exitCode == 0 { expected = model.versions[version] }
        default:
          what = "undo"
          _ = try await set.stemma.run(["undo"])
          expected = model.versions[try await set.dataset.head()]
        }
        model.versions[try await set.dataset.head()] = expected
        #expect(try await set.lines() == expected, "step \(step): \(what)")
        #expect(try await set.git("status", "--porcelain").text == "", "step \(step): \(what)")
      }
      try await set.dataset.expectSound()
    }
  }

  @Test("a conflict in a text does not change what becomes of the records")
  func conflict() async throws {
    try await withLineDataset { set in
      try await set.importLines(["1"])
      try await set.stemma("branch", "theirs")
      for (branch, text) in [("main", "ours\n"), ("theirs", "theirs\n")] {
        try await set.stemma("checkout", branch)
        try await set.importLines(["1", "2"])
        // Ours takes it back; theirs keeps it.
        if branch == "main" { try await set.importLines(["1"]) }
        try set.dataset.write(text, to: "README.md")
        try await set.git("commit", "-qam", text)
      }
      try await set.stemma("checkout", "main")
      // While somebody holds git's index nothing is begun.
      try set.dataset.write("", to: ".git/index.lock")
      #expect(try await set.stemma.run(["merge", "theirs"]).exitCode == 4)
      try FileManager.default.removeItem(
        at: set.dataset.directory.appending(path: ".git/index.lock"))
      #expect(try await set.git("status", "--porcelain").text == "")
      #expect(try await set.git.run(["rev-parse", "-q", "--verify", "MERGE_HEAD"]).exitCode != 0)
      #expect(try await set.stemma.run(["merge", "theirs"]).exitCode == 1)
      try set.dataset.write("both\n", to: "README.md")
      try await set.git("commit", "-qam", "Merge")
      #expect(try await set.lines() == ["1", "2"])
      try await set.dataset.expectSound()
    }
  }

  @Test("a compaction and a rollback are steps of their own")
  func undoAfterRun() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      try await dataset.run("--samples", "4")
      let head = try await dataset.head()
      try await dataset.stemma("compact")
      #expect(try await dataset.head() != head)
      try await dataset.stemma("undo")
      #expect(try await dataset.head() == head)
      try await dataset.stemma("rollback", "HEAD~1")
      try await dataset.stemma("undo")
      #expect(try await dataset.head() == head)
      try await dataset.expectSound()
    }
  }

  @Test("what Stemma cannot check out is refused before anything moves")
  func foreignEntries() async throws {
    try await withLineDataset { set in
      try await set.importLines(["one"])
      let head = try await set.dataset.head()
      for (number, mode) in ["160000", "120000"].enumerated() {
        let branch = "strange\(number)"
        try await set.git("checkout", "-q", "-b", branch, "main")
        let id =
          mode == "160000" ? head : try await set.git("hash-object", "-w", "recipe.yaml").text
        try await set.git("update-index", "--add", "--cacheinfo", "\(mode),\(id),strange")
        try await set.git("commit", "-qm", "strange")
        try await set.git("checkout", "-qf", "main")
        for command in [["checkout", branch], ["merge", branch]] {
          let output = try await set.stemma.run(command)
          #expect(output.exitCode == 1, "\(command): \(output.errorText)")
          #expect(output.errorText.contains("'strange' is a link or another repository"))
        }
        #expect(try await set.dataset.head() == head)
        try await set.importLines(["one", "\(number)"])
        try await set.stemma("undo")
      }
      try await set.dataset.expectSound()
    }
  }

  @Test("git's variables lead nowhere else")
  func environment() async throws {
    try await withLineDataset { set in
      try await set.importLines(["one"])
      let parent = set.dataset.directory.deletingLastPathComponent()
      let victim = GitProgram(in: parent.appending(path: "victim", directoryHint: .isDirectory))
      try await GitProgram(in: parent)("init", "-q", "victim")
      try await victim("commit", "-q", "--allow-empty", "-m", "one")
      try await victim("commit", "-q", "--allow-empty", "-m", "two")
      let lost = try await victim("rev-parse", "HEAD").text
      try await victim("reset", "-q", "--hard", "HEAD~1")
      var stemma = set.stemma
      stemma.environment["GIT_DIR"] = parent.appending(path: "victim/.git").path
      _ = try await stemma.output(of: ["gc", "--apply", "--forget-undo", "--older-than", "0"])
      #expect(try await victim("cat-file", "-t", lost).text == "commit")
      #expect(try await victim("reflog").lines.count == 3)
    }
  }
}
