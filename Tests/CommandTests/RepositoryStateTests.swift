import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("a folder in another state", .serialized)
struct RepositoryStateTests {
  @Test(
    "where there is no dataset every command says so, with a way on",
    arguments: [
      ["run"], ["status"], ["log"], ["show"], ["list", "samples"], ["cat", "abcd"],
      ["trace", "abcd"], ["diff"], ["rollback", "HEAD~1"], ["verify"],
    ])
  func noDataset(arguments: [String]) async throws {
    try await withTemporaryDirectory { directory in
      let output = try await StemmaProgram(in: directory).run(arguments)
      #expect(output.exitCode == 3)
      #expect(output.errorText.contains("no dataset in '\(directory.path)"), "\(output.errorText)")
      #expect(output.errorText.contains("hint: make one with 'stemma init', or name its folder"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
  }

  @Test("a repository that is no dataset is told from one")
  func plainRepository() async throws {
    try await withTemporaryDirectory { directory in
      try await GitProgram(in: directory)("init", "-q")
      for arguments in [["run"], ["status"]] {
        let output = try await StemmaProgram(in: directory).run(arguments)
        #expect(output.exitCode == 3, "\(arguments)")
        #expect(output.errorText.contains("there is no 'recipe.yaml'"))
        #expect(output.errorText.contains("stemma init"))
      }
      for arguments in [["log"], ["show"], ["list", "samples"]] {
        let output = try await StemmaProgram(in: directory).run(arguments)
        #expect(output.exitCode == 3, "\(arguments)")
        #expect(output.errorText.contains("no version 'HEAD'"), "\(output.errorText)")
      }
    }
  }

  @Test("-C names another folder, also one below the dataset's own")
  func directoryOption() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let elsewhere = StemmaProgram(in: dataset.directory.deletingLastPathComponent())
      let log = try await dataset.stemma("log").text
      #expect(try await elsewhere("log", "-C", "sums").text == log)
      #expect(try await elsewhere("log", "--dataset", "sums/prompts").text == log)
    }
  }

  @Test("a run on no branch is refused before anything is asked")
  func detachedHead() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      try await dataset.git("checkout", "-q", "--detach")
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("HEAD names no branch"))
      #expect(output.errorText.contains("git switch -c NAME"))
      #expect(script.requestCount == 0)
      #expect(try await dataset.stemma("status").exitCode == 0)
      try await dataset.git("switch", "-q", "-c", "other")
      #expect(try await dataset.run().kept == 3)
      let rollback = try await dataset.stemma("rollback", "HEAD~1")
      #expect(rollback.text.contains("Version: "))
      try await dataset.git("checkout", "-q", "--detach")
      #expect(try await dataset.stemma.run(["rollback", "HEAD~1"]).exitCode == 1)
      try await dataset.expectSound()
    }
  }

  @Test("a bare repository can be looked at and not run")
  func bare() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let parent = dataset.directory.deletingLastPathComponent()
      try await GitProgram(in: parent)("clone", "-q", "--bare", "sums", "bare.git")
      let bare = TestDataset(at: parent.appending(path: "bare.git", directoryHint: .isDirectory))
      #expect(try await bare.samples().count == 3)
      #expect(try await bare.datasetDigest() == dataset.datasetDigest())
      #expect(try await bare.stemma("log").lines.count == 3)
      for command in ["run", "status"] {
        let output = try await bare.stemma.run([command])
        #expect(output.exitCode == 1)
        #expect(output.errorText.contains("bare repository"), "\(output.errorText)")
      }
      #expect(try await bare.stemma("verify").text.hasPrefix("Clean:"))
    }
  }

  @Test("a rollback does not overwrite what is in no version")
  func rollback() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let digest = try await dataset.datasetDigest()
      try await dataset.run("--samples", "4")
      let text = try dataset.read("recipe.yaml") + "# mine\n"
      try dataset.write(text, to: "recipe.yaml")
      let output = try await dataset.stemma.run(["rollback", "HEAD~1"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("'recipe.yaml' has changes that are in no version"))
      #expect(try dataset.read("recipe.yaml") == text)
      try await dataset.git("checkout", "-q", "--", "recipe.yaml")
      let done = try await dataset.objects("rollback", "HEAD~1")
      #expect(done.first?["type"] == "rollback")
      #expect(try dataset.read("recipe.yaml").contains("samples: 3"))
      #expect(try await dataset.datasetDigest() == digest)
      #expect(try await dataset.run().isUpToDate)
      try await dataset.expectSound()
    }
  }

  @Test("what is staged beside a run stays staged, and no other file is touched")
  func stagedFiles() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try dataset.write("notes\n", to: "notes.txt")
      try dataset.write("loose\n", to: "loose.txt")
      try await dataset.git("add", "notes.txt")
      try await dataset.run()
      let status = try await dataset.git("status", "--porcelain")
      #expect(status.lines == ["A  notes.txt", "?? loose.txt"])
    }
  }

  @Test("files that cannot be put in place after a version was made follow with the next run")
  func lateFiles() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      // A file stands where a folder must be.
      try dataset.write("in the way", to: "taxonomies")
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("cannot write 'taxonomies/"), "\(output.errorText)")
      try await dataset.expectSound(isCommitted: false)
      try FileManager.default.removeItem(at: dataset.directory.appending(path: "taxonomies"))
      let asked = script.requestCount
      let result = try await dataset.run()
      #expect(result.kept == 3)
      #expect(script.log.seeds[..<asked].allSatisfy { !script.log.seeds[asked...].contains($0) })
      try await dataset.expectSound()
    }
  }

  @Test("an index of git that is locked when a version was made follows with the next run")
  func lateIndex() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      try dataset.write("", to: ".git/index.lock")
      let output = try await dataset.stemma.run(["run", "--samples", "5"])
      #expect(output.exitCode == 4)
      #expect(output.errorText.contains("another program holds its lock"), "\(output.errorText)")
      try FileManager.default.removeItem(at: dataset.directory.appending(path: ".git/index.lock"))
      #expect(try await dataset.run().kept == 5)
      try await dataset.expectSound()
      #expect(try await dataset.samples().count == 5)
    }
  }
}
