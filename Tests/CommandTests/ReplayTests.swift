import CanonicalJSON
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("a replay", .serialized)
struct ReplayTests {
  /// Replays a version, and gives what the command said with its status.
  private func replay(
    _ dataset: TestDataset, _ revision: String = "HEAD"
  ) async throws -> (json: JSON, error: String, status: Int) {
    let output = try await dataset.stemma.run(["verify", "--replay", "--at", revision, "--json"])
    return (try #require(try output.objects.last), output.errorText, output.exitCode)
  }

  private func expectSame(
    _ dataset: TestDataset, _ revision: String = "HEAD",
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let (json, error, status) = try await replay(dataset, revision)
    #expect(status == 0, "\(error)", sourceLocation: sourceLocation)
    #expect(json["same"]?.bool == true, sourceLocation: sourceLocation)
    for kind in json["kinds"]?.array ?? [] {
      #expect(kind["derived"] == kind["live"], sourceLocation: sourceLocation)
    }
  }

  @Test("every version of a dataset comes out the same, elsewhere and after gc and compact too")
  func versions() async throws {
    let script = SimulaScript(wrongShare: 0.3, rejectedShare: 0.3)
    try await withServerDataset(script) { dataset, recipe, server in
      try await dataset.run()
      var other = recipe
      other.fraction = 1
      other.samples = 8
      try dataset.write(other)
      try await dataset.run()
      let asked = script.requestCount
      await server.stop()
      try await dataset.stemma("rollback", "HEAD~1")
      let versions = try await dataset.git("rev-list", "HEAD").lines
      #expect(versions.count == 5)
      for version in versions { try await expectSame(dataset, version) }
      let (json, _, _) = try await replay(dataset, "HEAD~1")
      let kinds = Set((json["kinds"]?.array ?? []).compactMap { $0["kind"]?.string })
      #expect(kinds.isSuperset(of: ["proposals", "mixes", "meta-prompts", "samples", "verdicts"]))
      #expect(json["growth"] == "derived")
      #expect(json["calls"]?.int ?? 0 > 50)

      try await dataset.stemma("gc", "--apply")
      try await dataset.stemma("compact")
      try await expectSame(dataset)
      try await expectSame(dataset, "HEAD~2")
      let copy = dataset.directory.deletingLastPathComponent().appending(path: "copy")
      try await dataset.stemma("clone", dataset.directory.path, copy.path)
      for version in versions { try await expectSame(TestDataset(at: copy), version) }
      #expect(script.requestCount == asked)
    }
  }

  @Test("nothing is written, and a writer does not stand in the way")
  func readsOnly() async throws {
    try await withServerDataset { dataset, _, _ in
      try await dataset.run()
      let before = try await dataset.git("for-each-ref").text
      let output = try await shell(
        "exec 9> .git/stemma/lock && flock 9 && exec \"$0\" verify --replay",
        in: dataset.directory)
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(try await dataset.git("for-each-ref").text == before)
      #expect(try await dataset.git("status", "--porcelain").text == "")
    }
  }

  @Test("a version whose run was cut short comes out as far as it went")
  func partial() async throws {
    try await withServerDataset(
      SimulaScript(wrongShare: 0.3),
      {
        $0.samples = 12
        $0.concurrency = 1
      }
    ) { dataset, recipe, _ in
      let spent = try await dataset.run("--until", "strategies").asked
      var tight = recipe
      tight.more = "budget: {calls: \(spent + 40)}"
      try dataset.write(tight)
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1, "\(output.errorText)")
      #expect(try await dataset.objects("log").first?["memos"]?["Partial"] != nil)
      try await expectSame(dataset)
      let cut = try await dataset.head()
      try dataset.write(recipe)
      try await dataset.run("--new-budget")
      try await expectSame(dataset)
      // Now more is answered than that version used.
      try await expectSame(dataset, cut)
    }
  }

