import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

/// Compares versions with plain sets over random histories.
@Suite("Versions behave as sets")
struct VersionModelTests {
  /// What a dataset should hold.
  private struct Model {
    var live = Set<Record>()
    var held = Set<Record>()
    var history: [Set<Record>] = []

    /// The difference to the next set, in the order of the trailer.
    func difference(to next: Set<Record>) -> String {
      let revived = next.subtracting(live).intersection(held).count
      return "\(next.subtracting(held).count) \(revived) \(live.subtracting(next).count)"
    }

    mutating func move(to next: Set<Record>) {
      live = next
      held.formUnion(next)
      history.append(next)
    }
  }

  private static let pool = TestDataset.kinds.flatMap { kind in
    (0..<30).map { Record.made(kind, $0) }
  }

  private static func next(_ model: Model, _ random: inout SeededRandom) -> Set<Record> {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return model.live
    case 1: return []
    case 2: return Set(pool)
    case 3, 4: return model.history.randomElement(using: &random) ?? []
    case 5: return Set(pool.shuffled(using: &random).prefix(40))
    default:
      var next = model.live
      for record in pool.shuffled(using: &random).prefix(8) where next.remove(record) == nil {
        next.insert(record)
      }
      return next
    }
  }

  @Test("random histories", arguments: 1...4 as ClosedRange<UInt64>)
  func history(seed: UInt64) async throws {
    try await withDataset { dataset in
      var random = SeededRandom(seed: seed)
      var model = Model()
      var store = try Store(at: dataset.root)
      var paths = Set<String>()
      for step in 0..<10 {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: store = try Store(at: dataset.root)
        case 1:
          try? FileManager.default.removeItem(at: dataset.folder.appending(path: "index"))
          store = try Store(at: dataset.root)
        case 2: try await dataset.git("gc", "-q")
        default: break
        }
        let next = Self.next(model, &random)
        let expected = model.difference(to: next)
        let version = try dataset.write(
          store, next.sorted { $0.id < $1.id }.shuffled(using: &random), run: "\(step)")
        model.move(to: next)
        #expect(version.memos["Difference"] == expected, "step \(step)")
        try check(version, holds: next)
        // Nothing that was there is rewritten or dropped.
        let now = Set(try await dataset.git("ls-tree", "-r", "--name-only", "HEAD").lines)
        #expect(now.isSuperset(of: paths))
        paths = now
      }
      #expect(try await dataset.complaints().isEmpty)
      for (back, records) in model.history.reversed().enumerated() {
        try check(try store.version("HEAD~\(back)"), holds: records)
      }
    }
  }

  private func check(_ version: Version, holds records: Set<Record>) throws {
    #expect(try version.liveIDs() == ids(records))
    for kind in TestDataset.kinds {
      let read = try version.records(kind)
      #expect(Set(read) == records.filter { $0.kind == kind })
      #expect(read.count == Set(read).count)
    }
    let byKind = ids(records).mapValues(Array.init)
    #expect(try version.datasetDigest() == DatasetDigest.make(byKind))
  }
}
