import Foundation
import Git
import TestSupport
import Testing

@Suite("Index and working tree")
struct IndexTests {
  /// Commits text files that are written out, and samples that are not, as a run does.
  private func commitHidden(_ test: TestRepository, samples: Int = 5) throws {
    let texts = ["recipe.yaml": "a: 1\n", "prompts/x.mustache": "hi\n"]
    var files: [String: String?] = [:]
    for (path, text) in texts {
      files[path] = text
      try test.write(text, to: path)
    }
    for number in 0..<samples { files["samples/\(number % 7)/\(number).zst"] = "\(number)" }
    try test.commit(files)
    try test.repository.hideFromWorkingTree(folders: ["samples", "rejections"])
    try test.repository.updateIndex(
      files.map { path, text in
        IndexChange(
          path: path,
          entry: PathContent(id: ObjectID(hashing: .blob, Array((text ?? "").utf8))),
          skipsWorkingTree: path.hasPrefix("samples/"))
      })
  }

  private func expectClean(_ test: TestRepository) async throws {
    let status = try await test.git("status", "--porcelain")
    #expect(status.text + status.errorText == "")
  }

  @Test("git finds a tree with hidden files clean, whatever it does")
  func clean() async throws {
    try await withRepository { test in
      try commitHidden(test)
      try await expectClean(test)
      let entries = try test.repository.indexEntries()
      #expect(entries.count == 7)
      #expect(entries.filter(\.skipsWorkingTree).allSatisfy { $0.path.hasPrefix("samples/") })
      #expect(entries.filter(\.skipsWorkingTree).count == 5)

      try await test.git("checkout", "-q", "-b", "topic")
      try await expectClean(test)
      try await test.git("stash")
      try await test.git("add", "-A")
      try await expectClean(test)
      try await test.git("diff", "--quiet", "--cached", "HEAD")
      try test.write("a: 2\n", to: "recipe.yaml")
      #expect(try await test.git("status", "--porcelain").text == " M recipe.yaml")
      try await test.git("stash")
      try await expectClean(test)
      try await test.git("stash", "pop")
      try await test.git("commit", "-q", "-am", "edit")
      try await test.git("checkout", "-q", "main")
      try await expectClean(test)
      try await test.git("rebase", "-q", "main", "topic")
      try await expectClean(test)
      try await test.git("sparse-checkout", "reapply")
      try await expectClean(test)
      #expect(!test.fileExists("samples"))
      try await test.git("fsck", "--full", "--strict")
    }
  }

  @Test("a file that differs from its entry shows as modified, one that is equal needs no reading")
  func fileStatus() async throws {
    try await withRepository { test in
      try commitHidden(test)
      let listed = try await test.git("ls-files", "--debug", "recipe.yaml")
      #expect(listed.text.contains("size: 5"))
      try test.write("edited later\n", to: "recipe.yaml")
      let id = ObjectID(hashing: .blob, Array("a: 1\n".utf8))
      try test.repository.updateIndex(
        [IndexChange(path: "recipe.yaml", entry: PathContent(id: id))])
      #expect(try await test.git("status", "--porcelain").text == " M recipe.yaml")
      try test.repository.updateIndex([IndexChange(path: "prompts/x.mustache", entry: nil)])
      let paths = try test.repository.indexEntries().map(\.path)
      #expect(!paths.contains("prompts/x.mustache"))
      try test.repository.updateIndex([IndexChange(path: "prompts/none", entry: nil)])
    }
  }

  @Test("what others staged stays staged")
  func keepsOthers() async throws {
    try await withRepository { test in
      try commitHidden(test)
      try test.write("note\n", to: "note.txt")
      try await test.git("add", "note.txt")
      try await test.git("update-index", "--assume-unchanged", "prompts/x.mustache")
      let before = try await test.git("ls-files", "-s", "-t", "-v")
      let id = ObjectID(hashing: .blob, Array("0".utf8))
      try test.repository.updateIndex([
        IndexChange(path: "samples/0/0.zst", entry: nil),
        IndexChange(
          path: "samples/0/new.zst", entry: PathContent(id: id), skipsWorkingTree: true),
      ])
      let after = try await test.git("ls-files", "-s", "-t", "-v")
      let expected = before.text.replacing("samples/0/0.zst", with: "samples/0/new.zst")
      #expect(Set(after.lines) == Set(expected.split(separator: "\n").map(String.init)))
      let status = try await test.git("status", "--porcelain").lines
      #expect(status.contains("A  note.txt"))
    }
  }

  @Test("an index of many entries is written and read")
  func large() async throws {
    try await withRepository { test in
      try commitHidden(test, samples: 20_000)
      #expect(try test.repository.indexEntries().count == 20_002)
      try await expectClean(test)
    }
  }

