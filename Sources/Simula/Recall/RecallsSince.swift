import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// What recalls did since slots were settled, where it is known which of them that concerns.
struct RecallsSince: Sendable {
  /// What was recalled before.
  let before: Recalls
  /// The slots that came to an answer which is recalled now.
  private(set) var slots = Set<Int>()

  /// Compares what is recalled.
  ///
  /// Recalled nodes and mixes are told by a comparison of what is drawn.
  ///
  /// - Returns: Nil where something is no longer recalled, or whose slots are not known: whole models,
  ///   templates and runs, and answers that are not here.
  /// - Throws: ``StoreError`` when the index of calls cannot be read.
  init?(from before: Recalls, to after: Recalls, in store: Store) throws(StoreError) {
    self.before = before
    let old = Set(before.entries.map(\.subject))
    let new = Set(after.entries.map(\.subject))
    guard old.isSubset(of: new) else { return nil }
    let added = new.subtracting(old)
    guard !added.isEmpty else { return }
    try store.index.catchUpCalls()
    for subject in added {
      switch subject {
      case .node, .mix: continue
      case .model, .template, .run: return nil
      case .call(let id, let key, _):
        // A person may have written a key that is not that of the call.
        var places = [try store.index.find(.calls, id).first?.location]
        if let key { places.append(try store.index.calls(key: key).first?.location) }
        for place in places {
          guard let place, let slots = Self.slots(ofCall: place, in: store) else { return nil }
          self.slots.formUnion(slots)
        }
      }
    }
  }

  /// The slot whose question a call is, none of one that grew text, and nil where that is not known.
  private static func slots(ofCall place: RecordLocation, in store: Store) -> Set<Int>? {
    guard let line = try? store.reader.line(at: place),
      let request = try? JSON(parsing: line)["request"], let draw = request["draw"]?.string,
      let task = request["task"]?.string.flatMap(PromptTask.init(rawValue:))
    else { return nil }
    if task.growsText { return [] }
    let words = draw.split(separator: " ", maxSplits: 2)
    guard words.count > 1, words[0] == "slot", let slot = Int(words[1]) else { return nil }
    return [slot]
  }

  /// The beginnings of the ids of records that tombstones removed, where a version differs in nothing else.
  ///
  /// - Parameters:
  ///   - old: The tree of the tombstones before; nil for none.
  ///   - new: That of the version.
  ///   - store: Where both are.
  /// - Returns: 8 bytes of each; nil where something came back, or the trees are not here.
  static func gone(
    from old: ObjectID?, to new: ObjectID?, in store: Store
  ) -> Set<UInt64>? {
    guard let changes = try? store.repository.changes(from: old, to: new) else { return nil }
    var gone = Set<UInt64>()
    for change in changes {
      guard change.old == nil, let shard = change.new,
        let tombstones = try? Tombstone.all(inShard: shard.id, store.reader)
      else { return nil }
      for tombstone in tombstones {
        guard case .removal(let record, _) = tombstone.content else { return nil }
        gone.insert(record.digest.leadingWord)
      }
    }
    return gone
  }
}
