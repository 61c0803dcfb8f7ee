/// The ids of a set, and others, in the order of their bytes: 4 bytes an id beside the others.
struct SortedIDs {
  private let records: RecordSet
  private let others: [RecordID]
  private let order: [UInt32]

  var count: Int { records.count + others.count }

  /// Sorts ids; none of the others is in the set.
  init(_ set: RecordSet = RecordSet(), and others: [RecordID] = []) {
    records = set
    self.others = others
    order = DigestOrder.fullySorted(others)
  }

  func forEach(_ body: (RecordID) -> Void) {
    var next = 0
    records.forEachSorted { _, id in
      while next < order.count, others[Int(order[next])] < id {
        body(others[Int(order[next])])
        next += 1
      }
      body(id)
    }
    for ordinal in order[next...] { body(others[Int(ordinal)]) }
  }
}
