package import ArtifactStore
import CanonicalJSON
import Git

/// How the record sets and texts of two versions differ.
package struct VersionDiff: Sendable {
  /// The kinds whose live records differ.
  package let kinds: [RecordChanges]
  /// The plain files that differ, by path.
  package let files: [String]
  /// Slots whose sample was replaced, only in the new version, and only in the old one.
  package let changedSlots: [Int]
  package let addedSlots: [Int]
  package let removedSlots: [Int]

  private let new: Version

  /// The number of records of a kind that both versions hold.
  package func commonCount(_ changes: RecordChanges) throws(StoreError) -> Int {
    try new.liveCount(changes.kind) - changes.added.count
  }

  package init(from old: Version, to new: Version) throws(StoreError) {
    self.new = new
    kinds = try RecordChanges.find(from: old, to: new)
    do {
      files = try old.store.repository.changes(from: old.tree, to: new.tree).map(\.path)
        .filter { ArtifactPath($0) == nil && !$0.hasPrefix("runs/") }
    } catch {
      throw StoreError(error, while: "cannot compare the files of two versions")
    }
    let samples = kinds.first { $0.kind == .samples }
    let addedSlots = Set(try VersionDiff.slots(samples?.added ?? [], in: new))
    let removedSlots = Set(try VersionDiff.slots(samples?.removed ?? [], in: old))
    changedSlots = addedSlots.intersection(removedSlots).sorted()
    self.addedSlots = addedSlots.subtracting(removedSlots).sorted()
    self.removedSlots = removedSlots.subtracting(addedSlots).sorted()
  }

  private static func slots(
    _ ids: [RecordID], in version: Version
  ) throws(StoreError) -> [Int] {
    var places: [RecordLocation] = []
    for id in ids {
      let matches = try version.store.index.find(idPrefix: id.digest.bytes)
      if let match = matches.first(where: { $0.kind == .samples }) { places.append(match.location) }
    }
    // In the order of the shards, so that each is decompressed once.
    places.sort { ($0.object, $0.row) < ($1.object, $1.row) }
    var slots: [Int] = []
    for place in places {
      slots.append(try version.record(.samples, place).value()["slot"]?.int ?? -1)
    }
    return slots
  }
}
