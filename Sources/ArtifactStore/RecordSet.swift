import BitCollections
import Git

/// The records of one kind that some shards hold, each once, as the index lists them.
///
/// An ordinal is a row of the index's segments, numbered on from one segment to the next, so that some
/// ordinals are of no member. Ids are read where the index has them: a record costs a bit of memory.
package struct RecordSet: Sendable {
  /// A shard with the ordinals of its rows.
  struct Shard: Sendable {
    let object: ObjectID
    let ordinals: Range<Int>
  }

  private struct Part: Sendable {
    let segment: IndexSegment
    let columns: IndexSegment.Columns
    let start: Int

    func ordinal(of id: RecordID, _ members: BitSet) -> Int? {
      columns.ordinal(of: id) { members.contains(start + $0) }.map { start + $0 }
    }
  }

  private let parts: [Part]
  /// In the order in which they were named.
  let shards: [Shard]
  /// The places of ``shards`` in the order of their ordinals.
  private let byOrdinal: [Int]
  private(set) var members = BitSet()
  /// The number of records.
  package private(set) var count = 0
  /// All ordinals are less.
  let capacity: Int

  /// Gathers the records of shards, or returns nil when the index does not know one of them.
  ///
  /// Of equal records the one in the earliest shard is a member.
  ///
  /// - Parameters:
  ///   - kind: The kind of the shards.
  ///   - objects: The shards, each once.
  ///   - contents: The index.
  /// - Throws: ``IndexDamage`` when the index is not what was written.
  init?(
    _ kind: RecordKind, _ objects: [ObjectID], in contents: IndexFolder.Contents
  ) throws(IndexDamage) {
    var parts: [Part] = []
    var starts: [Int: Int] = [:]
    var shards: [Shard] = []
    var end = 0
    for object in objects {
      guard let place = contents.places[ShardKey(object, kind)] else { return nil }
      let segment = contents.segments[place.segment]
      if starts[place.segment] == nil {
        starts[place.segment] = end
        parts.append(Part(segment: segment, columns: try segment.columns(), start: end))
        end += segment.layout.recordCount
      }
      let start = starts[place.segment] ?? 0
      let rows = segment.shards[place.shard].records
      shards.append(
        Shard(object: object, ordinals: (start + rows.lowerBound)..<(start + rows.upperBound)))
    }
    self.parts = parts
    self.shards = shards
    capacity = end
    byOrdinal = shards.indices.sorted {
      shards[$0].ordinals.lowerBound < shards[$1].ordinals.lowerBound
    }
    for shard in shards { members.formUnion(shard.ordinals) }
    if hasRepeats { removeRepeats() }
    count = members.count
  }

  /// Whether two members may be equal: all but the largest part are looked up in the others.
  private var hasRepeats: Bool {
    guard parts.allSatisfy(\.segment.layout.isDistinct) else { return true }
    let largest = parts.indices.max { parts[$0].columns.count < parts[$1].columns.count }
    for (index, part) in parts.enumerated() where index != largest {
      for row in 0..<part.columns.count where members.contains(part.start + row) {
        let id = part.columns.id(row)
        for (otherIndex, other) in parts.enumerated()
        where otherIndex == largest || otherIndex > index {
          if other.ordinal(of: id, members) != nil { return true }
        }
      }
    }
    return false
  }

  private mutating func removeRepeats() {
    var last: RecordID?
    var repeated: [Int] = []
    forEachSorted { ordinal, id in
      if id == last { repeated.append(ordinal) }
      last = id
    }
    for ordinal in repeated { members.remove(ordinal) }
  }

  /// A set without records.
  init() {
    parts = []
    shards = []
    byOrdinal = []
    capacity = 0
  }

  /// Those whose ordinals are named.
  func intersection(_ ordinals: BitSet) -> RecordSet {
    var set = self
    set.members.formIntersection(ordinals)
    set.count = set.members.count
    return set
  }

  /// Takes records out; those that are no members are left alone.
  mutating func remove(_ ids: some Sequence<RecordID>) {
    for id in ids { remove(id) }
  }

  private mutating func remove(_ id: RecordID) {
    guard let ordinal = ordinal(of: id) else { return }
    members.remove(ordinal)
    count -= 1
  }

  /// The rows of a shard that are no members.
  func hiddenRows(of shard: Shard) -> Set<Int> {
    let first = shard.ordinals.lowerBound
    return Set(shard.ordinals.lazy.filter { !members.contains($0) }.map { $0 - first })
  }

  // MARK: - Ids

  func id(_ ordinal: Int) -> RecordID {
    var part = parts.count - 1
    while parts[part].start > ordinal { part -= 1 }
    return parts[part].columns.id(ordinal - parts[part].start)
  }

  package func contains(_ id: RecordID) -> Bool { ordinal(of: id) != nil }

  /// The ordinal of a member, or nil when there is no such record.
  ///
  /// - Complexity: A few probes, for ids are spread evenly.
  func ordinal(of id: RecordID) -> Int? {
    for part in parts {
      if let found = part.ordinal(of: id, members) { return found }
    }
    return nil
  }

  /// The members whose ids begin with some 8 bytes: hardly ever more than one.
  func ids(beginningWith word: UInt64) -> [RecordID] {
    var ids: [RecordID] = []
    for part in parts {
      part.columns.visit(word: word) { ordinal in
        if members.contains(part.start + ordinal) { ids.append(part.columns.id(ordinal)) }
      }
    }
    return ids
  }

  /// All ids, in their order.
  package var ids: [RecordID] {
    var ids: [RecordID] = []
    ids.reserveCapacity(count)
    forEachSorted { ids.append($1) }
    return ids
  }

  /// Lends the members in the order of their ids.
  func forEachSorted(_ body: (_ ordinal: Int, _ id: RecordID) throws -> Void) rethrows {
    var cursors = parts.compactMap { RecordCursor($0.columns, start: $0.start, members) }
    // Columns are sorted by the first 8 bytes of ids only.
    var group: [(ordinal: Int, id: RecordID)] = []
    while let first = cursors.first {
      var word = first.word
      if cursors.count == 1 {
        let (ordinal, id) = (first.ordinal, first.id)
        let isAtEnd = !cursors[0].advance(members)
        if isAtEnd || cursors[0].word != word {
          try body(ordinal, id)
          if isAtEnd { return }
          continue
        }
        group = [(ordinal, id)]
      } else {
        for cursor in cursors { word = min(word, cursor.word) }
        group.removeAll(keepingCapacity: true)
      }
      for index in cursors.indices.reversed() {
        var isAtEnd = false
        while !isAtEnd, cursors[index].word == word {
          group.append((cursors[index].ordinal, cursors[index].id))
          isAtEnd = !cursors[index].advance(members)
        }
        if isAtEnd { cursors.remove(at: index) }
      }
      if group.count > 1 { group.sort { ($0.id, rank($0.ordinal)) < ($1.id, rank($1.ordinal)) } }
      for (ordinal, id) in group { try body(ordinal, id) }
    }
  }

  /// Orders equal records by their shards, in the order in which these were named, and rows.
  private func rank(_ ordinal: Int) -> Int {
    var low = 0
    var high = byOrdinal.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if shards[byOrdinal[middle]].ordinals.lowerBound <= ordinal {
        low = middle
      } else {
        high = middle - 1
      }
    }
    // Rows of one shard keep their order, for shards do not share ordinals.
    return byOrdinal[low] * capacity + ordinal
  }
}