  @Test("a run that was stopped while it filled gaps comes out with the gaps that it filled")
  func stoppedInGaps() async throws {
    try await withServerDataset(
      SimulaScript(wrongShare: 0.3),
      {
        $0.samples = 5
        $0.concurrency = 1
        $0.more = "gap-fill: {minimum: 2, limit: 5}"
      }
    ) { dataset, recipe, _ in
      func gapSamples() async throws -> Int {
        try await dataset.samples().count { $0["value"]?["slot"]?.string != nil }
      }
      var plain = recipe
      plain.more = ""
      try dataset.write(plain)
      try await dataset.run()
      let numbered = try await dataset.samples().compactMap { $0["id"]?.string }
      // All other samples are there; what was filled of the gaps is more, and is kept.
      var tight = recipe
      tight.more += "\nbudget: {calls: 14}"
      try dataset.write(tight)
      var filled = 0
      var cuts: [String] = []
      var isWhole = false
      for _ in 0..<30 where !isWhole {
        let head = try await dataset.head()
        let output = try await dataset.stemma.run(["run", "--new-budget"])
        isWhole = output.exitCode == 0
        let now = try await gapSamples()
        let memos = try await dataset.objects("log").first?["memos"]
        #expect((memos?["Partial"] == nil) == (isWhole || now == 0))
        if isWhole { continue }
        #expect(output.exitCode == 1)
        #expect(output.errorText.contains("the budget of 14 calls is spent"))
        if now == filled {
          #expect(try await dataset.head() == head)
          continue
        }
        #expect(now > filled)
        filled = now
        #expect(memos?["Gap-Samples"]?.string?.hasPrefix("\(filled)/") == true)
        #expect(output.errorText.contains("5 of 5 samples, and \(filled) of "))
        #expect(memos?["Partial"]?.string?.hasPrefix("gaps are not filled to the end: ") == true)
        #expect(try await dataset.stemma("status").text.contains("partial: gaps are not filled"))
        let samples = try await dataset.samples().compactMap { $0["id"]?.string }
        #expect(Set(samples).isSuperset(of: numbered))
        try await expectSame(dataset)
        cuts.append(try await dataset.head())
      }
      #expect(isWhole)
      #expect(cuts.count > 1)
      #expect(try await gapSamples() > filled)
      try await expectSame(dataset)
      // Now more is answered than that version used.
      try await expectSame(dataset, try #require(cuts.first))
    }
  }

  @Test("where records are missing, the first slot that differs is named")
  func divergence() async throws {
    try await withServerDataset { dataset, _, _ in
      try await dataset.run()
      try await dataset.git("rm", "-rq", "--cached", "--sparse", "samples")
      try await dataset.git("commit", "-qm", "no samples", "--no-verify")
      let (json, error, status) = try await replay(dataset)
      #expect(status == 7)
      #expect(json["same"]?.bool == false)
      #expect(json["divergence"]?["place"]?.string == "slot 0")
      #expect(error.contains("no run made this version"), "\(error)")
      try await expectSame(dataset, "HEAD~1")
    }
  }

  @Test("what a version has from before a change of its recipe is said to be not replayed")
  func stale() async throws {
    try await withServerDataset { dataset, recipe, _ in
      try await dataset.run()
      var other = recipe
      other.fraction = 0
      try dataset.write(other)
      try await dataset.git("commit", "-qam", "another recipe, no run")
      let (json, _, status) = try await replay(dataset)
      #expect(status == 2)
      #expect(json["same"]?.bool == false)
      #expect(json["not-replayed-records"]?.int ?? 0 >= 6)
      #expect(json["stale-stages"] == ["meta-prompts", "samples"])
      let kinds = (json["kinds"]?.array ?? []).compactMap { $0["kind"]?.string }
      #expect(kinds.contains("mixes"))
      #expect(!kinds.contains("samples"))
      let output = try await dataset.stemma.run(["verify", "--replay"])
      #expect(output.text.contains("Not replayed"), "\(output.text)")
      #expect(!output.text.contains("Same"), "\(output.text)")
      #expect(output.errorText.contains("replayed in part"), "\(output.errorText)")
    }
  }

  @Test("samples beside which other mixes were drawn are not called replayed")
  func olderSamples() async throws {
    try await withServerDataset { dataset, recipe, _ in
      try await dataset.run()
      var other = recipe
      other.randomSeed = 4
      try dataset.write(other)
      try await dataset.run("--until", "mixes")
      let (json, _, status) = try await replay(dataset)
      #expect(status == 2)
      #expect(json["same"]?.bool == false)
      let samples = try await dataset.samples().count
      #expect(json["not-replayed-records"]?.int ?? 0 > samples)
    }
  }

  @Test("a second try that the server refused is no missing answer")
  func refusedTry() async throws {
    let script = SimulaScript()
    let refusals = Atomic(0)
    let sampleCount = Atomic(0)
    try await withServerDataset(
      script,
      {
        $0.shrink()
        $0.attempts = 4
      },
      serving: { request in
        guard SimulaScript.task(of: request.body) == .sample else { return script.script(request) }
        let messages = (try? JSON(parsing: request.body))?["messages"]?.array ?? []
        // Whatever is corrected is too long for this server.
        if messages.contains(where: { $0["role"] == "assistant" }) {
          refusals.add(1, ordering: .relaxed)
          return .failure(400, "the context is too long")
        }
        let isFirst = sampleCount.add(1, ordering: .relaxed).newValue <= 2
        return isFirst
          ? .text(FakeChatServer.completion("no JSON at all")) : script.script(request)
      }
    ) { dataset, _, _ in
      #expect(try await dataset.run().kept == 3)
      #expect(refusals.load(ordering: .relaxed) == 2)
      let reasons = try await dataset.objects("list", "rejections")
        .map { $0["value"]?["reason"]?.string }
      #expect(reasons.contains("unreadable"))
      try await expectSame(dataset)
    }
  }

  @Test("a sample that nothing derives is found")
  func forged() async throws {
    try await withServerDataset { dataset, _, _ in
      try await dataset.run()
      let sample = try #require(try await dataset.samples().last)
      let line = try await dataset.stemma("cat", try #require(sample["id"]?.string)).text
      let forged = line.replacing(/"answer":\d+/, with: "\"answer\":999999")
      try await addShard(of: forged, kind: "samples", to: dataset)
      let (json, error, status) = try await replay(dataset)
      #expect(status == 7, "\(error)")
      #expect(json["divergence"]?["message"]?.string?.contains("is not derived") == true)
    }
  }

  /// Commits a shard by git alone.
  private func addShard(of line: String, kind: String, to dataset: TestDataset) async throws {
    let file = dataset.directory.appending(path: "forged.jsonl")
    try Data(line.utf8).write(to: file)
    let script = """
      set -e
      digest=$(sha256sum < forged.jsonl | cut -c1-64)
      zstd -q --check -o forged.zst forged.jsonl
      blob=$(git hash-object -w forged.zst)
      rm forged.jsonl forged.zst
      git update-index --add --cacheinfo 100644,$blob,\(kind)/$(echo $digest | cut -c1-2)/$digest.jsonl.zst
      git commit -q -m forged --no-verify
      """
    let output = try await shell(script, in: dataset.directory)
    #expect(output.exitCode == 0, "\(output.errorText)")
  }

  @Test("an answer that is not here is named with its request")
  func missingCalls() async throws {
    try await withServerDataset { dataset, _, _ in
      try await dataset.run()
      let copy = dataset.directory.deletingLastPathComponent().appending(path: "bare-copy")
      try await dataset.git("clone", "-q", dataset.directory.path, copy.path)
      let (json, error, status) = try await replay(TestDataset(at: copy))
      #expect(status == 7)
      #expect(json["divergence"]?["message"]?.string?.contains("not here") == true)
      #expect(error.contains("stemma pull"), "\(error)")
    }
  }

  @Test("stages that another version of the program made are named, with a status of their own")
  func otherCode() async throws {
    try await withServerDataset { dataset, _, _ in
      try await dataset.run()
      let message = try await dataset.git("log", "-1", "--format=%B").text
      let changed = message.replacing(/Stage: samples [0-9a-f]+/) { _ in
        "Stage: samples " + String(repeating: "ab", count: 32)
      }
      #expect(changed != message)
      let commit = try await dataset.git(
        "commit-tree", "HEAD^{tree}", "-p", "HEAD~1", "-m", changed
      ).text.trimmingCharacters(in: .whitespacesAndNewlines)
      let (json, error, status) = try await replay(dataset, commit)
      #expect(status == 6)
      #expect(json["other-stages"] == ["samples"])
      #expect(error.contains("another version of the program"), "\(error)")
    }
  }
}
