import ArtifactStore
import Git

/// Which calls some histories hold.
struct CallPresence {
  private let store: Store
  private let pushed: RecordIndex
  private var shards = Set<ObjectID>()

  /// Lists the shards of histories, and brings the index along; damaged ones are passed over.
  init(_ store: Store, _ pushed: RecordIndex, _ tips: [ObjectID]) throws(StoreError) {
    self.store = store
    self.pushed = pushed
    try store.index.catchUpCalls()
    for tip in Set(tips) {
      guard let tree = try? store.repository.commit(tip).tree,
        let files = try? store.repository.files(inTree: tree, under: RecordKind.calls.rawValue)
      else { continue }
      for file in files { shards.insert(file.entry.id) }
    }
  }

  /// Whether one of the histories has a call.
  func contains(_ call: RecordID) throws(StoreError) -> Bool {
    if try pushed.find(.calls, call).contains(where: isHere) { return true }
    return try store.index.find(.calls, call).contains(where: isHere)
  }

  /// Whether a call is here at all.
  func isAnywhere(_ call: RecordID) throws(StoreError) -> Bool {
    try store.index.find(.calls, call).contains {
      store.repository.contains($0.location.object)
    }
  }

  private func isHere(_ match: RecordIndex.Match) -> Bool {
    match.kind == .calls && shards.contains(match.location.object)
  }
}
