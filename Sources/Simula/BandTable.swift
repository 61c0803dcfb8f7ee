/// Finds the texts that share a band's key with a text: 10 to 12 bytes a text and band.
struct BandTable: Sendable {
  private static let none = UInt32.max

  private let bandCount: Int
  /// The last entry of each slot, then for each entry the one before it in its slot.
  private var heads = [UInt32](repeating: none, count: 1 << 10)
  private var previous: [UInt32] = []
  /// For each entry a part of its key.
  private(set) var tags: [UInt32] = []

  /// Makes a table of texts with so many keys each.
  ///
  /// - Parameters:
  ///   - bandCount: How many keys a text has.
  ///   - tags: Those of an earlier table, text by text.
  init(bandCount: Int, tags: [UInt32] = []) {
    self.bandCount = bandCount
    guard !tags.isEmpty else { return }
    self.tags = tags
    previous = [UInt32](repeating: Self.none, count: tags.count)
    var capacity = heads.count
    while 2 * capacity < tags.count { capacity *= 2 }
    resize(to: capacity)
  }

  /// The parts of a text's keys.
  func tags(of text: Int) -> ArraySlice<UInt32> {
    tags[(text * bandCount)..<((text + 1) * bandCount)]
  }

  /// The numbers of the texts with one of some keys, in order; a few may share none.
  func candidates(_ keys: [UInt64]) -> [Int] {
    candidates(keys.map { UInt32(truncatingIfNeeded: $0) })
  }

  /// The numbers of the texts with one of some parts of keys, a part for each band.
  func candidates(_ tags: some Sequence<UInt32>) -> [Int] {
    var found = Set<Int>()
    for (band, tag) in tags.enumerated() {
      var entry = heads[slot(tag)]
      while entry != Self.none {
        let index = Int(entry)
        if self.tags[index] == tag, index % bandCount == band {
          found.insert(index / bandCount)
        }
        entry = previous[index]
      }
    }
    return found.sorted()
  }

  /// Adds the next text by its keys.
  mutating func add(_ keys: [UInt64]) {
    if tags.count + keys.count > 2 * heads.count { resize(to: heads.count * 2) }
    for key in keys {
      let tag = UInt32(truncatingIfNeeded: key)
      let slot = slot(tag)
      previous.append(heads[slot])
      heads[slot] = UInt32(tags.count)
      tags.append(tag)
    }
  }

  private func slot(_ tag: UInt32) -> Int { Int(tag) & (heads.count - 1) }

  private mutating func resize(to capacity: Int) {
    heads = [UInt32](repeating: Self.none, count: capacity)
    for (entry, tag) in tags.enumerated() {
      let slot = slot(tag)
      previous[entry] = heads[slot]
      heads[slot] = UInt32(entry)
    }
  }
}
