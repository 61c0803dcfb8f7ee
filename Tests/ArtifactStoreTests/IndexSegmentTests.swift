import Foundation
import Git
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("IndexSegment")
struct IndexSegmentTests {
  private typealias Shard = RecordIndex.NewShard

  /// Shards of calls with a few equal keys, and ids that share their first 8 bytes.
  private static func shards(_ sizes: [Int], seed: UInt64) -> [RecordIndex.NewShard] {
    var random = SeededRandom(seed: seed)
    func digest() -> Digest { Digest(bytes: random.bytes(32)) }
    let shared = random.bytes(8)
    return sizes.compactMap { size in
      guard let object = ObjectID(bytes: random.bytes(20)) else { return nil }
      let ids = (0..<size).map { row in
        RecordID(
          digest: row % 7 == 3 ? Digest(bytes: shared + random.bytes(24)) : digest())
      }
      let keys = (0..<size).map { row in
        row % 5 == 0 ? Digest(bytes: shared + [UInt8](repeating: 1, count: 24)) : digest()
      }
      return RecordIndex.NewShard(object: object, kind: .calls, ids: ids[...], keys: keys)
    }
  }

  private static func write(_ shards: [RecordIndex.NewShard], to path: String) throws {
    let trees = Set(shards.map(\.object))
    try IndexSegmentWriter(
      shardCount: shards.count, recordCount: shards.reduce(0) { $0 + $1.ids.count }, trees: trees,
      hasKeys: true, keyField: nil, shard: { shards[$0] }
    ).write(to: path)
  }

  /// What a lookup of everything finds, or nil where damage was noticed.
  private static func contents(_ path: String, of shards: [RecordIndex.NewShard]) -> [String]? {
    guard let segment = IndexSegment(path) else { return nil }
    var found: [String] = []
    do throws(IndexDamage) {
      for shard in shards {
        guard try segment.covers(shard.object) else { return ["missing tree"] }
        for id in shard.ids {
          try segment.visit(idPrefix: id.digest.bytes) { (ordinal) throws(IndexDamage) in
            let (place, row) = segment.place(ordinal)
            found.append("\(try segment.id(ordinal)) \(place.object) \(row)")
            return true
          }
        }
        for key in Set(shard.keys) {
          var ids: [String] = []
          try segment.visit(key: key) { (ordinal) throws(IndexDamage) in
            ids.append("\(key) \(try segment.id(ordinal))")
            return true
          }
          found += ids.sorted()
        }
      }
    } catch {
      return nil
    }
    return found.sorted()
  }

  private static func expected(_ shards: [RecordIndex.NewShard]) -> [String] {
    var lines: [String] = []
    for shard in shards {
      for (row, id) in shard.ids.enumerated() { lines.append("\(id) \(shard.object) \(row)") }
      for key in Set(shard.keys) {
        for other in shards {
          for (row, id) in other.ids.enumerated() where other.keys[row] == key {
            lines.append("\(key) \(id)")
          }
        }
      }
    }
    return lines.sorted()
  }

  @Test(
    "everything that was written is found",
    arguments: [[], [1], [3, 1, 2], [70, 900, 5], [2000, 1, 1, 600]])
  func lookup(sizes: [Int]) throws {
    try withTemporaryDirectory { folder in
      let path = folder.appending(path: "a.segment").path(percentEncoded: false)
      let shards = Self.shards(sizes, seed: UInt64(sizes.count))
      try Self.write(shards, to: path)
      #expect(Self.contents(path, of: shards) == Self.expected(shards))
      let segment = try #require(IndexSegment(path))
      try segment.visit(idPrefix: [UInt8](repeating: 0x5A, count: 32)) { _ in
        Issue.record("found what is not there")
        return true
      }
      let stranger = try #require(ObjectID(bytes: [UInt8](repeating: 7, count: 20)))
      #expect(try !segment.covers(stranger))
    }
  }

  @Test("a flipped byte is noticed or changes nothing")
  func damage() throws {
    try withTemporaryDirectory { folder in
      let path = folder.appending(path: "a.segment").path(percentEncoded: false)
      let shards = Self.shards([120, 40], seed: 9)
      try Self.write(shards, to: path)
      let whole = Array(try Data(contentsOf: URL(filePath: path)))
      let expected = Self.expected(shards)
      var random = SeededRandom(seed: 4)
      var noticed = 0
      let ends = Array(0..<64) + Array((whole.count - 64)..<whole.count)
      for place in ends + (0..<200).map({ _ in Int(random.next() % UInt64(whole.count)) }) {
        var bytes = whole
        bytes[place] ^= UInt8(1 << (random.next() % 8))
        try Data(bytes).write(to: URL(filePath: path))
        let found = Self.contents(path, of: shards)
        #expect(found == nil || found == expected, "byte \(place)")
        if found == nil { noticed += 1 }
      }
      #expect(noticed > 100)
      for size in [0, 1, 4095, 4096, 8192, whole.count - 1] {
        try Data(whole.prefix(size)).write(to: URL(filePath: path))
        #expect(IndexSegment(path) == nil)
      }
    }
  }

