import BitCollections

/// Walks through the members of a set that one segment holds, in the order of the first 8 bytes of ids.
struct RecordCursor {
  /// Memory is asked for so many ids at once, for they lie anywhere.
  private static let batchSize = 64

  private let columns: IndexSegment.Columns
  private let start: Int
  private var position = 0
  private var batch: [(row: Int, word: UInt64)] = []
  private var place = 0
  private(set) var ordinal = 0
  /// The first 8 bytes of the id.
  private(set) var word: UInt64 = 0

  /// Goes to the first member; nil when there is none.
  ///
  /// - Parameters:
  ///   - columns: The segment's ids.
  ///   - start: The ordinal of its first row.
  ///   - members: The ordinals that count.
  init?(_ columns: IndexSegment.Columns, start: Int, _ members: BitSet) {
    self.columns = columns
    self.start = start
    batch.reserveCapacity(Self.batchSize)
    guard advance(members) else { return nil }
  }

  var id: RecordID { columns.id(ordinal - start) }

  /// Goes to the next member; false when there is none.
  mutating func advance(_ members: BitSet) -> Bool {
    if place == batch.count, !fill(members) { return false }
    ordinal = start + batch[place].row
    word = batch[place].word
    place += 1
    return true
  }

  private mutating func fill(_ members: BitSet) -> Bool {
    place = 0
    batch.removeAll(keepingCapacity: true)
    while position < columns.count, batch.count < Self.batchSize {
      let row = columns.ordinal(position)
      position += 1
      if members.contains(start + row) { batch.append((row, columns.word(row))) }
    }
    return !batch.isEmpty
  }
}
