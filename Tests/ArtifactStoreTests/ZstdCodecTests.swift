import ArtifactStore
import TestSupport
import Testing

@Suite("ZstdCodec")
struct ZstdCodecTests {
  private let codec = ZstdCodec()
  private static let limit = 16 << 20

  private static func content(_ size: Int) -> [UInt8] {
    var random = SeededRandom(seed: UInt64(size))
    let words = ["{\"a\":1}\n", "stemma ", "0123456789"].map { Array($0.utf8) }
    var bytes: [UInt8] = []
    while bytes.count < size {
      bytes += words.randomElement(using: &random) ?? []
      bytes.append(UInt8(truncatingIfNeeded: random.next()))
    }
    return Array(bytes.prefix(size))
  }

  @Test(
    "frames hold size and checksum, and zstd reads them",
    arguments: [0, 1, 255, 256, 65791, 65792, 1 << 20, 3 << 20])
  func frames(size: Int) throws {
    let content = Self.content(size)
    let frame = codec.compress(content)
    #expect(try codec.decompress(frame, maximumSizeInBytes: size) == content)
    #expect(frame.starts(with: [0x28, 0xB5, 0x2F, 0xFD]))
    let descriptor = frame[4]
    #expect(descriptor & 0b100 != 0, "the checksum")
    #expect(descriptor >> 6 != 0 || descriptor & 0b10_0000 != 0, "the content size")
    #expect(descriptor & 0b11 == 0, "no dictionary")
    let program = try runProgram("zstd", "-dc", input: frame)
    #expect(program.status == 0)
    #expect(program.output == content)
  }

  @Test("frames of the zstd program are read at any level", arguments: ["-1", "-9", "--ultra"])
  func foreignFrames(level: String) throws {
    let content = Self.content(300_000)
    let size = "--stream-size=\(content.count)"
    let frame = try runProgram("zstd", level, size, "-c", input: content)
    #expect(frame.status == 0)
    #expect(try codec.decompress(frame.output, maximumSizeInBytes: Self.limit) == content)
    // From a pipe of unknown length it writes no content size.
    let sizeless = try runProgram("zstd", level, "--no-content-size", "-c", input: content)
    #expect(throws: StoreError.self) {
      try codec.decompress(sizeless.output, maximumSizeInBytes: Self.limit)
    }
  }

  struct Hostile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let frame: [UInt8]

    init(_ testDescription: String, _ frame: [UInt8]) {
      self.testDescription = testDescription
      self.frame = frame
    }
  }

  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  private static let good = ZstdCodec().compress(content(1000))
  /// The last block, raw, of three bytes.
  private static let block: [UInt8] = [0b1 | 3 << 3, 0, 0, 0x61, 0x62, 0x63]
  private static let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9]

  static let hostile = [
    Hostile("nothing", []),
    Hostile("text", Array("hello, hello, hello".utf8)),
    Hostile("only the magic number", magic),
    Hostile("no content size", magic + [0x00, 0x00] + block),
    Hostile("less content than declared", magic + [0x20, 4] + block),
    Hostile("more content than declared", magic + [0x20, 2] + block),
    Hostile("a dictionary", magic + [0x21, 5, 3] + block),
    Hostile("a reserved bit", magic + [0x28, 3] + block),
    Hostile("2^63 bytes declared", magic + [0xE0, 0, 0, 0, 0, 0, 0, 0, 0x80] + block),
    Hostile(
      "2^64 - 2 bytes declared", magic + [0xE0, 0xFE] + [UInt8](repeating: 0xFF, count: 7) + block),
    Hostile("2^64 - 1 bytes declared", magic + [0xE0] + [UInt8](repeating: 0xFF, count: 8) + block),
    Hostile("4 GiB declared", magic + [0xE0, 0, 0, 0, 0, 1, 0, 0, 0] + block),
    Hostile("one byte behind", good + [0]),
    Hostile("two frames", good + good),
    Hostile("only a skippable frame", skippable),
    Hostile("a skippable frame first", skippable + good),
    Hostile("a skippable frame behind", good + skippable),
    Hostile("zeros", [UInt8](repeating: 0, count: 100)),
  ]

  @Test("hostile frames are corrupt", arguments: hostile)
  func refusals(hostile: Hostile) throws {
    let error = try #require(throws: StoreError.self) {
      try codec.decompress(hostile.frame, maximumSizeInBytes: Self.limit)
    }
    #expect(error.code == .corrupt)
  }

  @Test("a frame made by hand is read, so that the others fail for their own reasons")
  func handMade() throws {
    #expect(
      try codec.decompress(Self.magic + [0x20, 3] + Self.block, maximumSizeInBytes: 3)
        == Array("abc".utf8))
  }

  @Test("content beyond the limit is refused, at the limit it is read")
  func limit() throws {
    let content = [UInt8](repeating: 7, count: 100_000)
    let frame = codec.compress(content)
    #expect(try codec.decompress(frame, maximumSizeInBytes: 100_000) == content)
    let error = try #require(throws: StoreError.self) {
      try codec.decompress(frame, maximumSizeInBytes: 99_999)
    }
    #expect(error.code == .corrupt)
    #expect(error.message.contains("100000"))
  }

  @Test("a frame that is cut off anywhere is corrupt")
  func truncation() {
    for count in 0..<Self.good.count {
      #expect(throws: StoreError.self) {
        try codec.decompress(Array(Self.good.prefix(count)), maximumSizeInBytes: Self.limit)
      }
    }
  }

  @Test("a flipped bit is noticed, or changes nothing")
  func flips() {
    let content = Self.content(1000)
    for place in Self.good.indices {
      for bit in 0..<8 {
        var frame = Self.good
        frame[place] ^= 1 << bit
        guard let read = try? codec.decompress(frame, maximumSizeInBytes: Self.limit) else {
          continue
        }
        #expect(read == content)
      }
    }
  }

  @Test("a codec serves many tasks")
  func concurrency() async {
    await withTaskGroup(of: Bool.self) { group in
      for size in 0..<40 {
        group.addTask {
          let content = Self.content(size * 1000)
          let frame = codec.compress(content)
          return (try? codec.decompress(frame, maximumSizeInBytes: Self.limit)) == content
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
