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
  package let changedSlots: [Slot]
  package let addedSlots: [Slot]
  package let removedSlots: [Slot]

  /// The branches of taxonomies whose samples differ.
  package let branches: [BranchChanges.Branch]
  package let flips: VerdictFlips

  private let old: Version
  private let new: Version

  /// The number of records of a kind that both versions hold.
  package func commonCount(_ changes: RecordChanges) throws(StoreError) -> Int {
    try (new.totals()[changes.kind] ?? 0) - changes.added.count
  }

  /// What the recipes say otherwise.
  package func recipe() throws(StoreError) -> RecipeDiff {
    RecipeDiff(from: try old.file("recipe.yaml"), to: try new.file("recipe.yaml"))
  }

  /// How taxonomies and strategies differ.
  package func sources() -> SourcesDiff {
    SourcesDiff(from: old.readableSources, to: new.readableSources)
  }

  /// Why samples were replaced.
  package func replacements() throws(StoreError) -> Replacements {
    try Replacements(changedSlots, kinds, files: files, from: old, to: new)
  }

  /// How coverage and acceptance differ, which takes a look at all records.
  package func shifts() throws -> Shifts { try Shifts(from: old, to: new) }

  package init(from old: Version, to new: Version) throws(StoreError) {
    (self.old, self.new) = (old, new)
    kinds = try RecordChanges.find(from: old, to: new)
    do {
      files = try old.store.repository.changes(from: old.tree, to: new.tree).map(\.path)
        .filter { ArtifactPath($0) == nil && !$0.hasPrefix("runs/") }
    } catch {
      throw StoreError(error, while: "cannot compare the files of two versions")
    }
    let samples = kinds.first { $0.kind == .samples }
    let addedSlots = Set(try new.slots(ofSamples: samples?.added ?? []))
    let removedSlots = Set(try old.slots(ofSamples: samples?.removed ?? []))
    changedSlots = addedSlots.intersection(removedSlots).sorted()
    self.addedSlots = addedSlots.subtracting(removedSlots).sorted()
    self.removedSlots = removedSlots.subtracting(addedSlots).sorted()
    if let samples {
      branches = try BranchChanges(samples, from: old, to: new).branches
    } else {
      branches = []
    }
    flips = try VerdictFlips(kinds, from: old, to: new)
  }
}

extension Version {
  /// The slots of samples, in no order.
  func slots(ofSamples ids: [RecordID]) throws(StoreError) -> [Slot] {
    var slots: [Slot] = []
    for record in try records(.samples, ids) {
      if let slot = Slot(try record.value()["slot"]) { slots.append(slot) }
    }
    return slots
  }

  /// Reads records of one kind, in no order.
  package func records(_ kind: RecordKind, _ ids: [RecordID]) throws(StoreError) -> [Record] {
    var places: [RecordLocation] = []
    for id in ids {
      // The index remembers shards that were pruned since.
      let match = try store.index.find(kind, id).first { match in
        store.repository.contains(match.location.object)
      }
      if let match { places.append(match.location) }
    }
    // In the order of the shards, so that each is decompressed once.
    places.sort { ($0.object, $0.row) < ($1.object, $1.row) }
    var records: [Record] = []
    for place in places { records.append(try record(kind, place)) }
    return records
  }
}
