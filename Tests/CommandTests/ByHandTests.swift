import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// The commands by which somebody without Stemma follows a sample, as the README has them.
@Suite("a sample's descent by hand")
struct ByHandTests {
  private static func block() throws -> String {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "README.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let match = try #require(
      text.firstMatch(of: /(?s)<!-- by hand -->\n```sh\n(.*?)```\n<!-- end -->/))
    return String(match.1)
  }

  @Test("git, zstd, jq and coreutils find what stemma trace finds")
  func route() async throws {
    try await withTemporaryDirectory { parent in
      let stemma = StemmaProgram(in: parent)
      try await stemma("init", "sums", "--recipe", "grade-school-math")
      let dataset = TestDataset(at: parent.appending(path: "sums", directoryHint: .isDirectory))
      try dataset.write(
        try dataset.read("recipe.yaml").replacing(/(?m)^samples: .*$/, with: "samples: 12")
          .replacing(/(?m)^  depth: .*$/, with: "  depth: 2"), to: "recipe.yaml")
      try await dataset.run()
      try await dataset.stemma("export", "-o", "samples.jsonl")

      let script =
        try Self.block() + """

          ! command -v stemma || exit 9
          printf '%s\\n' "$(id samples "$sample")" "$sample" "$prompt" "$mix" "$call"
          """
      let output = try await shell(
        "exec bash -euo pipefail -c \"$SCRIPT\"", in: dataset.directory,
        variables: ["SCRIPT": script, "PATH": "/usr/bin:/bin"])
      #expect(output.exitCode == 0 && output.errorText == "", "\(output.errorText)")
      let found = Array(output.lines.suffix(5))
      try #require(found.count == 5)

      let root = try #require(try await dataset.objects("trace", found[0]).first?["root"])
      #expect(root["id"]?.string == found[0])
      #expect(root["content"] == (try JSON(parsing: found[1])))
      let line = try dataset.read("samples.jsonl").split(separator: "\n")[4]
      #expect(root["content"]?["value"] == (try JSON(parsing: String(line))))
      func cause(_ name: String, of node: JSON) throws -> JSON {
        try #require(node["causes"]?.array?.first { $0["relation"]?.string == name }, "\(name)")
      }
      let prompt = try cause("meta-prompt", of: root)
      #expect(prompt["content"] == (try JSON(parsing: found[2])))
      let base =
        prompt["causes"]?.array?.first { $0["relation"] == "complexified from" } ?? prompt
      let mix = try cause("mix", of: base)
      #expect(mix["content"] == (try JSON(parsing: found[3])))
      let call = try cause("call", of: root)
      #expect(call["content"] == (try JSON(parsing: found[4])))

      // What it prints on the way.
      for node in mix["causes"]?.array ?? [] where node["relation"] == "taxonomy node" {
        let id = try #require(node["id"]?.string)
        let name = node["content"]?["path"]?.string?.components(separatedBy: " > ").last ?? ""
        #expect(output.lines.contains { $0.contains("id: \(id)") && $0.contains("\"\(name)\"") })
      }
      for message in call["content"]?["request"]?["messages"]?.array ?? [] {
        #expect(output.text.contains(try #require(message["text"]?.string)))
      }
      let printed = try output.lines.filter { $0.hasPrefix("{") && $0.contains("\"round\"") }
        .map { try JSON(parsing: $0) }
      let verdicts = root["causes"]?.array?.filter { $0["relation"] == "verdict" } ?? []
      #expect(!verdicts.isEmpty && printed.count == verdicts.count)
      #expect(verdicts.allSatisfy { printed.contains($0["content"] ?? .null) })
      // The name of a file is the hash of what it holds.
      let hashes = output.lines.compactMap { $0.firstMatch(of: /^([0-9a-f]{64})  -$/)?.1 }
      let shards = try await dataset.git("ls-tree", "-r", "--name-only", "HEAD", "samples").lines
      #expect(hashes.count == 1 && shards.contains { $0.contains(hashes.first ?? "?") })
    }
  }
}
