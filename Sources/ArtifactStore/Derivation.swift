import BitCollections

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

  /// A record of the base that was not derived, with the one that has its key now.
  typealias Dropped = (id: RecordID, by: RecordID?)

  private var held: RecordFinder
  /// The ordinals of those of the base that were derived.
  private var derived = BitSet()
  private var new = RecordIDTable()
  /// Those of the base that the rest is kept without.
  private var excluded = Set<RecordID>()
  /// For records with a key the hashes of all ordinals of the base, then those of new records.
  private var keyHashes: [UInt64]
  /// The derived records by the hashes of their keys; new ones are numbered on from the base.
  private var keyed: [UInt64: Int] = [:]
  var shards: ShardWriter

  /// Starts with what a base holds.
  ///
  /// - Parameters:
  ///   - held: The records of the base, live or dead.
  ///   - keyHashes: For records with a key, its hash for each ordinal of the base.
  ///   - shards: Takes new records.
  init(held: RecordSet, keyHashes: [UInt64] = [], shards: ShardWriter) {
    self.held = RecordFinder(held)
    self.keyHashes = keyHashes
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
    if let ordinal = held.ordinal(of: id) {
      return (ordinal, derived.insert(ordinal).inserted ? .held : .repeated)
    }
    let (ordinal, isNew) = new.insert(id)
    return (held.set.capacity + ordinal, isNew ? .new : .repeated)
  }

  /// Leaves a record of the base out of the rest.
  mutating func drop(_ id: RecordID) { excluded.insert(id) }

  /// The records of the base whose ids begin with some 8 bytes.
  func heldIDs(beginningWith word: UInt64) -> [RecordID] {
    held.set.ids(beginningWith: word)
  }

  /// Takes all records of the base over that were not dropped and whose keys no derived record has,
  /// without dead ones.
  mutating func deriveRest(except dead: some Sequence<RecordID>) {
    var live = held.set
    live.remove(dead)
    live.remove(excluded)
    guard !keyHashes.isEmpty else {
      derived.formUnion(live.members)
      return
    }
    // Most are told apart by a few bits of their hashes, without a look into the dictionary.
    let bits = Int.bitWidth - keyed.count.leadingZeroBitCount + 3
    let mask = (1 as UInt64) << bits - 1
    var filter = [Bool](repeating: false, count: 1 << bits)
    for hash in keyed.keys { filter[Int(hash & mask)] = true }
    for ordinal in live.members {
      let hash = keyHashes[ordinal]
      if filter[Int(hash & mask)], keyed[hash] != nil { continue }
      derived.insert(ordinal)
    }
  }

  /// The number of records that are not in the base.
  var newCount: Int { new.count }

  /// All that were derived.
  var derivedIDs: SortedIDs { SortedIDs(held.set.intersection(derived), and: new.ids) }

  /// Those of the base that were not derived, live or dead.
  var dropped: [Dropped] {
    held.set.members.subtracting(derived).map { ordinal in
      let by = keyHashes.isEmpty ? nil : keyed[keyHashes[ordinal]]
      return (held.set.id(ordinal), by.map(id))
    }
  }

  private func id(_ ordinal: Int) -> RecordID {
    ordinal < held.set.capacity ? held.set.id(ordinal) : new.ids[ordinal - held.set.capacity]
  }

  /// Ends the last shard, waits for all, and gives all ids away.
  consuming func finish() throws(StoreError) -> (written: [ShardWriter.Written], ids: SortedIDs) {
    let set = held.set.intersection(derived)
    let hashes = keyHashes.isEmpty ? [] : keyHashes[held.set.capacity...]
    let ids = new.takeIDs()
    return (try shards.finish(ids: ids[...], keyHashes: hashes), SortedIDs(set, and: ids))
  }
}
