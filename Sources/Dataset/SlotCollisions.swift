package import ArtifactStore

/// The slots for which two versions made different samples since they parted.
package enum SlotCollisions {
  /// Compares what both sides added.
  ///
  /// - Parameters:
  ///   - base: Where they parted, nil for never.
  ///   - ours: One side.
  ///   - theirs: The other side.
  /// - Returns: The slots in order.
  /// - Throws: ``StoreError`` when a version cannot be read.
  package static func find(
    base: Version?, ours: Version, theirs: Version
  ) throws(StoreError) -> [Slot] {
    guard let base else { return [] }
    let own = try added(from: base, to: ours)
    let other = try added(from: base, to: theirs)
    let common = Set(own).intersection(other)
    let slots = Set(try ours.slots(ofSamples: own.filter { !common.contains($0) }))
    return slots.intersection(try theirs.slots(ofSamples: other.filter { !common.contains($0) }))
      .sorted()
  }

  private static func added(
    from base: Version, to version: Version
  ) throws(StoreError) -> [RecordID] {
    try RecordChanges.find(from: base, to: version).first { $0.kind == .samples }?.added ?? []
  }
}
