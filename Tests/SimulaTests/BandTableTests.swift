import TestSupport
import Testing

@testable import Simula

@Suite("Tables of bands")
struct BandTableTests {
  @Test("They find who shares a band's key, whatever they expected and however they were filled")
  func candidates() {
    var random = SeededRandom(seed: 8)
    let bandCount = 5
    // Few keys, so that many are shared, also by other bands and in one slot of the table.
    let texts = (0..<1000).map { _ in
      (0..<bandCount).map { _ in UInt64.random(in: 0..<400, using: &random) << 7 | 1 << 40 }
    }
    var tables = [0, 3, 1000, .max / 10].map { BandTable(bandCount: bandCount, expecting: $0) }
    for (number, keys) in texts.enumerated() {
      if number % 50 == 0 || number > 990 {
        let shared = (0..<number).filter { other in
          zip(texts[other], keys).contains { $0 == $1 }
        }
        for table in tables { #expect(table.candidates(keys) == shared) }
        let tags = (0..<number).flatMap(tables[0].tags)
        #expect(BandTable(bandCount: bandCount, tags: tags).candidates(keys) == shared)
      }
      for place in tables.indices { tables[place].add(keys) }
    }
  }
}
