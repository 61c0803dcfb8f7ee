import CanonicalJSON
import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("ColumnFile")
struct ColumnFileTests {
  private static let words = (0..<3000).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }
  private static let longs = (0..<700).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }

  private static func write(to path: String, name: String = "one") throws {
    var file = try ColumnFileWriter(path)
    try file.append(words)
    try file.endColumn()
    try file.endColumn()
    for part in stride(from: 0, to: longs.count, by: 7) {
      try file.append(Array(longs[part..<min(part + 7, longs.count)]))
    }
    try file.endColumn()
    try file.finish(header: JSONObject([("name", .string(name))]))
  }

  /// All that a file says, or nil where damage was noticed.
  private static func contents(_ path: String) -> [String]? {
    guard let file = ColumnFile(path), file.columnCount == 3,
      let first = file.numbers(ofColumn: 0, count: words.count, as: UInt32.self),
      let none = file.numbers(ofColumn: 1, count: 0, as: UInt8.self),
      let last = file.numbers(ofColumn: 2, count: longs.count, as: UInt64.self)
    else { return nil }
    return [file.header["name"]?.string ?? "", "\(first)", "\(none)", "\(last)"]
  }

  @Test("what was written is read, part by part and as a whole, whatever the header's length")
  func roundTrip() throws {
    try withTemporaryDirectory { folder in
      let path = folder.appending(path: "columns").path(percentEncoded: false)
      for length in [0, 1, 3900, 4049, 4050, 4051, 4096, 9000] {
        let name = String(repeating: "x", count: length)
        try Self.write(to: path, name: name)
        #expect(
          Self.contents(path) == [name, "\(Self.words)", "[]", "\(Self.longs)"], "\(length)")
        let file = try #require(ColumnFile(path))
        #expect(file.size(ofColumn: 2) == 5600)
        let part = try #require(file.bytes(8..<16, ofColumn: 2))
        #expect(part.loadUnaligned(as: UInt64.self).littleEndian == Self.longs[1])
        #expect(file.numbers(ofColumn: 0, count: 2999, as: UInt32.self) == nil)
        #expect(file.numbers(ofColumn: 0, count: 3000, as: UInt16.self) == nil)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["columns"])
    }
  }

  @Test("a file that is not finished is not there, and the earlier one stays")
  func unfinished() throws {
    try withTemporaryDirectory { folder in
      let path = folder.appending(path: "columns").path(percentEncoded: false)
      try Self.write(to: path)
      do {
        var file = try ColumnFileWriter(path)
        try file.append(Self.longs)
      }
      #expect(Self.contents(path)?.first == "one")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["columns"])
    }
  }

  @Test("every changed byte and every cut is noticed, by those who read all of it")
  func damage() throws {
    try withTemporaryDirectory { folder in
      let place = folder.appending(path: "columns")
      let path = place.path(percentEncoded: false)
      try Self.write(to: path)
      let whole = try Data(contentsOf: place)
      var random = SeededRandom(seed: 3)
      for _ in 0..<400 {
        var bytes = whole
        bytes[Int.random(in: 0..<whole.count, using: &random)] ^= UInt8(
          1 << Int.random(in: 0..<8, using: &random))
        try bytes.write(to: place)
        guard bytes.suffix(4) == whole.suffix(4) else { continue }
        // Every page holds a part of a column or the header, so that what fills it is covered too.
        #expect(Self.contents(path) == nil)
        #expect(ColumnFile(path)?.isWhole != true)
      }
      // The checksum of the checksums is for those who look for damage.
      for number in 1...4 {
        var bytes = whole
        bytes[whole.count - number] ^= 1
        try bytes.write(to: place)
        #expect(ColumnFile(path)?.isWhole == false)
      }
      try whole.write(to: place)
      #expect(ColumnFile(path)?.isWhole == true)
      for length in [0, 1, 3, 4, 5, 4096, 4099, 4100, whole.count / 2, whole.count - 1] {
        try whole.prefix(length).write(to: place)
        #expect(Self.contents(path) == nil, "\(length)")
      }
    }
  }
}
