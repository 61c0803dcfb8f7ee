import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma clone, push and pull", .serialized)
struct ShareTests {
  private func remote(_ dataset: TestDataset) async throws -> String {
    let parent = dataset.directory.deletingLastPathComponent()
    try await GitProgram(in: parent)("init", "-q", "--bare", "remote.git")
    let path = parent.appending(path: "remote.git").path(percentEncoded: false)
    try await dataset.git("remote", "add", "origin", path)
    return path
  }

  private func clone(
    _ address: String, of dataset: TestDataset, _ name: String, _ options: String...
  ) async throws -> TestDataset {
    let parent = dataset.directory.deletingLastPathComponent()
    let program = StemmaProgram(in: parent)
    _ = try await program.output(of: ["clone", address, name] + options)
    return TestDataset(at: parent.appending(path: name, directoryHint: .isDirectory))
  }

  @Test("an empty repository of a host becomes a dataset")
  func emptyRemote() async throws {
    try await withTemporaryDirectory { parent in
      try await GitProgram(in: parent)("init", "-q", "--bare", "-b", "trunk", "host.git")
      try await GitProgram(in: parent)("clone", "-q", "host.git", "set")
      let dataset = TestDataset(at: parent.appending(path: "set", directoryHint: .isDirectory))
      let none = try await dataset.stemma.run(["import", "/dev/null"])
      #expect(none.errorText.contains("'stemma init' here makes the first one"))
      try await dataset.stemma("init", "--recipe", "blank")
      try await dataset.expectSound()
      try await dataset.stemma("push")
      let clone = try await StemmaProgram(in: parent).run(["clone", "host.git", "copy"])
      #expect(clone.exitCode == 0, "\(clone.errorText)")
      let again = try await dataset.stemma.run(["init", "."])
      #expect(again.exitCode == 1)
      try await dataset.git("checkout", "-q", "--orphan", "other")
      try await dataset.git("rm", "-rfq", ".")
      let branch = try await dataset.stemma.run(["log"])
      #expect(branch.errorText.contains("the present branch has no version yet"))
    }
  }

