/// A set of record ids that numbers them in the order in which they came.
///
/// Memory: 32 bytes an id and 4 bytes a slot, with up to two thirds of the slots in use.
struct RecordIDTable: Sendable {
  /// The ids by their ordinals.
  private(set) var ids: [RecordID] = []
  private var table = OrdinalTable(count: 0, capacity: 0)

  var count: Int { ids.count }

  init() {}

  /// Makes room for so many ids.
  init(minimumCapacity: Int) {
    ids.reserveCapacity(minimumCapacity)
    table = OrdinalTable(count: minimumCapacity, capacity: minimumCapacity)
  }

  /// The ordinal of an id, or nil when it is not in the set.
  func ordinal(of id: RecordID) -> Int? { table.ordinal(of: id) { ids[$0] } }

  /// Adds an id unless it is there, and gives its ordinal.
  mutating func insert(_ id: RecordID) -> (ordinal: Int, isNew: Bool) {
    if ids.count >= table.capacity { grow() }
    let (ordinal, isNew) = table.findOrInsert(id, new: ids.count) { ids[$0] }
    if isNew { ids.append(id) }
    return (ordinal, isNew)
  }

  private mutating func grow() {
    var larger = OrdinalTable(count: ids.count * 2, capacity: ids.count * 2)
    for (ordinal, id) in ids.enumerated() { larger.insert(ordinal, id) }
    table = larger
  }

  /// Gives the ids away, which frees the rest.
  consuming func takeIDs() -> [RecordID] { ids }
}
