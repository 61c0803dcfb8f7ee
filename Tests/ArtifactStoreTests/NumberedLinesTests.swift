import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("NumberedLines")
struct NumberedLinesTests {
  private func lines(of bytes: [UInt8]) throws -> [[UInt8]?] {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "lines").path(percentEncoded: false)
      try Data(bytes).write(to: URL(filePath: path))
      let descriptor = open(path, O_RDONLY)
      defer { close(descriptor) }
      var reader = NumberedLines(descriptor, name: "'lines'")
      var found: [[UInt8]?] = []
      while let line = try reader.next() {
        if case .whole(let bytes) = line { found.append(bytes) } else { found.append(nil) }
        #expect(reader.number == found.count)
      }
      #expect(reader.sizeInBytes == bytes.count)
      return found
    }
  }

  private func compressed(_ parts: [[UInt8]]) throws -> [UInt8] {
    var frame: [UInt8] = []
    var compressor = ZstdCompressor()
    for part in parts {
      try part.withUnsafeBytes { try compressor.add($0) { frame += $0 } }
    }
    try compressor.finish { frame += $0 }
    return frame
  }

  @Test("lines of any length come back whole, plain and compressed, with or without an end")
  func lengths() throws {
    var random = SeededRandom(seed: 4)
    for round in 0..<6 {
      var expected = (0..<40).map { _ in
        let length = [0, 1, 5000, 262_143, 262_144, 262_145].randomElement(using: &random) ?? 0
        return [UInt8](repeating: UInt8.random(in: 0x20...0x7E, using: &random), count: length)
      }
      // An empty last line without its end is none.
      expected[39] = [0x41]
      var bytes = Array(expected.joined(separator: [0x0A]))
      if round % 2 == 0 { bytes.append(0x0A) }
      #expect(try lines(of: bytes) == expected)
      let frames = try compressed([Array(bytes.prefix(700_000)), Array(bytes.dropFirst(700_000))])
      #expect(try lines(of: frames) == expected)
      // One frame after another, as 'cat' joins files.
      let half = bytes.count / 2
      let joined = try compressed([Array(bytes[..<half])]) + compressed([Array(bytes[half...])])
      #expect(try lines(of: joined) == expected)
      #expect(try runProgram("zstd", "-dc", input: frames).output == bytes)
    }
    #expect(try lines(of: []).isEmpty)
    #expect(try lines(of: compressed([])).isEmpty)
  }

  @Test("a line beyond the limit is told as such, and the next one is read")
  func tooLong() throws {
    let limit = Shard.maximumLineSizeInBytes
    for extra in [0, 1, 1 << 20] {
      let long = [UInt8](repeating: 0x61, count: limit + extra)
      let found = try lines(of: [0x62, 0x0A] + long + [0x0A, 0x63])
      #expect(found == [[0x62], extra == 0 ? long : nil, [0x63]])
    }
  }

  @Test("a frame that is cut anywhere, or has other bytes, is never taken for whole")
  func damage() throws {
    var random = SeededRandom(seed: 5)
    let text = Array(String(decoding: random.bytes(300).map { $0 % 64 + 32 }, as: UTF8.self).utf8)
    let frame = try compressed([text])
    for length in 4..<frame.count {
      #expect(throws: StoreError.self) { try lines(of: Array(frame.prefix(length))) }
    }
    for place in 4..<frame.count {
      var bytes = frame
      bytes[place] ^= 0x40
      let found = try? lines(of: bytes)
      #expect(found == nil || found == [text], "\(place)")
    }
  }
}
