import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("commands that look", .serialized)
struct LookTests {
  private static let kinds = [
    "proposals", "edits", "plans", "mixes", "meta-prompts", "samples", "rejections", "verdicts",
    "calls",
  ]

  @Test("list, cat, show, log, status, trace, diff and verify print data of a type")
  func json() async throws {
    try await withServerDataset(SimulaScript(wrongShare: 0.3)) { dataset, _, _ in
      try await dataset.run()
      var first: [String: JSON] = [:]
      for kind in Self.kinds {
        let records = try await dataset.objects("list", kind)
        #expect(records.allSatisfy { $0["type"] == "record" && $0["kind"]?.string == kind })
        let lines = try await dataset.stemma("list", kind).lines
        #expect(lines.count == records.count, "\(kind)")
        if kind == "edits" { continue }
        let record = try #require(records.first, "no \(kind)")
        first[kind] = record
        let limited = try await dataset.stemma("list", kind, "-n", "1")
        #expect(limited.lines == Array(lines.prefix(1)))
      }
      try await expectCat(dataset, first)
      try await expectVersions(dataset)
    }
  }

  private func expectCat(_ dataset: TestDataset, _ first: [String: JSON]) async throws {
    for (kind, record) in first {
      let id = try #require(record["id"]?.string)
      let cat = try await dataset.objects("cat", String(id.prefix(20)))
      #expect(cat == [record], "\(kind)")
      let line = try await dataset.stemma("cat", id).text
      #expect(try JSON(parsing: String(line.dropLast())) == record["value"])
      let trace = try await dataset.objects("trace", id)
      #expect(trace.count == 1)
      #expect(trace.first?["root"] != nil, "\(kind)")
      #expect(try await dataset.stemma("trace", id).lines.first?.contains(id.prefix(12)) == true)
    }
    let sample = try #require(first["samples"]?["id"]?.string)
    let tree = try await dataset.stemma("trace", sample).text
    for part in [
      "meta-prompt", "mix", "strategy", "taxonomy node", "proposed in", "call", "verdict",
      "first in version",
    ] {
      #expect(tree.contains(part), "\(part)")
    }
  }

