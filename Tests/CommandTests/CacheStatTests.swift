import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma cache stat")
struct CacheStatTests {
  @Test("it counts what the calls themselves say, by outcome, model and task")
  func counts() async throws {
    let script = SimulaScript(wrongShare: 0.3) { task, request, _ in
      // Answers that are of no use, of each kind, whatever the order of requests.
      guard task == .judge || task == .sample else { return nil }
      switch SimulaQuestion.hash(request.body) % 5 {
      case 0: return .answer("No.", finish: "content_filter")
      case 1: return .answer("{", finish: "length")
      case 2: return .text("<html>busy</html>", contentType: "text/html")
      default: return nil
      }
    }
    try await withServerDataset(script) { dataset, _, _ in
      _ = try await dataset.stemma.run(["run"])
      let calls = try await dataset.objects("list", "calls").compactMap { $0["value"] }
      let stat = try await dataset.objects("cache", "stat")
      let total = try #require(stat.first)
      #expect(total["type"] == "cache")
      #expect(total["calls"]?.int == script.distinctCount && calls.count == script.distinctCount)
      #expect(total["own"]?.int == calls.count && total["fetched"] == [:])
      #expect(total["keys"]?.int == Set(calls.compactMap { $0["key"]?.string }).count)
      #expect(total["dropped"] == 0 && total["journal"] == 0 && total["unreadable"] == 0)
      for finish in ["stop", "length", "refusal", "filtered", "malformed"] {
        let count = calls.count { $0["answer"]?["finish"]?.string == finish }
        #expect(total["outcomes"]?[finish]?.int == count, "\(finish)")
        #expect(finish == "refusal" || count > 0, "\(finish)")
      }
      for name in ["input", "output"] {
        let sum = calls.reduce(0) { $0 + ($1["usage"]?[name]?.int ?? 0) }
        #expect(total["\(name)-tokens"]?.int == sum)
      }
      let tasks = Dictionary(grouping: calls) { $0["request"]?["task"]?.string ?? "" }
      let counted = stat.filter { $0["type"] == "task" }
      #expect(counted.count == tasks.count && tasks.count > 5)
      for task in counted {
        #expect(task["calls"]?.int == tasks[task["name"]?.string ?? ""]?.count)
      }
      #expect(stat.filter { $0["type"] == "model" }.map { $0["calls"]?.int } == [calls.count])
      try await expectNamed(total, calls.count, dataset)
      try await expectSize(total, dataset)
      let text = try await dataset.stemma("cache", "stat").text
      #expect(text.contains("fake-1: \(calls.count) calls"))
    }
  }

  /// Compares with what every record says.
  private func expectNamed(_ total: JSON, _ count: Int, _ dataset: TestDataset) async throws {
    var named = Set<String>()
    for kind in [
      "proposals", "edits", "plans", "meta-prompts", "samples", "rejections", "verdicts",
    ] {
      named.formUnion(
        try await dataset.objects("list", kind).compactMap { $0["value"]?["call"]?.string })
    }
    #expect(total["named-by-present"]?.int == named.count)
    #expect(total["named-by-any"]?.int == named.count)
    #expect(total["named-by-none"]?.int == count - named.count)
    // An older version names what the present one does not.
    let head = try await dataset.head()
    try await dataset.stemma("rollback", "HEAD~1")
    let older = try #require(try await dataset.objects("cache", "stat").first)
    #expect((older["named-by-present"]?.int ?? 0) < named.count)
    #expect(older["named-by-any"]?.int == named.count)
    try await dataset.git("tag", "kept", head)
    try await dataset.git("reset", "-q", "--hard", "HEAD~2")
    let tagged = try #require(try await dataset.objects("cache", "stat").first)
    #expect(tagged["named-by-any"]?.int == named.count)
    try await dataset.git("tag", "-d", "kept")
    let none = try #require(try await dataset.objects("cache", "stat").first)
    #expect((none["named-by-any"]?.int ?? 0) < named.count)
  }

  /// Compares with what git says.
  private func expectSize(_ total: JSON, _ dataset: TestDataset) async throws {
    let reference = try #require(
      try await dataset.git("for-each-ref", "--format=%(refname)", "refs/stemma/calls").lines.first)
    let blobs = try await dataset.git("ls-tree", "-rl", reference).lines
    let sizes = blobs.compactMap { Int($0.split(whereSeparator: \.isWhitespace)[3]) }
    #expect(total["files"]?.int == sizes.count)
    #expect(total["bytes"]?.int == sizes.reduce(0, +))
  }

  @Test("what a killed run left in the journal counts, and what was fetched is told by remote")
  func places() async throws {
    // The server falls silent before anything is sealed.
    let silence = Switch()
    silence.isOn = true
    let script = SimulaScript { _, _, count in count >= 12 && silence.isOn ? .silence : nil }
    try await withServerDataset(script) { dataset, _, server in
      let output = try await dataset.stemma.run(["run"]) { running in
        await running.wait(
          until: { script.requestCount >= 16 }, after: .seconds(1), sending: SIGKILL)
      }
      #expect(output.exitCode == -9)
      silence.isOn = false
      await server.waitUntilIdle()
      let durable = try await dataset.durableSeeds().count
      let killed = try #require(try await dataset.objects("cache", "stat").first)
      #expect(killed["journal"]?.int == durable && durable == 12)
      #expect(killed["calls"]?.int == durable && killed["own"] == 0)
      let exported = try await dataset.stemma("cache", "export").lines
      #expect(exported.count == durable)
      try await dataset.run()
      let total = try #require(try await dataset.objects("cache", "stat").first)
      #expect(total["journal"] == 0 && total["own"] == total["calls"])
      let parent = dataset.directory.deletingLastPathComponent()
      try await StemmaProgram(in: parent)("clone", dataset.directory.path, "copy")
      let copy = TestDataset(at: parent.appending(path: "copy", directoryHint: .isDirectory))
      let fetched = try #require(try await copy.objects("cache", "stat").first)
      #expect(fetched["own"] == 0 && fetched["fetched"]?["origin"] == total["calls"])
      let names = try await copy.git("for-each-ref", "--format=%(refname)", "refs/stemma/remotes")
      for name in names.lines { try await copy.git("update-ref", "-d", name) }
      let kept = try #require(try await copy.objects("cache", "stat").first)
      #expect(kept["kept"] == total["calls"] && kept["fetched"] == [:])
    }
  }
}
