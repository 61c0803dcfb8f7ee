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

  /// The ids that the base holds, then those that are new.
  private var table: RecordIDTable
  private var isDerived: [Bool]
  private let heldCount: Int
  var shards: ShardWriter

  init(held: RecordIDTable, shards: ShardWriter) {
    table = held
    heldCount = held.count
    isDerived = [Bool](repeating: false, count: held.count)
    self.shards = shards
  }

  mutating func derive(_ id: RecordID) -> Outcome {
    let (ordinal, isNew) = table.insert(id)
    guard !isNew else {
      isDerived.append(true)
      return .new
    }
    guard !isDerived[ordinal] else { return .repeated }
    isDerived[ordinal] = true
    return .held
  }

  /// The ids of new records in the order in which they came.
  var newIDs: ArraySlice<RecordID> { table.ids[heldCount...] }

  /// All that were derived.
  var derivedIDs: [RecordID] {
    table.ids.indices.lazy.filter { isDerived[$0] }.map { table.ids[$0] }
  }

  /// Those of the base that were not derived, live or dead.
  var droppedIDs: [RecordID] {
    (0..<heldCount).lazy.filter { !isDerived[$0] }.map { table.ids[$0] }
  }
}
