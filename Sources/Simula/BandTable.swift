/// Finds the texts that share a band's key with a text: 10 to 12 bytes a text and band.
struct BandTable: Sendable {
  /// A text's key in one band; what is looked at together lies together, for each look misses the caches.
  private struct Entry: Sendable {
    /// A part of the key.
    let tag: UInt32
    /// The entry before it in its slot.
    var previous: UInt32
  }

  private static let none = UInt32.max
  /// A table expects no more texts, whatever it is told.
  private static let mostExpected = 1 << 20

  private let bandCount: Int
  /// The last entry of each slot.
  private var heads: [UInt32]
  /// Those of each text in the order of its bands.
  private var entries: [Entry] = []

  /// Makes a table of texts with so many keys each.
  ///
  /// - Parameters:
  ///   - bandCount: How many keys a text has.
  ///   - tags: The parts of keys of an earlier table, text by text.
  ///   - expectedCount: About how many texts there will be; they cost memory only when they come.
  init(bandCount: Int, tags: [UInt32] = [], expecting expectedCount: Int = 0) {
    self.bandCount = bandCount
    var capacity = 1 << 10
    while 2 * capacity < tags.count { capacity *= 2 }
    heads = [UInt32](repeating: Self.none, count: capacity)
    entries.reserveCapacity(max(tags.count, bandCount * min(expectedCount, Self.mostExpected)))
    for tag in tags { add(tag) }
  }

  /// The parts of a text's keys.
  func tags(of text: Int) -> [UInt32] {
    entries[(text * bandCount)..<((text + 1) * bandCount)].map(\.tag)
  }

  /// The numbers of the texts with one of some keys, in order; a few may share none.
  func candidates(_ keys: [UInt64]) -> [Int] {
    candidates(keys.map { UInt32(truncatingIfNeeded: $0) })
  }

  /// The numbers of the texts with one of some parts of keys, a part for each band.
  func candidates(_ tags: [UInt32]) -> [Int] {
    var found = Set<Int>()
    // All slots are read before the first entry, so that none waits for another.
    let last = tags.map { heads[slot($0)] }
    for (band, tag) in tags.enumerated() {
      var number = last[band]
      while number != Self.none {
        let index = Int(number)
        let entry = entries[index]
        if entry.tag == tag, index % bandCount == band { found.insert(index / bandCount) }
        number = entry.previous
      }
    }
    return found.sorted()
  }

  /// Adds the next text by its keys.
  mutating func add(_ keys: [UInt64]) {
    for key in keys { add(UInt32(truncatingIfNeeded: key)) }
  }

  private mutating func add(_ tag: UInt32) {
    if entries.count == 2 * heads.count { double() }
    let slot = slot(tag)
    entries.append(Entry(tag: tag, previous: heads[slot]))
    heads[slot] = UInt32(entries.count - 1)
  }

  private func slot(_ tag: UInt32) -> Int { Int(tag) & (heads.count - 1) }

  private mutating func double() {
    heads = [UInt32](repeating: Self.none, count: 2 * heads.count)
    for place in entries.indices {
      let slot = slot(entries[place].tag)
      entries[place].previous = heads[slot]
      heads[slot] = UInt32(place)
    }
  }
}
