import Git

/// Adds calls that came from elsewhere to this writer's history: those that are here stay as they are.
package struct CallUnion {
  package struct Counts: Sendable, Hashable {
    package var added = 0
    /// Those that were here before, also if they were dropped.
    package var known = 0
    /// Those of either that were dropped, and stay that.
    package var dropped = 0
    /// Those of the added whose request has another answer too.
    package var alternatives = 0

    package init() {}
  }

  /// So many bytes of lines are committed at once: about a quarter of it in git.
  private static let commitSizeInBytes = 512 << 20

  private let store: Store
  private let history: CallHistory
  private var lines: CallLines
  private var draft: CallHistory.Draft
  private var unsealed: Set<RecordID>
  package private(set) var counts = Counts()

  /// Looks at what is here.
  ///
  /// The caller holds the writer lock.
  package init(_ store: Store) throws(StoreError) {
    self.store = store
    history = try CallHistory(store)
    lines = try CallLines(store)
    unsealed = Set(lines.unsealed.map(\.id))
    draft = CallHistory.Draft(store)
  }

  /// Counts a line in the form of this program as known when its call is here; false for any other.
  ///
  /// Nothing needs to be checked then: the same id is the same call.
  package mutating func takesForKnown(_ line: [UInt8]) -> Bool {
    guard CallLine.endOfBody(of: line) != nil, let call = try? Record(.calls, line: line),
      lines.known.contains(call.id)
    else { return false }
    counts.known += 1
    counts.dropped += lines.drops.contains(call.id) ? 1 : 0
    return true
  }

  /// Takes a call, unless it is here.
  package mutating func add(_ call: Record, key: Digest) throws(StoreError) {
    let isDropped = lines.drops.contains(call.id)
    guard !lines.known.contains(call.id), !unsealed.contains(call.id),
      try draft.add(call, key: key)
    else {
      counts.known += 1
      counts.dropped += isDropped ? 1 : 0
      return
    }
    counts.dropped += isDropped ? 1 : 0
    counts.added += 1
    if try store.index.calls(key: key).contains(where: { lines.known.contains($0.id) }) {
      counts.alternatives += 1
    }
    if draft.sizeInBytes >= Self.commitSizeInBytes { try finish() }
  }

  /// Makes what was added so far durable.
  package mutating func finish() throws(StoreError) {
    let full = draft
    draft = CallHistory.Draft(store)
    try history.commit(full)
    lines = try CallLines(store)
  }
}