  private func expectVersions(_ dataset: TestDataset) async throws {
    let log = try await dataset.objects("log")
    #expect(log.map { $0["version"]?.string } == (try await dataset.git("rev-list", "HEAD").lines))
    let show = try #require(try await dataset.objects("show").first)
    #expect(show["version"] == log[0]["version"])
    #expect(show["records"]?["samples"]?.int == 6)
    #expect(show["dataset-digest"] == log[0]["memos"]?["Dataset-Digest"])
    let status = try #require(try await dataset.objects("status").first)
    #expect(status["fresh"]?.bool == true)
    #expect(status["stages"]?.array?.count == 6)
    let diff = try await dataset.objects("diff", "HEAD~1", "HEAD")
    #expect(diff.last?["new-slots"]?.array?.count == 6)
    let samples = try #require(diff.first { $0["kind"] == "samples" })
    #expect(samples["added"]?.array?.count == 6)
    let same = try await dataset.stemma("diff", "HEAD", "HEAD")
    #expect(same.text == "The two versions hold the same.\n")
    let verification = try await dataset.objects("verify")
    #expect(verification.last?["clean"]?.bool == true)
    #expect(verification.last?["missing-calls"]?.int == 0)
    let artifact = try #require(
      try await dataset.git("ls-tree", "-r", "--name-only", "HEAD", "samples").lines.first)
    let name = try #require(artifact.split(separator: "/").last?.prefix(16))
    #expect(try await dataset.stemma("cat", String(name)).lines.count == 6)
  }

  @Test("what does not exist is said so, with an exit code of its own")
  func absence() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let cases: [(arguments: [String], code: Int, message: String)] = [
        (["cat", "ffffffffffff"], 3, "no record 'ffffffffffff'"),
        (["trace", "ffffffffffff"], 3, "no record 'ffffffffffff'"),
        (["cat", "abc"], 1, "'abc' is no beginning of an id: that has 4 to 64 hexadecimal digits"),
        (["cat", "not-hex"], 1, "'not-hex' is no beginning of an id"),
        (["show", "v9"], 3, "no version 'v9'"),
        (["diff", "HEAD~40", "HEAD"], 3, "no version 'HEAD~40'"),
        (["rollback", "HEAD~40"], 3, "no version 'HEAD~40'"),
        (["rollback", "HEAD"], 1, "the present version holds what"),
        (["log", "nothing"], 3, "no version 'nothing'"),
        (["list", "samples", "--at", "nothing"], 3, "no version 'nothing'"),
        (["list", "tombstones"], 64, "'tombstones' is no kind of record"),
        (["list", "samples", "--limit=-1"], 64, "negative"),
        (["run", "--until", "lunch"], 64, "'lunch' is no stage"),
        (["run", "--samples=-4"], 64, "outside"),
        (["frobnicate"], 64, "frobnicate"),
        (["show", "--frobnicate"], 64, "--frobnicate"),
        (["hook", "post-office"], 64, "'post-office' is no hook"),
        (["init", ".", "--recipe", "blank"], 1, "has a 'recipe.yaml' already"),
        (["init", "x", "--recipe", "cake"], 64, "no starter recipe 'cake'"),
      ]
      for (arguments, code, message) in cases {
        let output = try await dataset.stemma.run(arguments)
        #expect(output.exitCode == code, "\(arguments): \(output.errorText)")
        #expect(output.errorText.contains(message), "\(arguments): \(output.errorText)")
        #expect(output.text == "", "\(arguments)")
      }
      try await dataset.expectSound()
    }
  }

  @Test("a beginning that several records share is refused with more digits")
  func ambiguity() async throws {
    try await withTemporaryDirectory { parent in
      try await StemmaProgram(in: parent)("init", "sums", "--recipe", "grade-school-math")
      let dataset = TestDataset(at: parent.appending(path: "sums", directoryHint: .isDirectory))
      try await dataset.run("--samples", "60")
      var ids: [String] = []
      for kind in ["proposals", "edits", "mixes", "meta-prompts", "samples", "verdicts", "calls"] {
        ids += try await dataset.objects("list", kind).compactMap { $0["id"]?.string }
      }
      let groups = Dictionary(grouping: Set(ids)) { $0.prefix(4) }
      let (prefix, members) = try #require(groups.first { $0.value.count > 1 })
      let output = try await dataset.stemma.run(["cat", String(prefix)])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("'\(prefix)' is the beginning of "))
      #expect(output.errorText.contains("hint: give more digits: "))
      for id in members.sorted().prefix(2) {
        #expect(output.errorText.contains(id.prefix(16)))
        #expect(try await dataset.stemma("cat", String(id.prefix(24))).lines.count == 1)
      }
    }
  }

  @Test("the digest of a version is what the format says")
  func digest() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let script = """
        python3 -c '
        import hashlib, struct, sys
        kinds = {"samples": [], "verdicts": []}
        for line in sys.stdin:
          kind, id = line.split()
          kinds[kind].append(bytes.fromhex(id))
        out = hashlib.sha256()
        for kind in sorted(kinds):
          ids = sorted(kinds[kind])
          out.update(kind.encode() + bytes(1) + struct.pack(">Q", len(ids)) + b"".join(ids))
        print(out.hexdigest())' < ids
        """
      var lines = ""
      for kind in ["samples", "verdicts"] {
        for record in try await dataset.objects("list", kind) {
          lines += "\(kind) \(try #require(record["id"]?.string))\n"
        }
      }
      try lines.write(
        to: dataset.directory.appending(path: "ids"), atomically: true, encoding: .utf8)
      let output = try await shell(script, in: dataset.directory)
      guard output.exitCode != 127 else { return }
      #expect(output.lines == [try await dataset.datasetDigest()], "\(output.errorText)")
    }
  }
}
