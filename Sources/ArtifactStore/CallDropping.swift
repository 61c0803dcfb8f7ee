import Git

/// Takes recorded answers back, so that their requests are asked again.
package struct CallDropping: Sendable {
  /// The fewest digits that are taken as the beginning of a key or an id.
  package static let minimumDigits = 6

  /// What a key or an id names.
  package struct Target: Sendable, Hashable {
    /// The calls that answer, in the order of their ids.
    package let calls: [RecordID]
    /// How many others were dropped before.
    package let droppedCount: Int
  }

  private let lines: CallLines
  private var store: Store { lines.store }

  package init(_ lines: CallLines) { self.lines = lines }

  /// The calls of a key, or the one of an id, by the beginning of it.
  ///
  /// - Throws: ``StoreError`` with code `notFound`, or `ambiguous` when several begin so.
  package func find(_ prefix: String) throws(StoreError) -> Target {
    let start = try DigestPrefix(
      prefix, minimumDigits: Self.minimumDigits, of: "a call's key or id",
      hint: "'stemma list calls' shows ids, 'stemma cat ID' a call with its key")
    var calls: [Digest: Set<RecordID>] = [:]
    for call in try store.index.calls(keyPrefix: start.bytes)
    where start.isBeginning(of: call.key) && lines.known.contains(call.id) {
      calls[call.key, default: []].insert(call.id)
    }
    for call in try store.index.find(idPrefix: start.bytes)
    where call.kind == .calls && start.isBeginning(of: call.id.digest)
      && lines.known.contains(call.id)
    {
      calls[call.id.digest, default: []].insert(call.id)
    }
    for record in lines.unsealed {
      let key = try CallKeys.key(record)
      for digest in [key, record.id.digest] where start.isBeginning(of: digest) {
        calls[digest, default: []].insert(record.id)
      }
    }
    guard let found = calls.first else {
      throw StoreError(
        .notFound, "no call has a key or an id that begins with '\(prefix)'",
        hint: "'stemma list calls' shows ids; 'stemma trace ID' names the calls of a record")
    }
    guard calls.count == 1 else {
      let some = calls.keys.sorted().prefix(4).map { String($0.hex.prefix(16)) }
      throw StoreError(
        .ambiguous, "'\(prefix)' is the beginning of \(calls.count) keys or ids",
        hint: "give more digits: \(some.joined(separator: ", "))")
    }
    let live = found.value.filter { !lines.drops.contains($0) }
    return Target(calls: live.sorted(), droppedCount: found.value.count - live.count)
  }

  /// Drops calls, durably and for all who fetch this writer's history.
  ///
  /// The caller holds the writer lock.
  package func drop(_ calls: some Sequence<RecordID>) throws(StoreError) {
    let run = WriterIdentity.make()
    var draft = CallHistory.Draft(store)
    for call in calls where !lines.drops.contains(call) {
      try draft.add(tombstone: CallDrops.tombstone(of: call, run: run))
    }
    try CallHistory(store).commit(draft)
  }
}
