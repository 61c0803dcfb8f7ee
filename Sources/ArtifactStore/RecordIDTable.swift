/// A set of record ids that numbers them in the order in which they came.
///
/// Memory: 32 bytes an id and 4 bytes a slot, with up to two thirds of the slots in use. A slot holds an
/// ordinal and, in the bits above, a part of the id, so that ids are looked at only to be sure.
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
  func ordinal(of id: RecordID) -> Int? { ordinal(in: slot(of: id)) }

  /// Adds an id unless it is there, and gives its ordinal.
  mutating func insert(_ id: RecordID) -> (ordinal: Int, isNew: Bool) {
    var slot = slot(of: id)
    if let ordinal = ordinal(in: slot) { return (ordinal, false) }
    if (ids.count + 1) * 3 > slots.count * 2 {
      grow()
      slot = self.slot(of: id)
    }
    slots[slot] = entry(ids.count, id)
    ids.append(id)
    return (ids.count - 1, true)
  }

  private func ordinal(in slot: Int) -> Int? {
    // An ordinal has fewer bits than there are slots, and none has all of them set.
    slots[slot] == Self.free ? nil : Int(slots[slot] & UInt32(slots.count - 1))
  }

  private func entry(_ ordinal: Int, _ id: RecordID) -> UInt32 {
    UInt32(ordinal) | tag(id)
  }

  /// The part of an id that a slot holds, in its place.
  private func tag(_ id: RecordID) -> UInt32 {
    UInt32(truncatingIfNeeded: id.digest.leadingWord >> 32) & ~UInt32(slots.count - 1)
  }

  /// The slot that holds an id or would take it.
  ///
  /// Ids are hashes, so that their own bits spread them.
  private func slot(of id: RecordID) -> Int {
    let mask = slots.count - 1
    let tag = tag(id)
    var slot = Int(truncatingIfNeeded: id.digest.leadingWord) & mask
    while slots[slot] != Self.free {
      let isLike = slots[slot] & ~UInt32(mask) == tag
      if isLike, ids[Int(slots[slot] & UInt32(mask))] == id { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private mutating func grow() {
    slots = [UInt32](repeating: Self.free, count: slots.count * 2)
    let mask = slots.count - 1
    for (ordinal, id) in ids.enumerated() {
      var slot = Int(truncatingIfNeeded: id.digest.leadingWord) & mask
      while slots[slot] != Self.free { slot = (slot + 1) & mask }
      slots[slot] = entry(ordinal, id)
    }
  }
}
