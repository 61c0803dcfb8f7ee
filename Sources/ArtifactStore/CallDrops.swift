import CanonicalJSON
import Git

/// The calls that no longer answer requests, though records may name them.
///
/// A drop is a tombstone in a writer's history, which all who fetch it see. An equal answer that is
/// recorded later revives the call: the tombstones that it knew of count no more.
package struct CallDrops: Sendable {
  static let reason = "dropped"

  /// Those not revived, by the call that they name.
  private var tombstones: [RecordID: [RecordID]] = [:]

  /// Reads the drops of this and other writers.
  package init(_ store: Store) throws(StoreError) {
    var removals: [(tombstone: RecordID, call: RecordID)] = []
    var revived = Set<RecordID>()
    var seen = Set<ObjectID>()
    for reference in try CallReferences.all(in: store.repository) {
      let files = try convert { () throws(GitError) in
        try store.repository.files(
          inTree: try store.repository.commit(reference.id).tree,
          under: RecordKind.tombstones.rawValue)
      }
      for file in files where ArtifactPath(file.path)?.kind == .tombstones {
        guard seen.insert(file.entry.id).inserted,
          let shard = try Self.read(file.entry.id, store.reader)
        else { continue }
        for tombstone in shard {
          switch tombstone.content {
          case .removal(let call, _): removals.append((tombstone.id, call))
          case .revival(let removal): revived.insert(removal)
          }
        }
      }
    }
    for removal in removals where !revived.contains(removal.tombstone) {
      tombstones[removal.call, default: []].append(removal.tombstone)
    }
  }

  /// The tombstones of a shard; nil for one that is damaged, perhaps somebody else's.
  private static func read(
    _ object: ObjectID, _ reader: ShardReader
  ) throws(StoreError) -> [Tombstone]? {
    do throws(StoreError) {
      return try Tombstone.all(inShard: object, reader)
    } catch {
      guard error.code == .corrupt else { throw error }
      return nil
    }
  }

  package var isEmpty: Bool { tombstones.isEmpty }
  package var calls: Set<RecordID> { Set(tombstones.keys) }
  package func contains(_ call: RecordID) -> Bool { tombstones[call] != nil }

  /// The hash of what is dropped, for telling whether that is as it was; nil when nothing is.
  package var digest: Digest? {
    guard !isEmpty else { return nil }
    var hash = FramedHash(domain: "stemma drops 1")
    for call in tombstones.keys.sorted() { hash.add(call.hex) }
    return hash.finish()
  }

  /// What makes a call answer again.
  func revivals(of call: RecordID, run: String) -> [Record] {
    (tombstones[call] ?? []).sorted().map {
      Record(.tombstones, ["revives": .string($0.hex), "run": .string(run)])
    }
  }

  /// Takes a call back among those that answer.
  mutating func revive(_ call: RecordID) {
    // Looked at first: what others hold too would be copied.
    if contains(call) { tombstones[call] = nil }
  }

  /// Takes over a revival that is only in the journal.
  mutating func apply(revival record: Record) {
    guard let id = (try? record.value())?["revives"]?.string.flatMap(RecordID.init(hex:)) else {
      return
    }
    for (call, ids) in tombstones where ids.contains(id) {
      let rest = ids.filter { $0 != id }
      tombstones[call] = rest.isEmpty ? nil : rest
    }
  }

  /// The record that drops a call.
  static func tombstone(of call: RecordID, run: String) -> Record {
    Record(
      .tombstones,
      ["reason": .string(reason), "record": .string(call.hex), "run": .string(run)])
  }
}
