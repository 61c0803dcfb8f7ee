import CanonicalJSON
import Foundation
import Synchronization
import TestSupport
import Testing

/// How many requests a server answers before it falls silent.
private final class RequestLimit: Sendable {
  private let value = Mutex(Int.max)

  var count: Int {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}

@Suite("stemma cache drop", .serialized)
struct CacheDropTests {
  /// A script that writes other samples once it is told so.
  private static func script(_ isOther: Switch) -> SimulaScript {
    SimulaScript { task, _, count in
      guard task == .sample, isOther.isOn else { return nil }
      let sample: JSON = [
        "question": .string("What is \(count) + 2? (case z\(count))"),
        "reasoning": .string("\(count) + 2 = \(count + 2)"), "answer": JSON(count + 2),
      ]
      return .answer(sample.text)
    }
  }

  /// A call that a sample of the present version names, with its key.
  private func call(of dataset: TestDataset, _ place: Int = 0) async throws -> (
    sample: JSON, id: String, key: String
  ) {
    let sample = try await dataset.samples()[place]
    let id = try #require(sample["value"]?["call"]?.string)
    let call = try #require(try await dataset.objects("cat", id).first?["value"])
    return (sample, id, try #require(call["key"]?.string))
  }

  private func seed(_ key: String) throws -> Int {
    try #require(Int(key.suffix(8), radix: 16)) & 0x7FFF_FFFF
  }

  @Test("a dropped answer is asked again, and the old one stays readable")
  func again() async throws {
    let isOther = Switch()
    let script = Self.script(isOther)
    try await withServerDataset(script) { dataset, _, _ in
      try await dataset.run()
      let (sample, id, key) = try await call(of: dataset)
      let shown = try await dataset.objects("cache", "drop", String(key.prefix(10)), "--dry-run")
      #expect(shown.first?["answers"] == 1 && shown.first?["records"]?["samples"] == 1)
      #expect(try await dataset.run().isUpToDate)
      let refused = try await dataset.stemma.run(["cache", "drop", id])
      #expect(refused.exitCode == 1 && refused.errorText.contains("no terminal to ask on"))
      #expect(refused.text.contains("1 answer to drop."), "\(refused.text)")
      let unknown = try await dataset.stemma.run(["cache", "drop", "ffffffffffff"])
      #expect(unknown.errorText.contains("no call has a key or an id"), "\(unknown.errorText)")
      let output = try await dataset.stemma("cache", "drop", String(id.prefix(8)), "--yes")
      #expect(output.text.contains("1 record of the present version was made with it"))
      let status = try #require(try await dataset.objects("status").first)
      #expect(status["fresh"] == false)
      #expect(status["stages"]?.array?.last?["state"] == "dropped")

      isOther.isOn = true
      let asked = script.requestCount
      let result = try await dataset.run()
      let new = script.log.seeds[asked...]
      #expect(result.kept == 6 && result.asked == new.count)
      #expect(new.count { (try? seed(key)) == $0 } == 1)
      // The sample and its critics, and nothing else.
      #expect(new.count <= 8)
      let samples = try await dataset.samples()
      #expect(!samples.contains { $0["id"] == sample["id"] })
      #expect(try await dataset.run().isUpToDate)
      #expect(try await dataset.stemma("status").text.hasSuffix("Nothing to do.\n"))
      let old = try #require(sample["id"]?.string)
      let trace = try await dataset.stemma("trace", old, "--at", "HEAD~1", "--full").text
      #expect(trace.contains("answer> ") && !trace.contains("missing"))
      let stat = try #require(try await dataset.objects("cache", "stat").first)
      #expect(stat["dropped"] == 1)
      #expect(try await dataset.callLines("--dropped").count == stat["calls"]?.int)
      let lines = try await dataset.callLines()
      #expect(lines.count + 1 == stat["calls"]?.int)
      // A copy of the dropped answer from elsewhere does not bring it back.
      let imported = try await dataset.importCalls(try await dataset.callLines("--dropped"))
      #expect(imported.text.contains("1 of these were dropped here"))
      #expect(try await dataset.callLines() == lines)
      try await dataset.expectSound()
    }
  }

  @Test("the same answer once more counts, and so does what a killed run had of it")
  func sameAnswer() async throws {
    let limit = RequestLimit()
    let script = SimulaScript { _, _, count in count >= limit.count ? .silence : nil }
    try await withServerDataset(script, { $0.concurrency = 1 }) { dataset, _, server in
      try await dataset.run()
      let digest = try await dataset.datasetDigest()
      let calls = [try await call(of: dataset, 0), try await call(of: dataset, 1)]
      try await dataset.stemma("cache", "drop", calls[0].id, calls[1].id, "--yes")
      let asked = script.requestCount
      limit.count = asked + 1
      let output = try await dataset.stemma.run(["run"]) { running in
        // What was answered is durable a moment later; nothing else happens.
        await running.wait(
          until: { script.requestCount == asked + 2 }, after: .seconds(1), sending: SIGKILL)
      }
      #expect(output.exitCode == -9)
      limit.count = .max
      await server.waitUntilIdle()
      // Whatever was in flight is asked again, at most one; the durable answer is not.
      let first = script.log.seeds[asked]
      let before = script.requestCount
      let result = try await dataset.run()
      #expect(!script.log.seeds[before...].contains(first))
      #expect(result.asked == 1)
      #expect(try await dataset.run().isUpToDate)
      #expect(try await dataset.datasetDigest() == digest)
      let stat = try #require(try await dataset.objects("cache", "stat").first)
      #expect(stat["dropped"] == 0)
      // Dropped once more, it is asked once more.
      try await dataset.stemma("cache", "drop", calls[0].key, "--yes")
      #expect(try await dataset.run().asked == 1)
      try await dataset.expectSound()
    }
  }

  @Test(
    "a drop travels: who fetches it asks again, and a fetched copy of the answer does not count")
  func twoMachines() async throws {
    let isOther = Switch()
    let script = Self.script(isOther)
    try await withServerDataset(script) { dataset, _, _ in
      try await dataset.run()
      let parent = dataset.directory.deletingLastPathComponent()
      try await GitProgram(in: parent)("init", "-q", "--bare", "-b", "main", "remote.git")
      try await dataset.git("remote", "add", "origin", "../remote.git")
      try await dataset.stemma("push")
      var copies: [TestDataset] = []
      for name in ["b", "c"] {
        try await StemmaProgram(in: parent)("clone", "remote.git", name)
        copies.append(TestDataset(at: parent.appending(path: name, directoryHint: .isDirectory)))
      }
      let (_, _, key) = try await call(of: dataset)
      // The drop is made on a machine that has only a fetched copy of the call.
      try await copies[0].stemma("cache", "drop", key, "--yes")
      isOther.isOn = true
      #expect(try await copies[0].run().asked > 0)
      try await copies[0].stemma("push")
      #expect(try await copies[1].run().isUpToDate)
      for side in [copies[1], dataset] {
        try await side.git(
          "fetch", "-q", "origin", "+refs/stemma/calls/*:refs/stemma/remotes/origin/calls/*")
        let asked = script.requestCount
        let result = try await side.run()
        // The other machine's new answer is here: nothing is asked, and the sample is the same.
        #expect(!result.isUpToDate && result.asked == 0 && script.requestCount == asked)
        #expect(try await side.datasetDigest() == copies[0].datasetDigest())
        #expect(try await side.run().isUpToDate)
        try await side.expectSound()
      }
    }
  }

  @Test("what names no call, or is no beginning of a key, changes nothing")
  func mistakes() async throws {
    try await withEmptyDatasets(["a"]) { datasets in
      let dataset = datasets[0]
      _ = try await dataset.importCalls(try await SomeCalls.make())
      let before = try await dataset.git("for-each-ref").text
      for (key, status, message) in [
        ("00000000000000000000", 3, "no call has a key or an id that begins with"),
        ("abcde", 1, "6 to 64 hexadecimal digits"), ("wxyz-123", 1, "hexadecimal digits"),
        (String(repeating: "a", count: 65), 1, "hexadecimal digits"),
      ] {
        let output = try await dataset.stemma.run(["cache", "drop", key, "--yes"])
        #expect(output.exitCode == status && output.errorText.contains(message), "\(key)")
      }
      #expect(try await dataset.git("for-each-ref").text == before)
    }
  }
}
