package import CanonicalJSON
package import Git

/// A member in which records of one kind name a record of the version.
package struct RecordReference: Sendable {
  package let kind: RecordKind
  package let member: String
  package let target: RecordKind
  private let link: LinkKey.Member

  package static let all: [RecordReference] = [
    RecordReference(kind: .metaPrompts, member: "mix", target: .mixes, link: .mix),
    RecordReference(kind: .metaPrompts, member: "from", target: .metaPrompts, link: .from),
    RecordReference(kind: .samples, member: "meta-prompt", target: .metaPrompts, link: .metaPrompt),
    RecordReference(
      kind: .rejections, member: "meta-prompt", target: .metaPrompts, link: .metaPrompt),
  ]

  /// The kinds whose records name others.
  package static let naming: [RecordKind] = [.rejections, .samples, .metaPrompts]

  /// The kinds whose records are named.
  package static let named: Set<RecordKind> = Set(all.map(\.target))

  /// What a record names, of some records.
  package static func names(
    of kind: RecordKind, _ value: JSON, among ids: Set<RecordID>
  ) -> [(reference: RecordReference, id: RecordID)] {
    all.compactMap { reference in
      guard reference.kind == kind,
        let id = value[reference.member]?.string.flatMap(RecordID.init(hex:)), ids.contains(id)
      else { return nil }
      return (reference, id)
    }
  }

  /// The keys under which records of a kind name some records.
  fileprivate static func keys(_ kind: RecordKind, naming ids: Set<RecordID>) -> Set<UInt64> {
    var keys = Set<UInt64>()
    for reference in all where reference.kind == kind {
      for id in ids { keys.insert(LinkKey(reference.link, id).word) }
    }
    return keys
  }
}

extension ShardReader {
  /// Lends the records of shards that name one of some records, live or not.
  ///
  /// - Complexity: Linear in the bytes of the shards; only lines that name one are parsed.
  package func forEachRecord(
    _ kind: RecordKind, in shards: some Sequence<ObjectID>, naming ids: Set<RecordID>,
    _ body: (Record, [(reference: RecordReference, id: RecordID)]) throws(StoreError) -> Void
  ) throws(StoreError) {
    let keys = RecordReference.keys(kind, naming: ids)
    guard !keys.isEmpty else { return }
    var words: [UInt64] = []
    for shard in shards {
      let content = try artifact(shard)
      for range in try Shard.lineRanges(content) {
        words.removeAll(keepingCapacity: true)
        content.withUnsafeBytes { bytes in
          _ = LineLinks.append(to: &words, kind, UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
        guard words.contains(where: keys.contains) else { continue }
        let record = try Record(kind, line: Array(content[range]))
        let names = RecordReference.names(of: kind, try record.value(), among: ids)
        if !names.isEmpty { try body(record, names) }
      }
    }
  }
}

extension DatasetContent {
  /// The dead records that others of the version need: live ones name them, or such as these name.
  ///
  /// A plain `git merge` leaves them, where one side removed what the other one built on.
  ///
  /// - Complexity: Linear in the bytes of the records that name others, where anything is dead that they
  ///   may name; memory grows with what is dead.
  func neededDead() throws(StoreError) -> Set<RecordID> {
    let tombstones = try tombstones()
    var dead = Set<RecordID>()
    for kind in RecordReference.named where !tombstones.isEmpty {
      let held = try held(kind)
      dead.formUnion(tombstones.keys.lazy.filter(held.contains))
    }
    guard !dead.isEmpty else { return [] }
    var next: [RecordID] = []
    var namedByDead: [RecordID: [RecordID]] = [:]
    for kind in RecordReference.naming {
      let shards = try shards(kind).map(\.object)
      try store.reader.forEachRecord(kind, in: shards, naming: dead) { record, names in
        if tombstones[record.id] == nil {
          next += names.map(\.id)
        } else if dead.contains(record.id) {
          namedByDead[record.id] = names.map(\.id)
        }
      }
    }
    var needed = Set<RecordID>()
    while let id = next.popLast() {
      if needed.insert(id).inserted { next += namedByDead[id] ?? [] }
    }
    return needed
  }
}