  @Test("versions and answers travel both ways, and nothing is asked twice")
  func bothWays() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.samples = 3 }) { dataset, recipe, _ in
      try await dataset.run()
      let address = try await remote(dataset)
      try await dataset.stemma("push")
      let copy = try await clone(address, of: dataset, "copy")
      #expect(try await copy.git("status", "--porcelain").text == "")
      #expect(
        !FileManager.default.fileExists(atPath: copy.directory.appending(path: "samples").path))
      #expect(
        FileManager.default.isExecutableFile(
          atPath: copy.directory.appending(path: ".git/hooks/pre-commit").path))
      let asked = script.requestCount
      #expect(try await copy.run().isUpToDate)

      var larger = recipe
      larger.samples = 5
      try copy.write(larger)
      let grown = try await copy.run()
      #expect(grown.kept == 5 && grown.asked > 0 && grown.cached > 0)
      try await copy.stemma("push")
      let output = try await dataset.stemma("pull")
      #expect(output.text.contains("Moved on to 'origin/main'"))
      #expect(try await dataset.datasetDigest() == copy.datasetDigest())
      // The same recipe again on the other side of the fork: all answers are there.
      try await dataset.stemma("checkout", "-b", "again", "HEAD~1")
      try dataset.write(larger)
      #expect(try await dataset.run().asked == 0)
      #expect(try await dataset.datasetDigest() == copy.datasetDigest())
      #expect(script.requestCount == asked + grown.asked)
      try await dataset.expectSound()
      try await copy.expectSound()
    }
  }

  @Test("a branch goes on following the remote that it was sent to first")
  func upstream() async throws {
    try await withLineDataset { set in
      _ = try await remote(set.dataset)
      let parent = set.dataset.directory.deletingLastPathComponent()
      try await GitProgram(in: parent)("init", "-q", "--bare", "backup.git")
      try await set.git("remote", "add", "backup", "../backup.git")
      func upstream() async throws -> String {
        try await set.git("rev-parse", "--abbrev-ref", "@{upstream}").text
      }
      try await set.stemma("push", "backup")
      #expect(try await upstream() == "backup/main")
      try await set.importLines(["one"])
      try await set.stemma("push")
      #expect(try await upstream() == "backup/main")
      let head = try await set.dataset.head()
      #expect(try await set.git("rev-parse", "origin/main").text == head)
      try await set.git("branch", "--unset-upstream")
      try await set.stemma("push")
      #expect(try await upstream() == "origin/main")
    }
  }

  @Test("both sides go on and a pull merges")
  func merge() async throws {
    try await withLineDataset { set in
      try await set.importLines(LineDataset.lines(0..<10))
      let address = try await remote(set.dataset)
      try await set.stemma("push", "origin", "--tags")
      let copy = LineDataset(dataset: try await clone(address, of: set.dataset, "copy"))
      try await copy.importLines(LineDataset.lines(0..<12))
      try await copy.stemma("push")
      try await set.importLines(LineDataset.lines(2..<10))
      let refused = try await set.stemma.run(["push"])
      #expect(refused.exitCode == 1)
      #expect(refused.errorText.contains("rejected"))
      #expect(try await set.stemma.run(["pull", "--ff-only"]).exitCode == 1)
      try await set.stemma("pull")
      #expect(try await set.lines() == Set(LineDataset.lines(2..<12)))
      try await set.stemma("push")
      try await copy.stemma("pull")
      #expect(try await copy.lines() == Set(LineDataset.lines(2..<12)))
      try await copy.dataset.expectSound()
      try await set.dataset.expectSound()
    }
  }

  @Test("a folder that was copied with its writer's name gets another one, and no answer is lost")
  func copiedFolder() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, recipe, _ in
      try await dataset.run()
      _ = try await remote(dataset)
      try await dataset.stemma("push")
      let parent = dataset.directory.deletingLastPathComponent()
      let moved = parent.appending(path: "moved")
      try FileManager.default.copyItem(at: dataset.directory, to: moved)
      let copy = TestDataset(at: moved)
      // As if the machine's own name and path were those of the original.
      let reference = try #require(
        try await dataset.git("for-each-ref", "--format=%(refname)", "refs/stemma/calls").lines
          .first)
      for (side, samples) in [(dataset, 4), (copy, 5)] {
        var larger = recipe
        larger.samples = samples
        try side.write(larger)
        try await side.run()
      }
      let own = try await copy.git("for-each-ref", "--format=%(refname)", "refs/stemma/calls").lines
      #expect(own.count == 2 && own.contains(reference))
      try await dataset.stemma("push")
      try await copy.git("push", "-q", "origin", "HEAD:refs/heads/other")
      try await copy.stemma("checkout", "-b", "other")
      try await copy.stemma("push")
      let fresh = try await clone(
        parent.appending(path: "remote.git").path(percentEncoded: false), of: dataset, "fresh")
      for (side, samples) in [(dataset, 4), (copy, 5)] {
        _ = side
        var larger = recipe
        larger.samples = samples
        try fresh.write(larger)
        #expect(try await fresh.run().asked == 0)
      }
      try await fresh.expectSound()
    }
  }

  @Test("what is wrong with a remote is said")
  func mistakes() async throws {
    try await withLineDataset { set in
      let parent = set.dataset.directory.deletingLastPathComponent()
      for command in ["push", "pull"] {
        let output = try await set.stemma.run([command])
        #expect(output.exitCode == 64)
        #expect(output.errorText.contains("there is no remote 'origin'"))
        #expect(output.errorText.contains("git remote add origin URL"))
      }
      for address in ["nothing-here", "--upload-pack=touch x", "ext::sh -c touch% x"] {
        let output = try await StemmaProgram(in: parent).run(["clone", "--", address, "new"])
        #expect(output.exitCode == 1, "\(address)")
        #expect(output.errorText.contains("git clone failed"), "\(output.errorText)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == ["set"])
      }
    }
  }
}
