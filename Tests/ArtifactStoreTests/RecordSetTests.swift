import Foundation
import Git
import TestSupport
import Testing

@testable import ArtifactStore

/// Compares sets of the index with plain ones, over shards that share ids and beginnings of ids.
@Suite("RecordSet")
struct RecordSetTests {
  /// Shards in several segments of an index, some of another kind.
  private struct Lab {
    let folder: IndexFolder
    var shards: [RecordIndex.NewShard] = []

    init(_ directory: URL, seed: UInt64, sharing: Bool) throws {
      folder = try IndexFolder(directory.appending(path: "index"))
      var random = SeededRandom(seed: seed)
      let prefix = random.bytes(8)
      var pool: [RecordID] = []
      for batch in 0..<5 {
        var added: [RecordIndex.NewShard] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let ids = (0..<Int.random(in: 1...(400 >> batch), using: &random)).map { _ in
            if sharing, let old = pool.randomElement(using: &random),
              Int.random(in: 0..<4, using: &random) == 0
            {
              return old
            }
            let isLike = sharing && Int.random(in: 0..<6, using: &random) == 0
            let bytes = isLike ? prefix + random.bytes(24) : random.bytes(32)
            pool.append(RecordID(digest: Digest(bytes: bytes)))
            return pool[pool.count - 1]
          }
          let object = try #require(ObjectID(bytes: random.bytes(20)))
          let kind: RecordKind = Int.random(in: 0..<4, using: &random) == 0 ? .mixes : .samples
          added.append(RecordIndex.NewShard(object: object, kind: kind, ids: ids[...]))
        }
        try folder.add(added, trees: [])
        shards += added
      }
    }

    /// The set of some shards, and which rows of them are members by a plain count.
    func choose(_ random: inout SeededRandom) throws -> (
      set: RecordSet, rows: [(shard: RecordIndex.NewShard, row: Int, isFirst: Bool)]
    ) {
      let chosen = shards.filter { $0.kind == .samples }.shuffled(using: &random)
        .prefix(Int.random(in: 0...8, using: &random))
      let found = try RecordSet(.samples, chosen.map(\.object), in: folder.current)
      var seen = Set<RecordID>()
      var rows: [(shard: RecordIndex.NewShard, row: Int, isFirst: Bool)] = []
      for shard in chosen {
        for (row, id) in shard.ids.enumerated() {
          rows.append((shard, row, seen.insert(id).inserted))
        }
      }
      return (try #require(found), rows)
    }
  }

  @Test("holds each record once, in the earliest shard", arguments: 1...12 as ClosedRange<UInt64>)
  func members(seed: UInt64) throws {
    try withTemporaryDirectory { directory in
      let lab = try Lab(directory, seed: seed, sharing: seed % 3 != 0)
      var random = SeededRandom(seed: seed + 100)
      for _ in 0..<20 {
        var (set, rows) = try lab.choose(&random)
        let all = Set(rows.map { $0.shard.ids[$0.row] })
        #expect(set.count == all.count)
        #expect(set.ids == all.sorted())
        for shard in set.shards {
          let hidden = rows.filter { $0.shard.object == shard.object && !$0.isFirst }.map(\.row)
          #expect(set.hiddenRows(of: shard) == Set(hidden))
        }
        for id in all {
          let ordinal = try #require(set.ordinal(of: id))
          #expect(set.id(ordinal) == id)
        }
        for id in lab.shards.flatMap(\.ids) { #expect(set.contains(id) == all.contains(id)) }
        let removed = Set(all.shuffled(using: &random).prefix(all.count / 3))
        set.remove(removed.sorted() + removed.sorted())
        #expect(set.ids == all.subtracting(removed).sorted())
        #expect(set.count == all.count - removed.count)
      }
    }
  }

  @Test("a record is found in every shard that holds it, however many")
  func manyPlaces() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let record = Record.made(.samples, 1)
      var random = SeededRandom(seed: 9)
      let shards = try (0..<1100).map { _ in
        RecordIndex.NewShard(
          object: try #require(ObjectID(bytes: random.bytes(20))), kind: .samples,
          ids: [record.id])
      }
      try store.index.add(shards)
      #expect(
        Set(try store.index.find(record.id).map(\.location.object)) == Set(shards.map(\.object)))
      #expect(try store.index.find(idPrefix: [], limit: 10).count == 10)
    }
  }

  @Test("a shard that the index does not know makes no set")
  func unknown() throws {
    try withTemporaryDirectory { directory in
      let lab = try Lab(directory, seed: 1, sharing: false)
      let stranger = ObjectID(hashing: .blob, [1])
      #expect(try RecordSet(.samples, [stranger], in: lab.folder.current) == nil)
    }
  }

  @Test("a finder finds in any order", arguments: 1...6 as ClosedRange<UInt64>)
  func finder(seed: UInt64) throws {
    try withTemporaryDirectory { directory in
      let lab = try Lab(directory, seed: seed, sharing: seed % 2 == 0)
      var random = SeededRandom(seed: seed + 100)
      let (set, rows) = try lab.choose(&random)
      var asked = rows.map { $0.shard.ids[$0.row] }
      for round in 0..<3 {
        var finder = RecordFinder(set)
        for id in asked {
          #expect(finder.ordinal(of: id) == set.ordinal(of: id))
          if round > 0 {
            #expect(finder.ordinal(of: RecordID(digest: Digest(bytes: random.bytes(32)))) == nil)
          }
        }
        asked.shuffle(using: &random)
      }
    }
  }

  @Test("ids of a set and others are in one order", arguments: 1...4 as ClosedRange<UInt64>)
  func sorted(seed: UInt64) throws {
    try withTemporaryDirectory { directory in
      let lab = try Lab(directory, seed: seed, sharing: true)
      var random = SeededRandom(seed: seed + 100)
      for count in [0, 1, 500] {
        let set = try lab.choose(&random).set
        let others = (0..<count).map { _ in RecordID(digest: Digest(bytes: random.bytes(32))) }
        let ids = SortedIDs(set, and: others)
        var walked: [RecordID] = []
        ids.forEach { walked.append($0) }
        #expect(walked == (set.ids + others).sorted())
        #expect(ids.count == walked.count)
      }
    }
  }
}
