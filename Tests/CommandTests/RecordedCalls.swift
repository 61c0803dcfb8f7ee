import CanonicalJSON
import Foundation
import TestSupport
import Testing

extension TestDataset {
  /// The seeds of all calls that are durable: those that git holds, and those in the journal.
  ///
  /// A seed is what a server sees of a call key.
  func durableSeeds() async throws -> Set<Int> {
    var seeds = Set(
      try await objects("list", "calls").map { call in
        try Self.seed(try #require(call["value"]?["key"]?.string))
      })
    let folder = directory.appending(path: ".git/stemma/journal")
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      for payload in try Self.payloads(of: folder.appending(path: name)) {
        let call = try JSON(parsing: payload)
        seeds.insert(try Self.seed(try #require(call["key"]?.string)))
      }
    }
    return seeds
  }

  private static func seed(_ key: String) throws -> Int {
    try #require(Int(key.suffix(8), radix: 16)) & 0x7FFF_FFFF
  }

  /// The frames of a journal: a length, a checksum and a payload each; a torn one ends the file.
  private static func payloads(of file: URL) throws -> [[UInt8]] {
    let bytes = Array(try Data(contentsOf: file))
    var payloads: [[UInt8]] = []
    var position = 8
    while position + 8 <= bytes.count {
      let size = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard position + 8 + size <= bytes.count else { break }
      payloads.append(Array(bytes[(position + 8)..<(position + 8 + size)]))
      position += 8 + size
    }
    return payloads
  }
}

/// Random numbers that are the same in every run.
struct FixedRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