  @Test("digests are put in order, whatever they share", arguments: [0, 1, 63, 64, 65, 3000])
  func order(count: Int) {
    var random = SeededRandom(seed: 5)
    let words = (0..<count).map { index in
      index % 3 == 0 ? UInt64(index % 5) << 60 : random.next()
    }
    let order = DigestOrder.sorted(words)
    #expect(Set(order).count == count)
    #expect(order.map { words[Int($0)] } == words.sorted())
    let ids = (0..<count).map { _ in
      RecordID(digest: Digest(bytes: [UInt8](repeating: 1, count: 9) + random.bytes(23)))
    }
    #expect(DigestOrder.fullySorted(ids).map { ids[Int($0)] } == ids.sorted())
  }

  @Test("a table of ids is a set that numbers them")
  func table() {
    var random = SeededRandom(seed: 6)
    let ids = (0..<5000).map { _ in
      RecordID(digest: Digest(bytes: random.bytes(2) + [UInt8](repeating: 0, count: 30)))
    }
    var table = RecordIDTable()
    var numbers: [RecordID: Int] = [:]
    for id in ids {
      let (ordinal, isNew) = table.insert(id)
      #expect(isNew == (numbers[id] == nil))
      #expect(ordinal == numbers[id] ?? numbers.count)
      numbers[id] = ordinal
    }
    #expect(table.count == numbers.count)
    for (id, number) in numbers { #expect(table.ordinal(of: id) == number) }
    #expect(table.ordinal(of: RecordID(digest: Digest(of: [1]))) == nil)
  }
}

extension IndexSegmentTests {
  @Test("what one process added in pieces is joined, and what others added much of is left alone")
  func join() throws {
    try withTemporaryDirectory { folder in
      func segmentCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
          .count { $0.hasSuffix(".segment") }
      }
      // Of falling sizes, so that none is merged with the one before.
      let shards = Self.shards([4000, 700, 120, 9], seed: 31)
      let index = try IndexFolder(folder)
      for shard in shards { try index.add([shard], trees: []) }
      #expect(try segmentCount() == 4)
      try index.join()
      #expect(try segmentCount() == 1)
      let path = try #require(
        FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
          .first { $0.hasSuffix(".segment") })
      let joined = folder.appending(path: path).path(percentEncoded: false)
      let segment = try #require(IndexSegment(joined))
      #expect(segment.shards.map(\.object) == shards.map(\.object))
      for shard in shards {
        for (row, key) in shard.keys.enumerated() where row % 5 != 0 {
          var found: [RecordID] = []
          try segment.visit(key: key) { (ordinal) throws(IndexDamage) in
            found.append(try segment.id(ordinal))
            return true
          }
          #expect(found == [Array(shard.ids)[row]])
        }
      }
      // Another process adds a little.
      let other = try IndexFolder(folder)
      try other.add(Self.shards([50], seed: 32), trees: [])
      try other.join()
      #expect(try segmentCount() == 2)
      // Whoever has nothing to join writes nothing.
      try index.join()
      #expect(try segmentCount() == 2)
    }
  }

  @Test("digests are found by a directory, whatever they share", arguments: [0, 1, 7, 8, 9, 5000])
  func directory(count: Int) {
    var random = SeededRandom(seed: 33)
    let words = (0..<count).map { index -> UInt64 in
      switch index % 4 {
      case 0: random.next()
      case 1: UInt64(index % 3) << 62
      case 2: .max
      default: UInt64(index % 5)
      }
    }
    let sorted = words.sorted()
    let directory = DigestDirectory(count: count)
    let starts = (0...directory.bucketCount).map { bucket in
      sorted.count { directory.bucket($0) < bucket }
    }
    func positions(_ words: ClosedRange<UInt64>) -> Range<Int> {
      directory.positions(of: words, start: { starts[$0] }) { directory.fingerprint(sorted[$0]) }
    }
    let others: [UInt64] = [0, 1, .max, 1 << 63, random.next()]
    for word in words.prefix(300) + others {
      let found = positions(word...word).filter { sorted[$0] == word }
      #expect(found == sorted.indices.filter { sorted[$0] == word })
    }
    for _ in 0..<200 {
      let first = random.next() >> (random.next() % 64)
      let second = random.next() >> (random.next() % 64)
      let range = min(first, second)...max(first, second)
      let wanted = sorted.indices.filter { range.contains(sorted[$0]) }
      let found = positions(range)
      let isMeant = found.map { range.contains(sorted[$0]) }
      #expect(zip(found, isMeant).filter(\.1).map(\.0) == wanted)
      // Only such as are like the first or the last.
      #expect(isMeant.count { !$0 } <= sorted.count / 2 + 1)
    }
  }

  @Test("more records than a number of 32 bits can tell apart are refused")
  func tooManyRecords() throws {
    let writer = IndexSegmentWriter(
      shardCount: 0, recordCount: 1 << 32, trees: [], hasKeys: false, keyField: nil
    ) { _ throws(IndexDamage) in throw IndexDamage() }
    let error = #expect(throws: StoreError.self) { try writer.write(to: "/dev/null/none") }
    #expect(error?.code == .refused)
  }
}
