import Dataset

/// All combinations of one leaf of each of several lists, in a fixed order that spreads them.
///
/// Any run of as many ranks as the longest list has leaves, from a multiple of that number on, holds
/// every leaf of every list: all lists are walked at once, and each round shifts them otherwise.
struct LeafGrid: Sendable {
  /// How many combinations there are, at most 2^62.
  let count: UInt64
  private let lists: [[NodeID]]
  private let longest: Int
  /// How many leaves the longest list has.
  var longestCount: Int { lists.isEmpty ? 0 : lists[longest].count }
  private let rounds: UInt64
  private let shuffle: Permutation

  /// Takes lists of which none is empty.
  init(_ lists: [[NodeID]], randomSeed: Int, name: String) {
    self.lists = lists.map { list in
      list.map { ($0, Chance.uniform(randomSeed, "leaf order", name, $0.text)) }
        .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
    }
    longest = lists.indices.max { lists[$0].count < lists[$1].count } ?? 0
    let length = UInt64(lists.isEmpty ? 0 : lists[longest].count)
    var rounds: UInt64 = 1
    for place in lists.indices where place != longest {
      let (product, isOverflow) = rounds.multipliedReportingOverflow(by: UInt64(lists[place].count))
      rounds = isOverflow ? .max : product
    }
    rounds = min(rounds, (1 << 62) / max(1, length))
    self.rounds = rounds
    count = rounds * length
    shuffle = Permutation(
      count: rounds, key: UInt64(Chance.uniform(randomSeed, "rounds", name) * 0x1p53))
  }

  /// The combination of a rank less than ``count``.
  subscript(rank: UInt64) -> [NodeID] {
    let length = UInt64(lists[longest].count)
    let step = Int(rank % length)
    var shift = shuffle[rank / length]
    return lists.indices.map { place in
      let list = lists[place]
      guard place != longest else { return list[step] }
      defer { shift /= UInt64(list.count) }
      return list[(step + Int(shift % UInt64(list.count))) % list.count]
    }
  }
}

/// A fixed order of the numbers below some count, in no memory.
///
/// A Feistel network over the next even power of two, walked until it stays below the count.
package struct Permutation: Sendable {
  private let count: UInt64
  private let key: UInt64
  private let halfBits: UInt64

  package init(count: UInt64, key: UInt64) {
    self.count = count
    self.key = key
    let bits = UInt64(64 - (max(count, 2) - 1).leadingZeroBitCount)
    halfBits = (bits + 1) / 2
  }

  /// The number at a place; both are less than the count.
  package subscript(index: UInt64) -> UInt64 {
    var value = index
    repeat { value = round(value) } while value >= count
    return value
  }

  private func round(_ value: UInt64) -> UInt64 {
    let mask = (UInt64(1) << halfBits) - 1
    var (left, right) = (value >> halfBits, value & mask)
    for number in 0..<4 as Range<UInt64> {
      (left, right) = (right, left ^ (mixed(right &+ (key ^ number << 58)) & mask))
    }
    return left << halfBits | right
  }

  private func mixed(_ value: UInt64) -> UInt64 {
    var bits = value &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
