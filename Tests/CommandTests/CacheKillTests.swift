import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("cache commands that are killed", .serialized)
struct CacheKillTests {
  private static let kills = 10

  /// Runs the program for so long at most; true when it was killed then.
  ///
  /// Another program kills it: busy tests would come too late.
  private func kill(
    _ dataset: TestDataset, _ arguments: [String], after delay: Duration
  ) async throws -> Bool {
    var stemma = dataset.stemma
    stemma.wrapper = ["timeout", "-s", "KILL", "\(delay / .seconds(1))"]
    return try await [137, -9].contains(stemma.run(arguments).exitCode)
  }

  @Test("a killed prune loses nothing that stays, and the next one ends it")
  func prune() async throws {
    try await CachePruneTests.withPrunable { dataset, _, _, script in
      let parent = dataset.directory.deletingLastPathComponent()
      try await dataset.git("branch", "-q", "-D", "harder")
      let staying = Set(try await dataset.callLines("--named"))
      let last = parent.appending(path: "last", directoryHint: .isDirectory)
      try FileManager.default.copyItem(at: dataset.directory, to: last)
      let start = ContinuousClock.now
      try await TestDataset(at: last).stemma("cache", "prune", "--yes")
      // On a busy machine what passes here is longer than what the program takes: the time is searched.
      var delay = start.duration(to: .now) / 2
      let pruned = Set(try await TestDataset(at: last).callLines())
      var killed = 0
      for number in 1...Self.kills {
        let copy = TestDataset(at: parent.appending(path: "\(number)", directoryHint: .isDirectory))
        try FileManager.default.copyItem(at: dataset.directory, to: copy.directory)
        if try await kill(copy, ["cache", "prune", "--yes"], after: delay) {
          killed += 1
          delay = delay * 13 / 10
        } else {
          delay = delay / 2
        }
        #expect(Set(try await copy.callLines()).isSuperset(of: staying), "kill \(number)")
        try await copy.git("gc", "-q", "--prune=now")
        #expect(Set(try await copy.callLines()).isSuperset(of: staying), "kill \(number)")
        try await copy.stemma("cache", "prune", "--yes")
        #expect(Set(try await copy.callLines()) == pruned, "kill \(number)")
        let references = try await copy.git("for-each-ref", "refs/stemma/calls").lines
        #expect(references.count == 1)
        let asked = script.requestCount
        #expect(try await copy.run().isUpToDate && script.requestCount == asked)
        try await copy.expectSound()
        try FileManager.default.removeItem(at: copy.directory)
      }
      #expect(killed > 0)
    }
  }

  @Test("a killed import leaves whole calls, and the next one adds the rest")
  func importing() async throws {
    let lines = try await SomeCalls.make()
    try await withEmptyDatasets(["a"]) { datasets in
      let dataset = datasets[0]
      let file = dataset.directory.deletingLastPathComponent().appending(path: "calls.jsonl")
      try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
      let path = file.path(percentEncoded: false)
      for number in 1...Self.kills {
        _ = try await kill(dataset, ["cache", "import", path], after: .milliseconds(number * 8))
        #expect(Set(try await dataset.callLines()).isSubset(of: lines))
        try await dataset.expectSound()
      }
      try await dataset.stemma("cache", "import", path)
      #expect(Set(try await dataset.callLines()) == Set(lines))
    }
  }
}
