import Foundation
import TestSupport
import Testing

@Suite("hooks that follow git", .serialized)
struct FollowingHookTests {
  @Test("a checkout or merge by git leaves artifacts out of the working tree, silently")
  func clean() async throws {
    try await withLineDataset { set in
      try await set.importLines(LineDataset.lines(0..<50))
      let parent = set.dataset.directory.deletingLastPathComponent()
      try await GitProgram(in: parent)("clone", "-q", "set", "copy")
      let copy = TestDataset(at: parent.appending(path: "copy", directoryHint: .isDirectory))
      let imports = copy.directory.appending(path: "imports").path
      #expect(FileManager.default.fileExists(atPath: imports))
      try await copy.stemma("hook", "install")
      let output = try await copy.expectHooked("git checkout -q -b topic")
      #expect(output.text + output.errorText == "")
      #expect(!FileManager.default.fileExists(atPath: imports))
      #expect(try await copy.git("status", "--porcelain").text == "")

      try await set.importLines(LineDataset.lines(0..<60))
      let pull = try await copy.expectHooked("git pull -q origin main")
      #expect(pull.text + pull.errorText == "")
      #expect(!FileManager.default.fileExists(atPath: imports))
      #expect(try await LineDataset(dataset: copy).lines() == Set(LineDataset.lines(0..<60)))
      try await copy.expectSound()

      let tree = try await copy.expectHooked("git worktree add -q ../tree HEAD~1")
      #expect(tree.errorText == "")
      #expect(!FileManager.default.fileExists(atPath: parent.appending(path: "tree/imports").path))
    }
  }

  @Test("damage and locks are not in the way of git")
  func failures() async throws {
    try await withLineDataset { set in
      try await set.importLines(LineDataset.lines(0..<5))
      let dataset = set.dataset
      try await dataset.expectHooked("git checkout -q -b other")
      for damage in [
        "rm -rf .git/stemma && echo x > .git/stemma", "rm -f .git/stemma && mkdir .git/stemma",
        "flock .git/stemma/lock git checkout -q -B locked",
      ] {
        let output = try await dataset.expectHooked(
          "\(damage) && git checkout -q main && git checkout -q -")
        #expect(output.errorText == "", "\(damage)")
      }
      try await dataset.expectHooked("git checkout -q main")
      #expect(try await set.lines() == Set(LineDataset.lines(0..<5)))
    }
  }

  @Test("a push of damaged versions is refused where it comes from, and only new ones are read")
  func push() async throws {
    try await withLineDataset { set in
      let dataset = set.dataset
      try await set.importLines(LineDataset.lines(0..<5))
      try await set.git("init", "-q", "--bare", "../server.git")
      try await set.git("remote", "add", "origin", "../server.git")
      let silent = try await dataset.expectHooked("git push -q origin main")
      #expect(silent.errorText == "")
      let name = String(repeating: "cd", count: 32)
      try await dataset.expectHooked(
        """
        b=$(git rev-parse HEAD:$(git ls-files imports))
        git update-index --add --skip-worktree --cacheinfo 100644,$b,imports/cd/\(name).jsonl.zst
        git update-index --skip-worktree imports/cd/\(name).jsonl.zst
        git commit -q --no-verify -m damaged
        """)
      try await dataset.expectRefusal(
        "git push -q origin main", "its bytes do not hash to its name")
      #expect(
        try await set.git("ls-remote", "../server.git", "main").text
          .hasPrefix(set.git("rev-parse", "HEAD~1").text))
      // What the remote has is its own affair.
      try await dataset.expectHooked("git push -q --no-verify origin main")
      try await dataset.expectHooked(
        "git commit -q --allow-empty --no-verify -m more && git push -q origin main")
    }
  }
}
