import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// Git's own program on a dataset leaves Stemma working, and the reverse.
@Suite("plain git on a dataset", .serialized)
struct PlainGitTests {
  private typealias Lines = LineDataset

  @Test("merge, reset, gc, clone, worktree and bisect")
  func interplay() async throws {
    try await withLineDataset { set in
      for step in 1...6 { try await set.importLines(Lines.lines((step * 10)..<(100 + step * 20))) }
      let lines = try await set.lines()

      try await set.git("checkout", "-q", "-b", "topic", "HEAD~2")
      try await set.importLines(Lines.lines(40..<1000))
      try await set.git("checkout", "-q", "main")
      try await set.git("merge", "-q", "--no-edit", "topic")
      #expect(
        try await set.lines()
          == lines.union(Lines.lines(40..<1000)).subtracting(
            Lines.lines(0..<60)))
      try await set.dataset.expectSound()

      try await set.git("reset", "-q", "--hard", "HEAD~1")
      #expect(try await set.lines() == lines)
      try await set.dataset.expectSound()
      try await set.git("gc", "-q", "--prune=now", "--aggressive")
      #expect(try await set.lines() == lines)
      try await set.importLines(Lines.lines(0..<30))
      try await set.stemma("rollback", "HEAD~1")
      #expect(try await set.lines() == lines)
      try await set.dataset.expectSound()

      let parent = set.dataset.directory.deletingLastPathComponent()
      try await set.git("worktree", "add", "-q", "../tree", "topic")
      let tree = LineDataset(dataset: TestDataset(at: parent.appending(path: "tree")))
      #expect(try await tree.lines() == Set(Lines.lines(40..<1000)))
      try await tree.importLines(Lines.lines(0..<3))
      try await tree.dataset.expectSound()
      let refused = try await set.stemma.run(["checkout", "topic"])
      #expect(refused.errorText.contains("checked out in another working tree"))
      #expect(try await set.lines() == lines)
      try await set.git("worktree", "remove", "../tree")

      try await GitProgram(in: parent)("clone", "-q", "set", "copy")
      let copy = LineDataset(dataset: TestDataset(at: parent.appending(path: "copy")))
      #expect(try await copy.lines() == lines)
      try await copy.importLines(lines.union(["more"]).sorted())
      try await copy.dataset.expectSound()
      try await set.git("pull", "-q", "../copy", "main")
      #expect(try await set.lines() == lines.union(["more"]))
      try await set.dataset.expectSound()
    }
  }

  @Test("git bisect finds the version that brought a record")
  func bisect() async throws {
    try await withLineDataset { set in
      for step in 1...9 { try await set.importLines(Lines.lines(0..<(step * 3))) }
      let wanted = try await set.git("rev-parse", "HEAD~3").text
      try await set.git("bisect", "start", "HEAD", "HEAD~8")
      let script = set.stemma.directory.deletingLastPathComponent().appending(path: "test.sh")
      // Line 17 came with the sixth import.
      try Data(
        "#!/bin/sh\n! \"\(StemmaProgram.path)\" export imports | grep -q '\"n\":17,'\n".utf8
      ).write(to: script)
      let result = try await set.git("bisect", "run", "sh", script.path(percentEncoded: false))
      #expect(result.text.contains("\(wanted) is the first bad commit"), "\(result.text)")
      try await set.git("bisect", "reset")
      try await set.dataset.expectSound()
    }
  }

  @Test("gc shows what is unused and removes it only when told to")
  func garbage() async throws {
    try await withLineDataset { set in
      for step in 1...4 { try await set.importLines(Lines.lines(0..<(step * 100))) }
      try await set.stemma("undo")
      let left = try await set.git("rev-parse", "main@{1}").text
      func report(_ options: String...) async throws -> JSON {
        try #require(try await set.stemma.output(of: ["gc", "--json"] + options).objects.last)
      }
      let before = try await report()
      #expect(before["undo"]?["versions"]?.int == 1)
      #expect(before["unused"]?["versions"]?.int == 0)
      #expect(try await report("--apply", "--older-than", "0")["packs"]?.int == 1)
      try await set.stemma("undo", "--redo")
      #expect(try await set.dataset.head() == left)
      try await set.dataset.expectSound()
      try await set.stemma("undo")
      let text = try await set.stemma("gc")
      #expect(text.lines.first?.hasPrefix("In use ") == true)
      let after = try await report("--apply", "--forget-undo", "--older-than", "0")
      #expect(after["undo"]?["versions"]?.int == 0)
      #expect(after["freed-bytes"]?.int ?? 0 > 0)
      #expect(try await set.git.run(["cat-file", "-e", left]).exitCode != 0)
      #expect(try await set.lines() == Set(Lines.lines(0..<300)))
      try await set.dataset.expectSound()
      #expect(try await set.stemma.run(["gc", "--forget-undo"]).exitCode == 64)
    }
  }

  @Test("packs stay few, however many versions there are")
  func packs() async throws {
    try await withLineDataset { set in
      for step in 1...30 { try await set.importLines(Lines.lines(0..<step)) }
      let packs = try FileManager.default.contentsOfDirectory(
        atPath: set.dataset.directory.appending(path: ".git/objects/pack").path
      ).filter { $0.hasSuffix(".pack") }
      #expect(packs.count <= 21)
      #expect(try await set.lines() == Set(Lines.lines(0..<30)))
      #expect(try await set.lines(at: "HEAD~25") == Set(Lines.lines(0..<5)))
      try await set.dataset.expectSound()
    }
  }
}
