/// Finds the texts that share a band's key with a text: 16 to 20 bytes a text and band.
struct BandTable: Sendable {
  private static let none = UInt32.max

  /// The last entry of each slot, then for each entry the one before it in its slot.
  private var heads = [UInt32](repeating: none, count: 1 << 10)
  private var previous: [UInt32] = []
  /// For each entry a part of its key.
  private var tags: [UInt32] = []

  /// The numbers of the texts with one of some keys, in order; a few may share none.
  func candidates(_ keys: [UInt64]) -> [Int] {
    var found = Set<Int>()
    for (band, key) in keys.enumerated() {
      let tag = UInt32(truncatingIfNeeded: key)
      var entry = heads[slot(tag)]
      while entry != Self.none {
        let index = Int(entry)
        if tags[index] == tag, index % MinHash.bandCount == band {
          found.insert(index / MinHash.bandCount)
        }
        entry = previous[index]
      }
    }
    return found.sorted()
  }

  /// Adds the next text by its keys.
  mutating func add(_ keys: [UInt64]) {
    if tags.count + keys.count > heads.count { grow() }
    for key in keys {
      let tag = UInt32(truncatingIfNeeded: key)
      let slot = slot(tag)
      previous.append(heads[slot])
      heads[slot] = UInt32(tags.count)
      tags.append(tag)
    }
  }

  private func slot(_ tag: UInt32) -> Int { Int(tag) & (heads.count - 1) }

  private mutating func grow() {
    heads = [UInt32](repeating: Self.none, count: heads.count * 2)
    for (entry, tag) in tags.enumerated() {
      let slot = slot(tag)
      previous[entry] = heads[slot]
      heads[slot] = UInt32(entry)
    }
  }
}
