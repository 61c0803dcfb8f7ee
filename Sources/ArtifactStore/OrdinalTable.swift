/// A hash table from ids to their ordinals, which does not hold the ids: 4 bytes a slot.
///
/// A slot holds an ordinal and, in the bits above, a part of the id, so that ids are looked at only to
/// be sure. Ids are hashes: their own bits spread them.
struct OrdinalTable: Sendable {
  private static let free = UInt32.max

  private var slots: [UInt32]

  /// Makes room for so many ids, whose ordinals are less than a capacity.
  init(count: Int, capacity: Int) {
    // An ordinal has fewer bits than there are slots, and none has all of them set.
    var size = 16
    while size * 2 < count * 3 || size <= capacity { size *= 2 }
    slots = [UInt32](repeating: Self.free, count: size)
  }

  /// The number of ids that leave enough slots free.
  var capacity: Int { slots.count / 3 * 2 }

  /// The ordinal of an id, or nil when it was not inserted.
  func ordinal(of id: RecordID, _ idOf: (Int) -> RecordID) -> Int? {
    ordinal(in: slot(of: id, idOf))
  }

  /// Finds the ordinal of an id, or inserts it with a new one.
  mutating func findOrInsert(
    _ id: RecordID, new: Int, _ idOf: (Int) -> RecordID
  ) -> (ordinal: Int, isNew: Bool) {
    let slot = slot(of: id, idOf)
    if let ordinal = ordinal(in: slot) { return (ordinal, false) }
    slots[slot] = UInt32(new) | tag(id)
    return (new, true)
  }

  /// Inserts an id that is not there.
  mutating func insert(_ ordinal: Int, _ id: RecordID) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: id.digest.leadingWord) & mask
    while slots[slot] != Self.free { slot = (slot + 1) & mask }
    slots[slot] = UInt32(ordinal) | tag(id)
  }

  private func ordinal(in slot: Int) -> Int? {
    slots[slot] == Self.free ? nil : Int(slots[slot] & UInt32(slots.count - 1))
  }

  /// The part of an id that a slot holds, in its place.
  private func tag(_ id: RecordID) -> UInt32 {
    UInt32(truncatingIfNeeded: id.digest.leadingWord >> 32) & ~UInt32(slots.count - 1)
  }

  /// The slot that holds an id or would take it.
  private func slot(of id: RecordID, _ idOf: (Int) -> RecordID) -> Int {
    let mask = slots.count - 1
    let tag = tag(id)
    var slot = Int(truncatingIfNeeded: id.digest.leadingWord) & mask
    while slots[slot] != Self.free {
      let isLike = slots[slot] & ~UInt32(mask) == tag
      if isLike, idOf(Int(slots[slot] & UInt32(mask))) == id { break }
      slot = (slot + 1) & mask
    }
    return slot
  }
}
