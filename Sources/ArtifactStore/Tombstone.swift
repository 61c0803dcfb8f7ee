import CanonicalJSON
package import Git

/// The removal of a record, or the return of one.
package struct Tombstone: Sendable {
  package enum Content: Sendable {
    /// A record is removed; `by` is the record that has its key now.
    case removal(RecordID, by: RecordID?)
    /// A tombstone no longer counts.
    case revival(of: RecordID)
  }

  package let id: RecordID
  package let content: Content

  /// Reads a shard of tombstones.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for one that names nothing.
  package static func all(
    inShard object: ObjectID, _ reader: ShardReader
  ) throws(StoreError) -> [Tombstone] {
    try all(in: try reader.artifact(object))
  }

  /// Reads the content of a shard of tombstones.
  static func all(in content: [UInt8]) throws(StoreError) -> [Tombstone] {
    var tombstones: [Tombstone] = []
    for record in try Shard.records(.tombstones, content) {
      let value = try record.value()
      func id(_ member: String) -> RecordID? {
        value[member]?.string.flatMap(RecordID.init(hex:))
      }
      if let removed = id("record") {
        tombstones.append(Tombstone(id: record.id, content: .removal(removed, by: id("by"))))
      } else if let removal = id("revives") {
        tombstones.append(Tombstone(id: record.id, content: .revival(of: removal)))
      } else {
        throw StoreError(.corrupt, "tombstone '\(record.id)' names nothing")
      }
    }
    return tombstones
  }
}
