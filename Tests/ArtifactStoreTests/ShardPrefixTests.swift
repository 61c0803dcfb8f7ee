import Git
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("A shard that is read as far as needed")
struct ShardPrefixTests {
  private static func content(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
    (0..<count).flatMap { _ -> [UInt8] in
      let size = [1, 7, 300, 70_000][Int.random(in: 0..<4, using: &random)]
      return random.bytes(size).map { $0 == 0x0A ? 0x20 : $0 } + [0x0A]
    }
  }

  @Test("has the lines that the whole of it has, in whatever order they are asked for")
  func lines() throws {
    var random = SeededRandom(seed: 11)
    for count in [1, 2, 40, 90] {
      let content = Self.content(count, &random)
      let ranges = try Shard.lineRanges(content)
      let prefix = try ShardPrefix(ObjectBytes(ZstdCodec().compress(content)))
      for row in (0..<count).shuffled(using: &random) + [0, count - 1] {
        #expect(try prefix.line(row) == Array(content[ranges[row]]))
      }
      #expect(try prefix.line(count) == nil)
      #expect(try prefix.line(.max) == nil)
    }
  }

  @Test("gives no other line where bytes of it are damaged behind its reach, and says so within")
  func damage() throws {
    var random = SeededRandom(seed: 12)
    let content = Self.content(60, &random)
    let ranges = try Shard.lineRanges(content)
    let frame = ZstdCodec().compress(content)
    var refusals = 0
    // What a damaged one leaves behind is used again.
    let rooms = ShardRooms()
    for _ in 0..<60 {
      var damaged = frame
      damaged[Int.random(in: 0..<frame.count, using: &random)] ^=
        1 << UInt8.random(in: 0..<8, using: &random)
      do throws(StoreError) {
        // All of it: the frame's checksum is at its end.
        let prefix = try ShardPrefix(ObjectBytes(damaged), in: rooms)
        for row in ranges.indices.reversed() { _ = try prefix.line(row) }
        for row in ranges.indices { #expect(try prefix.line(row) == Array(content[ranges[row]])) }
      } catch {
        #expect(error.code == .corrupt)
        refusals += 1
      }
    }
    #expect(refusals > 40)
  }

  @Test("shards of all sizes share their memory, also those that are left in the middle")
  func rooms() throws {
    var random = SeededRandom(seed: 13)
    let rooms = ShardRooms()
    var kept: [(ShardPrefix, [UInt8], [Range<Int>])] = []
    for count in [40, 1, 90, 2, 40, 60, 3, 80] {
      let content = Self.content(count, &random)
      let ranges = try Shard.lineRanges(content)
      let prefix = try ShardPrefix(ObjectBytes(ZstdCodec().compress(content)), in: rooms)
      let row = Int.random(in: 0..<count, using: &random)
      #expect(try prefix.line(row) == Array(content[ranges[row]]))
      if kept.count < 2 { kept.append((prefix, content, ranges)) }
    }
    for (prefix, content, ranges) in kept {
      for row in ranges.indices { #expect(try prefix.line(row) == Array(content[ranges[row]])) }
    }
  }

  @Test("refuses what is cut off, no frame, or no lines")
  func malformed() throws {
    let codec = ZstdCodec()
    let frame = codec.compress(Array("one\ntwo\n".utf8))
    for length in 0..<frame.count {
      #expect(throws: StoreError.self) {
        try ShardPrefix(ObjectBytes(Array(frame.prefix(length)))).line(1)
      }
    }
    #expect(throws: StoreError.self) { try ShardPrefix(ObjectBytes(frame + [0])) }
    for text in ["one\ntwo", "one\n\ntwo\n", "\n"] {
      let prefix = try ShardPrefix(ObjectBytes(codec.compress(Array(text.utf8))))
      #expect(throws: StoreError.self) { try prefix.line(5) }
    }
    #expect(try ShardPrefix(ObjectBytes(codec.compress([]))).line(0) == nil)
  }
}

@Suite("The shards that are kept")
struct ShardCacheTests {
  private static func object(_ number: Int) -> ObjectID {
    ObjectID(hashing: .blob, Array("\(number)".utf8))
  }

  @Test("are the last few that were used, and few where they are large")
  func bounds() {
    var cache = ShardCache<Int>(mostShards: 24)
    for number in 0..<24 { cache.add(number, Self.object(number), sizeInBytes: 1 << 20) }
    #expect((0..<24).allSatisfy { cache.find(Self.object($0)) == $0 })
    // The first was used, so that the second goes.
    _ = cache.find(Self.object(0))
    cache.add(24, Self.object(24), sizeInBytes: 1 << 20)
    #expect(cache.find(Self.object(0)) == 0 && cache.find(Self.object(1)) == nil)
    cache.add(25, Self.object(25), sizeInBytes: 200 << 20)
    #expect(cache.find(Self.object(25)) == 25 && cache.find(Self.object(0)) == nil)
    cache.add(26, Self.object(26), sizeInBytes: 1 << 20)
    #expect(cache.find(Self.object(25)) == nil && cache.find(Self.object(26)) == 26)
  }
}
