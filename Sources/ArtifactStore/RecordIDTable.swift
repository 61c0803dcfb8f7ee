/// A set of record ids that numbers them in the order in which they came.
///
/// Memory: 32 bytes an id and 4 bytes a slot, with up to two thirds of the slots in use.
struct RecordIDTable: Sendable {
  private static let free = UInt32.max

  /// The ids by their ordinals.
  private(set) var ids: [RecordID] = []
  private var slots = [UInt32](repeating: free, count: 16)

  var count: Int { ids.count }

  init() {}

  /// Makes room for so many ids.
  init(minimumCapacity: Int) {
    ids.reserveCapacity(minimumCapacity)
    var size = 16
    while size * 2 < minimumCapacity * 3 { size *= 2 }
    slots = [UInt32](repeating: Self.free, count: size)
  }

  /// The ordinal of an id, or nil when it is not in the set.
  func ordinal(of id: RecordID) -> Int? {
    let slot = slot(of: id)
    return slots[slot] == Self.free ? nil : Int(slots[slot])
  }

  /// Adds an id unless it is there, and gives its ordinal.
  mutating func insert(_ id: RecordID) -> (ordinal: Int, isNew: Bool) {
    var slot = slot(of: id)
    guard slots[slot] == Self.free else { return (Int(slots[slot]), false) }
    if (ids.count + 1) * 3 > slots.count * 2 {
      grow()
      slot = self.slot(of: id)
    }
    slots[slot] = UInt32(ids.count)
    ids.append(id)
    return (ids.count - 1, true)
  }

  /// The slot that holds an id or would take it.
  ///
  /// Ids are hashes, so that their own bits spread them.
  private func slot(of id: RecordID) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: id.digest.leadingWord) & mask
    while slots[slot] != Self.free, ids[Int(slots[slot])] != id { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    slots = [UInt32](repeating: Self.free, count: slots.count * 2)
    let mask = slots.count - 1
    for (ordinal, id) in ids.enumerated() {
      var slot = Int(truncatingIfNeeded: id.digest.leadingWord) & mask
      while slots[slot] != Self.free { slot = (slot + 1) & mask }
      slots[slot] = UInt32(ordinal)
    }
  }
}
