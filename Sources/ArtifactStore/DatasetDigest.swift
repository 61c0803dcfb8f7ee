/// The identity of what a version holds, however it is sharded and compressed.
package enum DatasetDigest {
  private static let batchSize = 1024

  /// The kinds that a dataset is made for, in name order.
  package static let kinds: [RecordKind] = [.imports, .samples, .verdicts]

  /// Hashes for each kind in name order its name, NUL, the count as 8 bytes big-endian, and the
  /// sorted raw ids; imports only where there are any.
  package static func make(_ ids: [RecordKind: [RecordID]]) -> Digest {
    make(sorted: ids.mapValues { SortedIDs(and: $0) })
  }

  /// The same of ids that are sorted already.
  static func make(sorted ids: [RecordKind: SortedIDs]) -> Digest {
    var hasher = Hasher256()
    for kind in kinds {
      let ids = ids[kind] ?? SortedIDs()
      if kind != .imports || ids.count > 0 { add(kind, ids, to: &hasher) }
    }
    return hasher.finish()
  }

  /// The digest of the ids of one kind, in the same form.
  static func make(_ kind: RecordKind, sorted ids: SortedIDs) -> Digest {
    var hasher = Hasher256()
    add(kind, ids, to: &hasher)
    return hasher.finish()
  }

  private static func add(_ kind: RecordKind, _ ids: SortedIDs, to hasher: inout Hasher256) {
    hasher.update("\(kind.rawValue)\0")
    withUnsafeBytes(of: UInt64(ids.count).bigEndian) { hasher.update($0) }
    var buffer: [UInt8] = []
    buffer.reserveCapacity(min(ids.count, batchSize) * Digest.length)
    ids.forEach { id in
      id.digest.withBytes { buffer.append(contentsOf: $0) }
      guard buffer.count == batchSize * Digest.length else { return }
      hasher.update(buffer)
      buffer.removeAll(keepingCapacity: true)
    }
    hasher.update(buffer)
  }
}
