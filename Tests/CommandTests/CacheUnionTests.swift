import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma cache export and import")
struct CacheUnionTests {
  @Test("caches unite as sets: in any order, any number of times, with the same ids")
  func union() async throws {
    let lines = try await SomeCalls.make()
    #expect(lines.count > 40)
    var random = FixedRandom(seed: 6)
    try await withEmptyDatasets(["a", "b", "c"]) { datasets in
      var held = [Set<String>](repeating: [], count: datasets.count)
      for step in 0..<8 {
        let to = Int.random(in: 0..<datasets.count, using: &random)
        let from = Int.random(in: 0..<datasets.count, using: &random)
        let isForeign = step < 3 || from == to
        let taken =
          isForeign
          ? lines.filter { _ in Bool.random(using: &random) }.shuffled(using: &random)
          : try await datasets[from].callLines()
        let before = held[to].count
        held[to].formUnion(taken)
        let output = try await datasets[to].importCalls(taken, "--json")
        let report = try #require(try output.objects.first)
        #expect(report["added"]?.int == held[to].count - before)
        #expect(report["known"]?.int == taken.count - (held[to].count - before))
        let exported = try await datasets[to].callLines()
        #expect(Set(exported) == held[to] && exported.count == held[to].count)
      }
      // Both ways between two: the same set, and then nothing more.
      let (a, b) = (datasets[0], datasets[1])
      _ = try await a.importCalls(try await b.callLines())
      _ = try await b.importCalls(try await a.callLines())
      #expect(Set(try await a.callLines()) == Set(try await b.callLines()))
      let again = try await a.importCalls(try await b.callLines(), "--json")
      #expect(try again.objects.first?["added"] == 0)
      let ids = Set(try await a.objects("list", "calls").map { $0["id"]?.string })
      #expect(ids == Set(try await b.objects("list", "calls").map { $0["id"]?.string }))
      for dataset in datasets { try await dataset.expectSound() }
    }
  }

  @Test("imported answers make the same dataset without a call, also from a compressed file")
  func use() async throws {
    let script = SimulaScript(wrongShare: 0.2)
    try await withServerDataset(script) { dataset, recipe, server in
      try await dataset.run()
      let parent = dataset.directory.deletingLastPathComponent()
      let export = try await dataset.stemma("cache", "export", "../calls.jsonl.zst")
      let count = try await dataset.callLines().count
      #expect(export.errorText == "Wrote \(count) calls to '../calls.jsonl.zst'.\n")
      let plain = try await shell("zstd -dc calls.jsonl.zst", in: parent)
      #expect(Set(plain.lines) == Set(try await dataset.callLines()))
      let other = try await TestDataset.make(in: parent, named: "other", recipe)
      try await other.stemma("cache", "import", "../calls.jsonl.zst")
      let asked = script.requestCount
      await server.stop()
      #expect(try await other.run().asked == 0)
      #expect(script.requestCount == asked)
      #expect(try await other.datasetDigest() == dataset.datasetDigest())
      try await other.expectSound()
    }
  }

  @Test("calls are chosen by model, by task, and by what the present version names")
  func selection() async throws {
    try await withServerDataset(SimulaScript()) { dataset, _, _ in
      try await dataset.run("--until", "strategies")
      let sources = try await dataset.callLines("--named").count
      try await dataset.run()
      let all = try await dataset.callLines()
      let tasks = try all.map { try JSON(parsing: $0)["request"]?["task"]?.string }
      let judged = try await dataset.callLines("--task", "generate", "--task", "solve")
      #expect(judged.count == tasks.count { $0 == "generate" || $0 == "solve" })
      #expect(judged.count > 6 && Set(judged).isSubset(of: all))
      #expect(try await dataset.callLines("--model", "fake-1").count == all.count)
      #expect(try await dataset.callLines("--model", "fake").isEmpty)
      let named = try await dataset.callLines("--named")
      let stat = try #require(try await dataset.objects("cache", "stat").first)
      #expect(named.count == stat["named-by-present"]?.int && named.count > sources)
      try await dataset.stemma("rollback", "HEAD~1")
      #expect(try await dataset.callLines("--named").count == sources)
    }
  }
}
