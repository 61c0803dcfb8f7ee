import Foundation
import TestSupport
import Testing

@Suite("git shows artifacts and merges sources", .serialized)
struct TextconvTests {
  @Test("git diff, show and log -p show records a line")
  func records() async throws {
    try await withLineDataset { set in
      try await set.importLines(LineDataset.lines(0..<3) + ["control \u{1B}[31m and \u{202E}"])
      let dataset = set.dataset
      for command in ["git show HEAD", "git diff HEAD~1 HEAD", "git log -p -1"] {
        let text = try await dataset.expectHooked(command).text
        #expect(text.contains("\n+\(LineDataset.line(1))\n"), "\(command): \(text)")
        #expect(text.contains(#"+control \u{1b}[31m and \u{202e}"#), "\(command)")
        #expect(!text.contains("\u{1B}"), "\(command)")
      }
      // A machine without Stemma says so, and git goes on.
      let plain = try await set.git("show", "HEAD").text
      #expect(plain.contains("stemma is not on the PATH: an artifact of"))
    }
  }

  @Test("what is no artifact, cut off or huge is told in little memory")
  func oddities() async throws {
    try await withTemporaryDirectory { directory in
      let made = try await shell(
        """
        printf 'plain\\033 text' > plain
        seq 1 100000 | zstd -q > whole; head -c 60000 whole > cut; : > empty
        head -c 100000000 /dev/zero | tr '\\0' x | zstd -q > bomb
        """, in: directory)
      #expect(made.exitCode == 0)
      var stemma = StemmaProgram(in: directory)
      #expect(try await stemma("hook", "textconv", "whole").text.hasSuffix("\n99999\n100000\n"))
      let plain = try await stemma("hook", "textconv", "plain").text
      #expect(plain.contains("(11 bytes that are no artifact: zstd:"))
      let cut = try await stemma("hook", "textconv", "cut").text
      #expect(cut.hasPrefix("1\n2\n") && cut.hasSuffix("(the artifact is cut off here)\n"))
      #expect(try await stemma("hook", "textconv", "empty").exitCode == 0)
      stemma.wrapper = ["/usr/bin/time", "-o", "rss", "-f", "%M"]
      let script = "\"$0\" hook textconv bomb | tail -c 60"
      stemma.wrapper += ["sh", "-c", script]
      let bomb = try await stemma.run([])
      #expect(bomb.text.contains("(only the first 16777216 bytes are shown)"), "\(bomb.text)")
      let size = try String(contentsOf: directory.appending(path: "rss"), encoding: .utf8)
      #expect(Int(size.split(separator: "\n").last ?? "") ?? .max < 100_000)
    }
  }

  /// A dataset with one taxonomy, whose nodes have simple ids.
  private func withTree(_ test: (TestDataset) async throws -> Void) async throws {
    try await withLineDataset { set in
      let dataset = set.dataset
      try dataset.write(
        """
        # The factors.
        factors:
        - {id: 00000000000000aa, name: "Setting", file: setting.yaml}

        """, to: "factors.yaml")
      try FileManager.default.createDirectory(
        at: dataset.directory.appending(path: "taxonomies"), withIntermediateDirectories: true)
      try dataset.write(Self.tree, to: "taxonomies/setting.yaml")
      try dataset.write(Self.strategies, to: "strategies.yaml")
      try await dataset.expectHooked("git add -A && git commit -qm sources")
      try await test(dataset)
    }
  }

  private static let tree = """
    # A person's comment.
    factor: 00000000000000aa
    nodes:
    - {id: 00000000000000aa, name: "Setting"}
    -   {id: 0000000000000001, in: 00000000000000aa, name: "Shop"}
    -     {id: 0000000000000002, in: 0000000000000001, name: "Bakery"}
    -   {id: 0000000000000003, in: 00000000000000aa, name: "School"}

    """
  private static let strategies = """
    strategies:
    - id: 00000000000000b1
      name: "All"
      weight: 1
      roots:
      - {node: 00000000000000aa, path: "Setting"}

    """

  private func branch(
    _ dataset: TestDataset, _ name: String, _ path: String, _ change: (String) -> String
  ) async throws {
    try await dataset.expectHooked("git checkout -q -b \(name) main")
    try dataset.write(change(try dataset.read(path)), to: path)
    try await dataset.expectHooked("git commit -qam \(name) --no-verify")
  }

