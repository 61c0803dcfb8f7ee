import Foundation
import TestSupport
import Testing

@Suite("hooks of commits", .serialized)
struct CommitHookTests {
  @Test("what is staged counts, and a text that cannot be read is refused")
  func staged() async throws {
    try await withLineDataset { set in
      let dataset = set.dataset
      let recipe = try dataset.read("recipe.yaml")
      try dataset.write(recipe + "sampels: 3\n", to: "recipe.yaml")
      try await dataset.expectRefusal("git commit -qam broken", "unknown key 'sampels'")
      // The file is good again, and what is staged is not.
      try await dataset.expectHooked("git add recipe.yaml")
      try dataset.write(recipe, to: "recipe.yaml")
      try await dataset.expectRefusal("git commit -qm broken", "unknown key 'sampels'")
      try await dataset.expectHooked("git add recipe.yaml && git commit -q --allow-empty -m good")
      try await dataset.expectHooked(
        "git worktree add -q ../tree -b other && cd ../tree && echo more >> README.md "
          + "&& git commit -qam tree && echo broken: 1 >> recipe.yaml && ! git commit -qam no")
      try await dataset.expectHooked(
        "echo all >> README.md && git --work-tree=. --git-dir=.git commit -q README.md -m part")
    }
  }

  private static let keys = [
    "sk-" + "abcDEF0123456789abcDEF01", "sk-ant-" + "api03-Ab12Cd34Ef56Gh78Ij90Kl12-x",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv", "hf_" + "abcdefghij0123456789KLMNOPQRST",
    "ghp_" + "0123456789abcdefghij0123456789abcdef",
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----", "value-of-the-variable",
  ]

  @Test("keys are refused by file and line, and never shown", arguments: keys)
  func secrets(secret: String) async throws {
    try await withLineDataset { set in
      let dataset = set.dataset
      // A variable that the recipe names.
      try dataset.write(
        try dataset.read("recipe.yaml") + "# the end\n", to: "recipe.yaml")
      let text = "one\ntwo\nkey = \(secret)\n"
      try dataset.write(text, to: "notes.txt")
      try dataset.write(
        try dataset.read("recipe.yaml").replacing(
          /(?m)^(    model: .*)$/, with: { "\($0.output.1)\n    api-key-variable: TEST_KEY" }),
        to: "recipe.yaml")
      let output = try await dataset.hooked(
        "git add -A && git commit -qm keys", variables: ["TEST_KEY": "value-of-the-variable"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("stemma: notes.txt:3: here stands"), "\(output.errorText)")
      #expect(!output.errorText.contains(secret))
      try dataset.write("sk-learn-like-words-2024 and task-abcdef\n", to: "notes.txt")
      try await dataset.expectHooked("git add -A && git commit -qm words")
    }
  }

  @Test("staged artifacts are what their names say")
  func artifacts() async throws {
    try await withLineDataset { set in
      try await set.importLines(LineDataset.lines(0..<20))
      let dataset = set.dataset
      let name = String(repeating: "ab", count: 32)
      let path = "imports/ab/\(name).jsonl.zst"
      let commit = " && git update-index --add --cacheinfo 100644,$b,\(path) && git commit -qm x"
      let reset = "git reset -q"
      for (script, message) in [
        ("b=$(git rev-parse HEAD:$(git ls-files imports))", "its bytes do not hash to its name"),
        ("b=$(echo text | git hash-object -w --stdin)", "not one zstd frame"),
        ("b=$(echo '{}' | zstd -q | git hash-object -w --stdin)", "not one zstd frame"),
      ] {
        try await dataset.expectRefusal(script + commit, message)
        try await dataset.expectHooked(reset)
      }
      try await dataset.expectRefusal(
        "ln -s /etc/passwd samples && git add --sparse -f samples && git commit -qm x",
        "samples: it is a link")
      try await dataset.expectHooked("\(reset) && rm samples")
      try await dataset.expectRefusal(
        "b=$(git rev-parse HEAD:recipe.yaml) && git update-index --add --cacheinfo "
          + "100644,$b,Recipe.YAML && git commit -qm x",
        "where case does not count it would be 'recipe.yaml'")
    }
  }

  @Test("amend, rebase, cherry-pick and merge go on with the messages of runs")
  func messages() async throws {
    try await withSums { dataset in
      try await dataset.expectHooked(
        "git commit -q --amend --no-edit && git commit -q --amend -m x")
      try await dataset.expectHooked("git reset -q --hard HEAD@{2}")
      try await dataset.expectHooked(
        "git checkout -q -b side HEAD~1 && echo side >> README.md && git commit -qam side "
          + "&& git cherry-pick main && git commit -q --amend --no-edit")
      try await dataset.expectHooked(
        "git checkout -q -b more main && echo more > notes.md && git add notes.md "
          + "&& git commit -qm notes && git rebase -q side && git merge -q --no-edit main")
      #expect(try await dataset.git("status", "--porcelain").text == "")
      #expect(try await dataset.samples().count == 8)
      try await dataset.expectSound()
    }
  }

  @Test("messages that contradict themselves are refused, and comments do not count")
  func contradictions() async throws {
    try await withLineDataset { set in
      let tree = String(repeating: "1", count: 40)
      let other = String(repeating: "2", count: 40)
      for (trailers, message) in [
        ("Dataset-Tree: \(tree)\nDataset-Tree: \(other)", "'Dataset-Tree' stands there 2 times"),
        ("Dataset-Tree: main", "'Dataset-Tree: main' is no name of a tree"),
        ("Dataset-Digest: 12", "'Dataset-Digest: 12' is no digest"),
        ("Stage: samples 1 2 3", "is no stage with three digests"),
        ("Run-Id: 20260101T000000Z-12345678", "there is no record of run"),
      ] {
        try set.dataset.write("title\n\n\(trailers)\n# a comment\n", to: "../message")
        let script = "git commit -q --allow-empty --cleanup=strip -F ../message"
        try await set.dataset.expectRefusal(script, message)
        try set.dataset.write("title\n\ntext\n# \(trailers)\n", to: "../message")
        try await set.dataset.expectHooked(script)
      }
    }
  }
}
