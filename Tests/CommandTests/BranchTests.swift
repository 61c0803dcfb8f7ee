import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma branch, tag, checkout and undo", .serialized)
struct BranchTests {
  private typealias Lines = LineDataset

  @Test("branches and tags are made, listed and removed, and nothing is removed unawares")
  func names() async throws {
    try await withLineDataset { set in
      try await set.importLines(Lines.lines(0..<10))
      try await set.stemma("branch", "older", "HEAD~1")
      try await set.stemma("tag", "v1")
      try await set.stemma("tag", "v2", "HEAD", "-m", "The second one")
      #expect(try await set.git("cat-file", "-t", "v2").text == "tag")
      #expect(
        try await set.git("for-each-ref", "refs/tags/v2", "--format=%(subject)").text
          == "The second one")
      let head = try await set.dataset.head()
      let branches = try await set.dataset.objects("branch")
      #expect(branches.map { $0["name"]?.string } == ["main", "older"])
      #expect(branches.map { $0["present"]?.bool } == [true, false])
      let tags = try await set.dataset.objects("tag")
      #expect(tags.map { $0["version"]?.string } == [head, head])
      for taken in [["branch", "older"], ["tag", "v1"]] {
        let output = try await set.stemma.run(taken)
        #expect(output.exitCode == 1)
        #expect(output.errorText.contains("exists already"), "\(output.errorText)")
      }
      for (name, other) in [("older/one", "older"), ("main/x", "main")] {
        let output = try await set.stemma.run(["branch", name])
        #expect(output.exitCode == 1)
        #expect(output.errorText.contains("'\(name)' and '\(other)' cannot both be"))
      }
      for name in ["a..b", "-x", "a b", "", "a.lock", "@{1}"] {
        #expect(try await set.stemma.run(["branch", "--", name]).exitCode != 0, "\(name)")
        #expect(try await set.stemma.run(["tag", "--", name, "HEAD"]).exitCode != 0, "\(name)")
      }
      #expect(
        try await set.stemma.run(["branch", "-d", "main"]).errorText.contains("present branch"))
      try await set.stemma("branch", "-d", "older")
      try await set.stemma("checkout", "-b", "alone")
      try await set.importLines(Lines.lines(0..<11))
      try await set.stemma("checkout", "main")
      let refused = try await set.stemma.run(["branch", "-d", "alone"])
      #expect(refused.exitCode == 1)
      #expect(refused.errorText.contains("no other branch or tag has its versions"))
      try await set.stemma("branch", "-d", "alone", "--force")
      try await set.stemma("tag", "-d", "v1")
      #expect(try await set.stemma.run(["tag", "-d", "v1"]).exitCode == 3)
      let names = try await set.git("for-each-ref", "--format=%(refname)").lines
      #expect(
        names == [
          "refs/heads/main", "refs/tags/v2",
        ])
      try await set.dataset.expectSound()
    }
  }

  @Test("checkout goes to branches and versions, and git agrees")
  func checkout() async throws {
    try await withLineDataset { set in
      try await set.importLines(Lines.lines(0..<10))
      try await set.stemma("checkout", "-b", "topic")
      try set.dataset.write("# mine\n" + set.dataset.read("recipe.yaml"), to: "recipe.yaml")
      try set.dataset.write("new\n", to: "new.txt")
      try await set.git("add", ".")
      try await set.git("commit", "-qm", "mine")
      try await set.importLines(Lines.lines(5..<20))
      try await set.dataset.expectSound()
      try await set.stemma("checkout", "main")
      #expect(try !set.dataset.read("recipe.yaml").hasPrefix("# mine"))
      #expect(throws: (any Error).self) { try set.dataset.read("new.txt") }
      #expect(try await set.lines() == Set(Lines.lines(0..<10)))
      try await set.dataset.expectSound()
      try await set.git("checkout", "-q", "-")
      #expect(try await set.git("branch", "--show-current").text == "topic")
      #expect(try await set.lines() == Set(Lines.lines(5..<20)))
      try await set.dataset.expectSound()

      try await set.stemma("checkout", "main~1")
      #expect(try await set.git("branch", "--show-current").text == "")
      try await set.dataset.expectSound()
      let output = try await set.stemma.run(["import", "/dev/null"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("HEAD names no branch"))
      #expect(try await set.stemma.run(["checkout", "nothing"]).exitCode == 3)
      try await set.stemma("checkout", "topic")
      #expect(try set.dataset.read("new.txt") == "new\n")
      try await set.dataset.expectSound()
    }
  }

  @Test(
    "a file with changes that are in no version is never overwritten",
    arguments: ["modified", "staged", "untracked"])
  func dirty(how: String) async throws {
    try await withLineDataset { set in
      try await set.stemma("checkout", "-b", "topic")
      try set.dataset.write("theirs\n", to: "new.txt")
      try set.dataset.write(set.dataset.read("recipe.yaml") + "# theirs\n", to: "recipe.yaml")
      try await set.git("add", ".")
      try await set.git("commit", "-qm", "theirs")
      try await set.stemma("checkout", "main")
      let path = how == "untracked" ? "new.txt" : "recipe.yaml"
      let text = how == "untracked" ? "mine\n" : try set.dataset.read(path) + "# mine\n"
      try set.dataset.write(text, to: path)
      if how == "staged" {
        try await set.git("add", path)
        try await set.git("cat-file", "blob", ":\(path)")
        let committed = try await set.git.run(["show", "HEAD:\(path)"])
        try set.dataset.write(committed.text + "\n", to: path)
      }
      let before = try set.dataset.read(path)
      let staged = try await set.git("ls-files", "-s").text
      for command in [["checkout", "topic"], ["merge", "topic"]] {
        let output = try await set.stemma.run(command)
        #expect(output.exitCode == 1, "\(command)")
        #expect(
          output.errorText.contains("'\(path)' has changes that are in no version"),
          "\(output.errorText)")
        #expect(try set.dataset.read(path) == before)
        #expect(try await set.git("ls-files", "-s").text == staged)
        #expect(try await set.git("branch", "--show-current").text == "main")
      }
    }
  }

  @Test("undo goes back step by step, redo forward, also over what plain git did")
  func undo() async throws {
    try await withLineDataset { set in
      var heads = [try await set.dataset.head()]
      for count in [10, 20] {
        try await set.importLines(Lines.lines(0..<count))
        heads.append(try await set.dataset.head())
      }
      try set.dataset.write("x\n", to: "note.txt")
      try await set.git("add", ".")
      try await set.git("commit", "-qm", "note")
      heads.append(try await set.dataset.head())
      try await set.stemma("rollback", "HEAD~1")
      heads.append(try await set.dataset.head())
      for head in heads.dropLast().reversed() {
        try await set.stemma("undo")
        #expect(try await set.dataset.head() == head)
        try await set.dataset.expectSound()
      }
      let end = try await set.stemma.run(["undo"])
      #expect(end.exitCode == 1)
      #expect(end.errorText.contains("nothing can be taken back"))
      for head in heads.dropFirst().prefix(2) {
        try await set.stemma("undo", "--redo")
        #expect(try await set.dataset.head() == head)
        try await set.dataset.expectSound()
      }
      // A new step after an undo: what was undone cannot be taken again.
      try await set.importLines(Lines.lines(0..<5))
      #expect(try await set.stemma.run(["undo", "--redo"]).exitCode == 1)
      try await set.stemma("undo")
      #expect(try await set.lines() == Set(Lines.lines(0..<20)))
      try set.dataset.write("mine\n", to: "dataset.json")
      try await set.stemma("undo")
      #expect(try set.dataset.read("dataset.json") == "mine\n")
    }
  }

  @Test("a run's sources and data are one step")
  func undoRun() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      let start = try await dataset.head()
      try await dataset.run()
      #expect(try await dataset.git("rev-list", "--count", "HEAD").text == "3")
      let end = try await dataset.head()
      let output = try await dataset.stemma.run(["undo"])
      // The recipe that was edited before the run is in its commit; it stays as it is on disk.
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(try await dataset.head() == start)
      try await dataset.stemma("undo", "--redo")
      #expect(try await dataset.head() == end)
      try await dataset.expectSound()
    }
  }
}
