import Foundation
import TestSupport
import Testing

@testable import Git

@Suite("Pack index")
struct PackIndexTests {
  @Test("offsets of 31 bits and of 64 are read by git as they were")
  func offsets() async throws {
    try await withTemporaryDirectory { directory in
      var random = FixedRandom(seed: 1)
      let large = [0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 1 << 33, 1 << 40]
      let entries = (0..<3000).map { number in
        PackIndex.Entry(
          id: ObjectID(hashing: .blob, Array("\(number)".utf8)),
          checksum: UInt32.random(in: .min ... .max, using: &random),
          offset: number < large.count ? large[number] : number * 100)
      }
      let path = directory.appending(path: "test.idx").path(percentEncoded: false)
      var file = try OutputFile.create(path + ".new")
      try PackIndex(entries, packDigest: .emptyTree).write(to: &file)
      try file.sync()
      try file.publish(as: path, permissions: 0o644)

      let bytes = try #require(try readFile(path, maximumSizeInBytes: 1 << 20))
      let shown = try await GitProgram(in: directory)("show-index", input: bytes)
      let expected = entries.sorted { $0.id < $1.id }.map { entry in
        let checksum = String(entry.checksum, radix: 16)
        let padding = String(repeating: "0", count: 8 - checksum.count)
        return "\(entry.offset) \(entry.id) (\(padding)\(checksum))"
      }
      #expect(shown.lines == expected)
    }
  }
}
