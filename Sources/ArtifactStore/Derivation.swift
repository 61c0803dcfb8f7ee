/// What a run derives of one kind, against what its base holds.
struct Derivation {
  enum Outcome {
    /// The base has no such record.
    case new
    /// A shard of the base holds it, live or dead.
    case held
    /// It was derived before.
    case repeated
  }

  /// The records of the base that are not derived, each with the one that has its key now.
  typealias Dropped = (id: RecordID, by: RecordID?)

  /// The ids that the base holds, then those that are new.
  private var table: RecordIDTable
  private var isDerived: [Bool]
  private let heldCount: Int
  /// For records with a key its hash, or 0 for none, by ordinal; else empty.
  private var keyHashes: [UInt64]
  /// The derived records by the hashes of their keys.
  private var keyed: [UInt64: Int] = [:]
  var shards: ShardWriter

  /// Starts with what a base holds.
  ///
  /// - Parameters:
  ///   - held: The ids of the base.
  ///   - keyHashes: For records with a key, its hash for each of them.
  ///   - shards: Takes new records.
  init(held: RecordIDTable, keyHashes: [UInt64] = [], shards: ShardWriter) {
    table = held
    heldCount = held.count
    self.keyHashes = keyHashes
    isDerived = [Bool](repeating: false, count: held.count)
    self.shards = shards
  }

  mutating func derive(_ id: RecordID) -> Outcome { insert(id).outcome }

  /// Derives a record with a key.
  ///
  /// - Returns: Nil when another derived record has this key.
  mutating func derive(_ id: RecordID, keyHash: UInt64) -> Outcome? {
    let (ordinal, outcome) = insert(id)
    if outcome == .new { keyHashes.append(keyHash) }
    guard outcome != .repeated else { return .repeated }
    return keyed.updateValue(ordinal, forKey: keyHash) == nil ? outcome : nil
  }

  private mutating func insert(_ id: RecordID) -> (ordinal: Int, outcome: Outcome) {
    let (ordinal, isNew) = table.insert(id)
    guard !isNew else {
      isDerived.append(true)
      return (ordinal, .new)
    }
    guard !isDerived[ordinal] else { return (ordinal, .repeated) }
    isDerived[ordinal] = true
    return (ordinal, .held)
  }

  /// Takes all records of the base over whose keys no derived record has.
  mutating func deriveRest(where isLive: (RecordID) -> Bool) {
    for ordinal in 0..<heldCount
    where !isDerived[ordinal] && keyed[keyHashes[ordinal]] == nil && isLive(table.ids[ordinal]) {
      isDerived[ordinal] = true
    }
  }

  /// The ids of new records in the order in which they came.
  var newIDs: ArraySlice<RecordID> { table.ids[heldCount...] }

  /// The hashes of the keys of new records; empty when they have none.
  var newKeyHashes: ArraySlice<UInt64> {
    keyHashes.isEmpty ? [] : keyHashes[heldCount...]
  }

  /// All that were derived.
  var derivedIDs: SortedIDs {
    // Without a base there is nothing else in the table.
    heldCount == 0 ? SortedIDs(table.ids) : SortedIDs(table.ids) { isDerived[$0] }
  }

  /// Those of the base that were not derived, live or dead.
  var dropped: [Dropped] {
    (0..<heldCount).lazy.filter { !isDerived[$0] }.map { ordinal in
      let by = keyHashes.isEmpty ? nil : keyed[keyHashes[ordinal]]
      return (table.ids[ordinal], by.map { table.ids[$0] })
    }
  }
}
