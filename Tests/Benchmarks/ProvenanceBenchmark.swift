import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation

/// Tracing samples of a dataset that is there, and the impact of one of its leaves.
struct ProvenanceBenchmark {
  /// Milliseconds that one look may take at 512,000 samples.
  private static let limits = (cold: 30.0, inProcess: 2.0, impact: 300.0)
  /// Recorded answers a second.
  private static let replayFloor = 100_000.0
  private static let traceCount = 200
  private static let coldCount = 15

  /// The program's path.
  let stemma: String
  let folder: URL

  func run(_ show: (String) -> Void) throws {
    let store = try Store(at: folder)
    guard let version = try store.head(), try version.liveCount(.samples) > 0 else {
      throw MeasuredProgram.Failure(description: "name a dataset that has samples")
    }
    let samples = try randomSamples(of: version)
    show("\(try version.liveCount(.samples)) samples, \(try recordCount(version)) records")
    show(try index(version))
    show(try links(version))
    let some = samples.prefix(Self.coldCount)
    show(row("trace, program start to end", try cold(some), Self.limits.cold))
    show(row("trace, in process", try traces(samples, version), Self.limits.inProcess))
    let leaf = try self.leaf(version)
    let program = MeasuredProgram(folder: folder)
    let times = try (0..<5).map { _ in
      try program.run([stemma, "impact", "node:\(leaf.id)"]).wallSeconds * 1000
    }
    show(row("impact of a leaf (\(leaf.name)), program", times, Self.limits.impact))
    var count = 0
    let inProcess = try (0..<5).map { _ in
      try milliseconds {
        let result = try Impact(version).descendants(of: .node(leaf.node))
        count = result.records.values.reduce(0) { $0 + $1.count }
      }
    }
    show(
      row("impact of that leaf, in process", inProcess, Self.limits.impact) + "  \(count) records")
    show(try replay(program))
  }

  /// The version derived again, as the program tells of it.
  private func replay(_ program: MeasuredProgram) throws -> String {
    let output = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: output) }
    let measured = try program.run([stemma, "verify", "--replay", "--json"], output: output)
    let report = try JSON(parsing: String(contentsOf: output, encoding: .utf8))
    let rate = Double(report["calls"]?.int ?? 0) / measured.wallSeconds
    return "verify --replay".padding(toLength: 50, withPad: " ", startingAt: 0)
      + String(
        format: "%8.1f s, %.0f recorded answers a second (limit %.0f, %@), %.0f MB peak",
        measured.wallSeconds, rate, Self.replayFloor, rate >= Self.replayFloor ? "ok" : "over",
        measured.peakMegabytes)
  }

  private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now) / .milliseconds(1)
  }

  private func row(_ name: String, _ times: [Double], _ limit: Double) -> String {
    let sorted = times.sorted()
    let middle = sorted[sorted.count / 2]
    return name.padding(toLength: 50, withPad: " ", startingAt: 0)
      + String(
        format: "%8.2f ms, %.2f to %.2f (limit %.0f, %@)", middle, sorted[0],
        sorted[sorted.count - 1], limit, middle <= limit ? "ok" : "over")
  }

  /// The index of records and calls made anew, as after a clone.
  private func index(_ version: Version) throws -> String {
    let index = version.store.index
    try index.forget()
    let time = try milliseconds {
      try index.catchUp(tree: version.tree)
      try index.catchUpCalls()
    }
    return row("index of records and calls", time, folder: "index", of: version.store)
  }

  /// The index of links made anew.
  private func links(_ version: Version) throws -> String {
    try version.store.links.forget()
    let time = try milliseconds { try version.store.links.catchUp(tree: version.tree) }
    return row("index of links", time, folder: "links", of: version.store)
  }

  private func row(_ name: String, _ time: Double, folder: String, of store: Store) -> String {
    let size = sizeInBytes(of: store.folder.appending(path: folder))
    return name.padding(toLength: 50, withPad: " ", startingAt: 0)
      + String(format: "%8.0f ms, %.1f MB", time, Double(size) / 1e6)
  }

  private func recordCount(_ version: Version) throws -> Int {
    try version.totals().values.reduce(0, +)
  }

  /// Samples that lie anywhere, the same in each run.
  private func randomSamples(of version: Version) throws -> [RecordID] {
    let ids = try version.live(.samples).ids
    var state: UInt64 = 42
    return (0..<Self.traceCount).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return ids[Int(state >> 33) % ids.count]
    }
  }

  private func cold(_ samples: ArraySlice<RecordID>) throws -> [Double] {
    let program = MeasuredProgram(folder: folder)
    return try samples.map { try program.run([stemma, "trace", $0.hex]).wallSeconds * 1000 }
  }

  private func traces(_ samples: [RecordID], _ version: Version) throws -> [Double] {
    let trace = try Trace(version)
    return try samples.map { id in try milliseconds { _ = try trace.run(id.hex) } }
  }

  /// The leaf of which the number of slots comes closest to an eightieth of all.
  private func leaf(_ version: Version) throws -> (node: NodeID, id: String, name: String) {
    guard let sources = try Sources.decode(readFile: { path in try version.file(path) }) else {
      throw MeasuredProgram.Failure(description: "the dataset has no taxonomies")
    }
    let counts = try NodeCounts(sources, in: version, instances: 1)
    let wanted = Double(try version.liveCount(.mixes)) / 80
    let leaves = sources.taxonomies.flatMap { tree in
      tree.nodes.filter { tree.isLeaf($0.id) }
    }
    guard
      let leaf = leaves.min(by: {
        abs(Double(counts.slots($0.id)) - wanted) < abs(Double(counts.slots($1.id)) - wanted)
      })
    else { throw MeasuredProgram.Failure(description: "the dataset has no leaf") }
    return (leaf.id, leaf.id.text, "\(leaf.name), \(counts.slots(leaf.id)) slots")
  }
}
