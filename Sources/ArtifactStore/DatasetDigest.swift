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
    var hashers = [Hasher256()]
    for kind in kinds where isPart(kind, ids) {
      add(kind, ids[kind] ?? SortedIDs(), to: &hashers)
    }
    return hashers[0].finish()
  }

  /// The digest of the ids of one kind, in the same form.
  static func make(_ kind: RecordKind, sorted ids: SortedIDs) -> Digest {
    var hashers = [Hasher256()]
    add(kind, ids, to: &hashers)
    return hashers[0].finish()
  }

  /// The digest of all sorted ids, and that of each kind, from one look at each id.
  static func all(
    _ ids: [RecordKind: SortedIDs]
  ) -> (dataset: Digest, kinds: [RecordKind: Digest]) {
    var dataset = Hasher256()
    var digests: [RecordKind: Digest] = [:]
    for kind in Set(kinds).union(ids.keys).sorted(by: { $0.rawValue < $1.rawValue }) {
      var hashers = [Hasher256()]
      if isPart(kind, ids) { hashers.append(dataset) }
      add(kind, ids[kind] ?? SortedIDs(), to: &hashers)
      if hashers.count > 1 { dataset = hashers[1] }
      if ids[kind] != nil { digests[kind] = hashers[0].finish() }
    }
    return (dataset.finish(), digests)
  }

  private static func isPart(_ kind: RecordKind, _ ids: [RecordKind: SortedIDs]) -> Bool {
    kind == .imports ? (ids[kind]?.count ?? 0) > 0 : kinds.contains(kind)
  }

  private static func add(_ kind: RecordKind, _ ids: SortedIDs, to hashers: inout [Hasher256]) {
    func update(_ bytes: UnsafeRawBufferPointer) {
      for index in hashers.indices { hashers[index].update(bytes) }
    }
    var buffer = [UInt8]("\(kind.rawValue)\0".utf8)
    withUnsafeBytes(of: UInt64(ids.count).bigEndian) { buffer += $0 }
    buffer.withUnsafeBytes(update)
    buffer.removeAll()
    buffer.reserveCapacity(min(ids.count, batchSize) * Digest.length)
    ids.forEach { id in
      id.digest.withBytes { buffer.append(contentsOf: $0) }
      guard buffer.count == batchSize * Digest.length else { return }
      buffer.withUnsafeBytes(update)
      buffer.removeAll(keepingCapacity: true)
    }
    buffer.withUnsafeBytes(update)
  }
}