  @Test("a locked index is told and stays as it is")
  func locked() async throws {
    try await withRepository { test in
      try commitHidden(test)
      try test.write("", to: ".git/index.lock")
      let error = #expect(throws: GitError.self) {
        try test.repository.updateIndex([IndexChange(path: "recipe.yaml", entry: nil)])
      }
      #expect(error?.code == .locked)
      try FileManager.default.removeItem(at: test.root.appending(path: ".git/index.lock"))
      #expect(try test.repository.indexEntries().count == 7)
      try await expectClean(test)
    }
  }

  @Test("an entry that resolves a conflict removes its sides")
  func conflicts() async throws {
    try await withRepository { test in
      try commitHidden(test)
      try await test.git("checkout", "-q", "-b", "topic")
      try test.write("b\n", to: "recipe.yaml")
      try await test.git("commit", "-q", "-am", "b")
      try await test.git("checkout", "-q", "main")
      try test.write("c\n", to: "recipe.yaml")
      try await test.git("commit", "-q", "-am", "c")
      #expect(try await test.git.run(["merge", "topic"]).exitCode != 0)
      #expect(try test.repository.indexEntries().filter(\.isConflict).count == 3)
      let id = ObjectID(hashing: .blob, Array("c\n".utf8))
      try test.repository.updateIndex(
        [IndexChange(path: "recipe.yaml", entry: PathContent(id: id))])
      #expect(try test.repository.indexEntries().filter(\.isConflict).isEmpty)
      #expect(try await test.git("ls-files", "-u").text == "")
    }
  }

  @Test("hiding keeps patterns that somebody set, and comes into force once")
  func patterns() async throws {
    try await withRepository { test in
      #expect(try test.repository.usesSparseCheckout == nil)
      try commitHidden(test)
      #expect(try test.repository.usesSparseCheckout == true)
      let listed = try await test.git("sparse-checkout", "list")
      #expect(listed.lines == ["/*", "!/samples/", "!/rejections/"])
      #expect(listed.errorText == "")
      try await test.git("sparse-checkout", "add", "!/notes/")
      try test.repository.hideFromWorkingTree(folders: ["samples", "verdicts"])
      #expect(
        try await test.git("sparse-checkout", "list").lines
          == ["/*", "!/samples/", "!/rejections/", "!/notes/", "!/verdicts/"])
      for folder in ["", "..", "a*", "a\nb", ".git"] {
        let error = #expect(throws: GitError.self) {
          try test.repository.hideFromWorkingTree(folders: [folder])
        }
        #expect(error?.code == .invalid)
      }
    }
  }

  @Test("clearing removes unmodified files of a plain clone, and only those")
  func clearing() async throws {
    try await withTemporaryDirectory { directory in
      let test = try TestRepository(in: directory)
      try commitHidden(test)
      let root = directory.appending(path: "clone", directoryHint: .isDirectory)
      try await test.git(
        "clone", "-q", test.root.path(percentEncoded: false), root.path(percentEncoded: false))
      let git = GitProgram(in: root)
      let repository = try Repository.open(at: root)
      let files = FileManager.default
      #expect(files.fileExists(atPath: root.path + "/samples/3/3.zst"))
      try Data("mine".utf8).write(to: root.appending(path: "samples/3/3.zst"))
      try Data("mine".utf8).write(to: root.appending(path: "samples/4/untracked"))

      try repository.hideFromWorkingTree(folders: ["samples"])
      #expect(try repository.clearWorkingTree(folders: ["samples"]) == ["samples/3/3.zst"])
      let status = try await git("status", "--porcelain").lines
      #expect(status == [" M samples/3/3.zst", "?? samples/4/untracked"])
      #expect(!files.fileExists(atPath: root.path + "/samples/0"))
      #expect(files.fileExists(atPath: root.path + "/samples/4/untracked"))
      #expect(files.fileExists(atPath: root.path + "/recipe.yaml"))
    }
  }

  @Test("clearing does not follow a link out of the working tree")
  func clearingLinks() async throws {
    try await withTemporaryDirectory { directory in
      let test = try TestRepository(in: directory)
      try test.commit(["samples/a": "precious", "samples/\u{301}b": "precious"])
      try await test.git("reset", "-q", "--hard")
      let outside = directory.appending(path: "outside")
      try FileManager.default.moveItem(at: test.root.appending(path: "samples"), to: outside)
      try FileManager.default.createSymbolicLink(
        at: test.root.appending(path: "samples"), withDestinationURL: outside)
      _ = try test.repository.clearWorkingTree(folders: ["samples"])
      let names = try FileManager.default.contentsOfDirectory(atPath: outside.path)
      #expect(names.count == 2)
    }
  }
}
