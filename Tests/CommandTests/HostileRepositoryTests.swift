import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// Repositories that somebody made to do harm: an error in bounded memory, and nothing written elsewhere.
@Suite("a hostile repository", .serialized)
struct HostileRepositoryTests {
  /// Address space for the program; it reserves more than it uses.
  private static let memoryInKilobytes = 3 << 20
  private static let commands = [
    ["status"], ["log"], ["show"], ["list", "samples"], ["list", "imports"], ["cat", "abcd"],
    ["trace", "abcd"], ["diff"], ["verify"], ["verify", "--full"], ["verify", "--quick"],
    ["export", "imports"], ["compact"], ["rollback", "HEAD~1"], ["undo"], ["gc"], ["run"],
    ["checkout", "HEAD~1"],
  ]

  /// Runs commands on a commit; each must end by itself, and an error must say something.
  private func expectRefusals(
    _ set: LineDataset, _ commands: [[String]] = commands, isClean: Bool = false
  ) async throws {
    var dataset = set.dataset
    dataset.stemma.wrapper = [
      "sh", "-c", "ulimit -v \(Self.memoryInKilobytes); ulimit -t 60; exec \"$0\" \"$@\"",
    ]
    let parent = set.dataset.directory.deletingLastPathComponent()
    let before = try FileManager.default.contentsOfDirectory(atPath: parent.path).sorted()
    for command in commands {
      let output = try await dataset.stemma.run(command)
      #expect(output.exitCode >= 0, "\(command): ended by signal \(-output.exitCode)")
      if output.exitCode != 0 {
        #expect(output.errorText.contains("stemma: "), "\(command): \(output.errorText)")
      }
    }
    if !isClean {
      #expect(try await dataset.stemma.run(["verify", "--full"]).exitCode == 5)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path).sorted() == before)
  }

  /// Commits a tree as it is, whatever git thinks of it.
  private func commit(_ set: LineDataset, tree: String) async throws {
    let commit = try await set.git("commit-tree", "-p", "HEAD", "-m", "hostile", tree).text
    try await set.git("update-ref", "refs/heads/main", commit)
  }

  private func object(_ set: LineDataset, _ type: String, _ bytes: [UInt8]) async throws -> String {
    let arguments = ["hash-object", "-t", type, "-w", "--stdin", "--literally"]
    return try await set.git.run(arguments, input: bytes).text
  }

  private func entry(_ mode: String, _ name: String, _ id: String) -> [UInt8] {
    let raw = stride(from: 0, to: 40, by: 2).map { place in
      let start = id.index(id.startIndex, offsetBy: place)
      return UInt8(id[start..<id.index(start, offsetBy: 2)], radix: 16) ?? 0
    }
    return Array("\(mode) \(name)\0".utf8) + raw
  }

  /// The entries of the present tree, to which others are added.
  private func present(_ set: LineDataset) async throws -> [(
    mode: String, name: String, id: String
  )] {
    try await set.git("ls-tree", "HEAD").lines.map { line in
      let parts = line.split(whereSeparator: \.isWhitespace).map(String.init)
      return (parts[0] == "040000" ? "40000" : parts[0], parts[3], parts[2])
    }
  }

  private func tree(
    _ set: LineDataset, adding mode: String, _ name: String, _ id: String
  ) async throws -> String {
    let entries = try await present(set).filter { $0.name != name } + [(mode, name, id)]
    let sorted = entries.sorted {
      ($0.mode == "40000" ? $0.name + "/" : $0.name)
        < ($1.mode == "40000" ? $1.name + "/" : $1.name)
    }
    return try await object(set, "tree", sorted.flatMap { entry($0.mode, $0.name, $0.id) })
  }

  @Test(
    "names that leave the dataset", arguments: ["..", ".", ".git", ".GIT", "a/b", "", "x\u{1}\n"])
  func names(name: String) async throws {
    try await withLineDataset { set in
      try await set.importLines(["one"])
      let blob = try await object(set, "blob", Array("harm\n".utf8))
      let inner = try await object(set, "tree", entry("100644", "harm", blob))
      try await commit(set, tree: try await tree(set, adding: "40000", name, inner))
      try await expectRefusals(set, isClean: name == "x\u{1}\n")
    }
  }

  @Test(
    "links in the place of files and folders", arguments: ["recipe.yaml", "prompts", "samples"])
  func links(name: String) async throws {
    try await withLineDataset { set in
      try await set.importLines(["one"])
      let secret = set.dataset.directory.deletingLastPathComponent().appending(path: "secret")
      try Data("secret: text\n".utf8).write(to: secret)
      let target = try await object(set, "blob", Array("../secret".utf8))
      try await commit(set, tree: try await tree(set, adding: "120000", name, target))
      try await set.git("reset", "-q", "--hard")
      for command in Self.commands {
        let output = try await set.stemma.run(command)
        #expect(output.exitCode >= 0)
        #expect(!(output.text + output.errorText).contains("secret: text"), "\(command)")
      }
      #expect(try String(contentsOf: secret, encoding: .utf8) == "secret: text\n")
    }
  }

  @Test(
    "times that no calendar holds",
    arguments: [
      "9223372036854775807 +9999", "9223372036854775807 -9999", "67767976233529200 +0000",
      "-9223372036854775808 +0000", "9007199254740992 -0100",
      "99999999999999999999 +0000", "-1 +0000", "0 +99999999999999999", "1 -9223372036854775808",
    ])
  func times(time: String) async throws {
    try await withLineDataset { set in
      try await set.importLines(["one"])
      let text = try await set.git("cat-file", "commit", "HEAD").text
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        guard line.hasPrefix("author ") || line.hasPrefix("committer "),
          let end = line.lastIndex(of: ">")
        else { return String(line) }
        return line[...end] + " " + time
      }
      let id = try await object(set, "commit", Array((lines.joined(separator: "\n") + "\n").utf8))
      try await set.git("update-ref", "refs/heads/main", id)
      try await expectRefusals(
        set, [["log"], ["show"], ["status"], ["log", "--json"], ["trace", "--line", "one"]],
        isClean: true)
      // What is no number of 64 bits libgit2 refuses itself.
      guard !time.hasPrefix("99") else { return }
      let log = try await set.stemma.run(["log"])
      #expect(log.exitCode == 0)
      #expect(log.lines.count >= 2)
      if time == "9007199254740992 -0100" { #expect(log.text.contains("285428751-11-12 06:36")) }
    }
  }

  @Test("shards that unpack to gigabytes, or hold a line of that size")
  func bombs() async throws {
    try await withLineDataset { set in
      try await set.importLines(["one"])
      let folder = set.dataset.directory.deletingLastPathComponent()
      let base = try await set.dataset.head()
      for (number, script) in [
        "head -c 3000000000 /dev/zero | zstd -q -1",
        "{ head -c 300000000 /dev/zero | tr '\\0' x; echo; } | zstd -q -1 --stream-size=300000001",
        "head -c 268000000 /dev/zero | tr '\\0' '\\n' | zstd -q -1 --stream-size=268000000",
      ].enumerated() {
        let made = try await shell(script + " > bomb", in: folder)
        #expect(made.exitCode == 0)
        let bytes = Array(try Data(contentsOf: folder.appending(path: "bomb")))
        let blob = try await object(set, "blob", bytes)
        let hex = String(repeating: "ab", count: 32)
        let inner = try await object(set, "tree", entry("100644", "\(hex).jsonl.zst", blob))
        let kind = try await object(set, "tree", entry("40000", "ab", inner))
        let name = ["samples", "imports", "verdicts"][number]
        try await commit(set, tree: try await tree(set, adding: "40000", name, kind))
        try await expectRefusals(set)
        try await set.git("symbolic-ref", "HEAD", "refs/heads/main")
        try await set.git("update-ref", "refs/heads/main", base)
        try await set.git("read-tree", "HEAD")
      }
    }
  }

  @Test("a tree with more entries than any dataset has")
  func manyEntries() async throws {
    try await withLineDataset { set in
      try await set.importLines(["one"])
      let blob = try await object(set, "blob", Array("x".utf8))
      var bytes: [UInt8] = []
      let tail = entry("100644", "", blob).drop { $0 != 0 }
      for number in 0..<200_000 {
        bytes += Array("100644 ".utf8) + String(1_000_000 + number).utf8 + tail
      }
      let inner = try await object(set, "tree", bytes)
      try await commit(set, tree: try await tree(set, adding: "40000", "samples", inner))
      let commands = [["status"], ["log"], ["list", "samples"], ["rollback", "HEAD~1"], ["undo"]]
      try await expectRefusals(set, commands, isClean: true)
      let rollback = try await set.stemma.run(["rollback", "HEAD~1"])
      #expect(rollback.exitCode == 1)
      #expect(rollback.errorText.contains("200000 files that are no artifacts differ"))
    }
  }
}
