import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma run against a server", .serialized)
struct ServerRunTests {
  @Test(
    "the wanted number of samples comes, and a second run asks nothing",
    arguments: ["solve", "ask"])
  func twice(double: String) async throws {
    let script = SimulaScript(wrongShare: 0.2, rejectedShare: 0.2)
    try await withServerDataset(script, { $0.double = double }) { dataset, _, _ in
      let first = try await dataset.run()
      #expect(first.kept == 6)
      #expect(first.asked == script.requestCount)
      #expect(script.log.repeatCount == 0)
      #expect(try await dataset.samples().count == 6)
      try await dataset.expectSound()
      let head = try await dataset.head()
      let second = try await dataset.run()
      #expect(second.isUpToDate)
      #expect(script.requestCount == first.asked)
      #expect(try await dataset.head() == head)
    }
  }

  @Test("events say how far it is, and that no more is at the server than the recipe allows")
  func events() async throws {
    try await withServerDataset(SimulaScript(), { $0.concurrency = 2 }) { dataset, _, _ in
      let events = try await dataset.stemma.output(of: ["run", "--json"]).objects
        .filter { $0["type"] == "progress" }
      let stages = events.map { $0["stage"]?.string }
      #expect(stages.contains("samples"))
      for event in events {
        #expect((0...2).contains(event["in-flight"]?.int ?? -1))
        #expect(event["done"]?.int ?? .max <= event["total"]?.int ?? .max)
      }
    }
  }

  @Test("both critics are asked, and what they refuse is kept as a rejection")
  func critics() async throws {
    let script = SimulaScript(wrongShare: 0.5, rejectedShare: 0.3)
    try await withServerDataset(script, { $0.samples = 10 }) { dataset, _, _ in
      let result = try await dataset.run()
      #expect(result.kept == 10)
      #expect(script.log.tasks[.solve, default: 0] > 20)
      let rejections = try await dataset.objects("list", "rejections")
      let reasons = Set(rejections.compactMap { $0["value"]?["reason"]?.string })
      #expect(reasons.isSuperset(of: ["incorrect", "refined"]))
      for sample in try await dataset.samples() {
        let value = try #require(sample["value"]?["value"])
        let numbers = try #require(value["question"]?.string).matches(of: /\d+(?= [+]|[?])/)
          .compactMap { Int($0.output) }
        #expect(numbers.reduce(0, +) == value["answer"]?.int)
      }
    }
  }

  @Test("more samples keep the first ones, fewer drop the last ones")
  func sampleCount() async throws {
    let script = SimulaScript(wrongShare: 0.2)
    try await withServerDataset(script) { dataset, _, _ in
      try await dataset.run()
      let six = try await dataset.samples()
      let digest = try await dataset.datasetDigest()
      let more = try await dataset.run("--samples", "9")
      #expect(more.kept == 9)
      let nine = try await dataset.samples()
      #expect(Set(nine.map(\.text)).isSuperset(of: six.map(\.text)))
      #expect(nine.count == 9)
      let asked = script.requestCount
      let fewer = try await dataset.run("--samples", "6")
      #expect(fewer.asked == 0)
      #expect(script.requestCount == asked)
      #expect(try await dataset.samples().map(\.text).sorted() == six.map(\.text).sorted())
      #expect(try await dataset.datasetDigest() == digest)
      try await dataset.expectSound()
    }
  }

  @Test("a knob turned there and back asks little, and gives the same dataset")
  func knob() async throws {
    let script = SimulaScript(wrongShare: 0.2)
    try await withServerDataset(script, { $0.samples = 8 }) { dataset, recipe, _ in
      let first = try await dataset.run()
      let digest = try await dataset.datasetDigest()
      var other = recipe
      other.fraction = 0.7
      try dataset.write(other)
      let there = try await dataset.run()
      #expect(there.asked > 0)
      // Three of eight slots join; what exactly is asked for them is counted elsewhere.
      #expect(there.asked * 3 < first.asked * 2)
      #expect(try await dataset.datasetDigest() != digest)
      try dataset.write(recipe)
      let back = try await dataset.run()
      #expect(back.asked == 0)
      #expect(back.json["returned"]?.int ?? 0 > 0)
      #expect(try await dataset.datasetDigest() == digest)
      #expect(script.log.repeatCount == 0)
      try await dataset.expectSound()
    }
  }

  @Test("an edited taxonomy is what the next run reads, and nothing is proposed again")
  func edit() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.samples = 8 }) { dataset, _, _ in
      try await dataset.run()
      let grown = script.log.tasks
      let file = try #require(
        try FileManager.default.contentsOfDirectory(
          atPath: dataset.directory.appending(path: "taxonomies").path
        ).filter { $0.hasSuffix(".yaml") }.min())
      let lines = try dataset.read("taxonomies/\(file)").split(separator: "\n")
      let leaf = try #require(lines.lastIndex { $0.hasPrefix("-     {id: ") })
      let edited = lines.enumerated().filter { $0.offset != leaf }.map(\.element)
      try dataset.write(edited.joined(separator: "\n") + "\n", to: "taxonomies/\(file)")
      let status = try await dataset.stemma("status")
      #expect(status.text.contains("changed  taxonomies/\(file)"))
      let result = try await dataset.run()
      #expect(result.kept == 8)
      #expect(script.log.tasks[.children] == grown[.children])
      #expect(script.log.tasks[.strategies] == grown[.strategies])
      #expect(try dataset.read("taxonomies/\(file)").split(separator: "\n") == edited)
      try await dataset.expectSound()
      #expect(try await dataset.run().isUpToDate)
    }
  }
}
