import BitCollections

/// The live records of one kind of a version, beside which they are derived once more.
package struct Rederivation: Sendable {
  private var live: RecordFinder
  private var derived = BitSet()

  /// How many of the live records came out again.
  package private(set) var count = 0
  package var liveCount: Int { live.set.count }

  /// - Throws: ``StoreError`` when the version's shards cannot be read.
  package init(_ kind: RecordKind, in version: Version) throws(StoreError) {
    live = RecordFinder(try version.live(kind))
  }

  /// Takes a record that was derived; false when it is not among the live ones.
  package mutating func derive(_ id: RecordID) -> Bool {
    guard let ordinal = live.ordinal(of: id) else { return false }
    if derived.insert(ordinal).inserted { count += 1 }
    return true
  }

  /// The live records that did not come out again, in no order.
  package var missing: [RecordID] {
    live.set.members.subtracting(derived).map { live.set.id($0) }
  }
}