  @Test("branches that edited different nodes merge, by git and by Stemma alike")
  func nodes() async throws {
    try await withTree { dataset in
      let path = "taxonomies/setting.yaml"
      // Neighbouring lines, and two edits of one line, are conflicts to git.
      try await branch(dataset, "left", path) {
        $0.replacing("\"Shop\"}", with: "\"Market\"}  # renamed")
          .replacing("\"School\"}", with: "\"School\", pin: true}")
      }
      try await branch(dataset, "right", path) {
        $0.replacing("\"Shop\"}", with: "\"Shop\", weight: 3}").replacing(
          "in: 0000000000000001, name: \"Bakery\"}",
          with: "in: 0000000000000003, name: \"Bakery\"}\n"
            + "-   {id: 0000000000000004, in: 00000000000000aa, name: \"Ferry\"}")
      }
      for merge in ["git merge -q -m merge right", "stemma merge right"] {
        try await dataset.expectHooked("git checkout -q -B merged left && \(merge)")
        let text = try dataset.read(path)
        #expect(text.hasPrefix("# A person's comment.\n"), "\(merge)")
        #expect(text.contains("name: \"Market\", weight: 3}"), "\(merge): \(text)")
        #expect(text.contains("\"School\", pin: true}"), "\(merge): \(text)")
        #expect(text.contains("in: 0000000000000003, name: \"Bakery\"}"), "\(merge): \(text)")
        #expect(text.contains("name: \"Ferry\"}"), "\(merge): \(text)")
        #expect(try await dataset.git("status", "--porcelain").text == "", "\(merge)")
        try await dataset.expectHooked("stemma taxonomy show Setting")
      }
      // Where Stemma is missing, git does what it can itself.
      try await dataset.git("checkout", "-q", "-B", "merged", "left")
      #expect(try await dataset.git.run(["merge", "-q", "-m", "x", "right"]).exitCode == 1)
      #expect(try dataset.read(path).contains("<<<<<<< "))
    }
  }

  @Test("the same thing changed differently is left to people, and nothing else")
  func conflicts() async throws {
    try await withTree { dataset in
      let path = "taxonomies/setting.yaml"
      try await branch(dataset, "left", path) {
        $0.replacing("\"Shop\"}", with: "\"Market\"}")
          .replacing("\"Bakery\"}", with: "\"Bakery\", weight: 2}")
      }
      try await branch(dataset, "right", path) {
        $0.replacing("\"Shop\"}", with: "\"Kiosk\"}")
          .replacing("\"School\"}", with: "\"School\", pin: true}")
      }
      for merge in ["git merge -q -m merge right", "stemma merge right"] {
        try await dataset.expectHooked("git checkout -q -B merged left")
        #expect(try await dataset.hooked(merge).exitCode == 1, "\(merge)")
        let text = try dataset.read(path)
        let marked = text.split(separator: "\n").drop { !$0.hasPrefix("<<<<<<< ") }.prefix(5)
        #expect(marked.count == 5 && marked.last?.hasPrefix(">>>>>>> ") == true, "\(text)")
        #expect(marked.dropFirst().first?.contains("\"Market\"") == true, "\(text)")
        #expect(marked.dropFirst(3).first?.contains("\"Kiosk\"") == true, "\(text)")
        #expect(text.contains("\"Bakery\", weight: 2}"), "\(merge): \(text)")
        #expect(text.contains("\"School\", pin: true}"), "\(merge): \(text)")
        try await dataset.expectHooked("git merge --abort")
      }
    }
  }

  @Test("strategies and factors merge entry by entry")
  func entries() async throws {
    try await withTree { dataset in
      for (name, id) in [("left", "b2"), ("right", "b3")] {
        try await branch(dataset, name, "strategies.yaml") {
          $0 + "- id: 00000000000000\(id)\n  name: \"\(name)\"\n  weight: 2\n  roots:\n"
            + "  - {node: 0000000000000001, path: \"Setting > Shop\"}\n"
        }
      }
      for merge in ["git merge -q -m merge right", "stemma merge right"] {
        try await dataset.expectHooked("git checkout -q -B merged left && \(merge)")
        let text = try dataset.read("strategies.yaml")
        #expect(text.contains("id: 00000000000000b2") && text.contains("id: 00000000000000b3"))
        #expect(!text.contains("<<<<"), "\(text)")
        // What was merged can be committed again.
        try await dataset.expectHooked("git commit -q --amend --no-edit")
      }
    }
  }
}
