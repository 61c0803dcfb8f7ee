import BitCollections

/// Finds the records of a set, one after another.
///
/// Who looks up many does so mostly in the order in which they were written: the next row is tried
/// first. Once that fails often, a table is made: 4 to 8 bytes a row.
struct RecordFinder: Sendable {
  /// One miss for so many records is worth a table.
  private static let tableDivisor = 16

  let set: RecordSet
  private var next = 0
  private var missCount = 0
  private var table: OrdinalTable?

  init(_ set: RecordSet) { self.set = set }

  /// The ordinal of a record, or nil when the set has no such one.
  mutating func ordinal(of id: RecordID) -> Int? {
    if next < set.capacity, set.members.contains(next), set.id(next) == id {
      next += 1
      return next - 1
    }
    missCount += 1
    if table == nil, missCount * Self.tableDivisor > set.count { makeTable() }
    guard let found = table.map({ $0.ordinal(of: id) { set.id($0) } }) ?? set.ordinal(of: id)
    else { return nil }
    next = found + 1
    return found
  }

  private mutating func makeTable() {
    var made = OrdinalTable(count: set.count, capacity: set.capacity)
    for ordinal in set.members { made.insert(ordinal, set.id(ordinal)) }
    table = made
  }
}
