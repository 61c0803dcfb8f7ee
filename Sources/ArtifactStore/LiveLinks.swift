import BitCollections
package import Git

/// Which live records of a version name something.
///
/// Costs as much as there are such records; what else the version holds is not looked at.
package struct LiveLinks {
  private let content: any DatasetContent
  private let links: LinkIndex
  private var segments: [LinkSegment]
  /// For each segment which of its shards the version holds, by kind.
  private var held: [RecordKind: [BitSet]] = [:]
  private var hasTombstones: Bool?
  /// Whether the version has a shard, of those that were asked for.
  private var here: [ArtifactPath: Bool] = [:]

  private var store: Store { content.store }

  /// Brings the indexes up to the version.
  ///
  /// - Parameters:
  ///   - content: Whose records count.
  ///   - didRead: Told how many shards of how many were read; not called when nothing is new.
  /// - Throws: ``StoreError`` when a shard cannot be read.
  package init(
    _ content: some DatasetContent, didRead: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(StoreError) {
    self.content = content
    try content.store.index.catchUp(tree: content.tree)
    links = try content.store.links
    try links.catchUp(tree: content.tree, didRead: didRead)
    segments = links.current.segments
  }

  // MARK: - Few records

  /// The live records of a kind that name something, each once.
  package mutating func records(
    _ kind: RecordKind, naming key: LinkKey
  ) throws(StoreError) -> [Record] {
    var records: [Record] = []
    var seen = Set<RecordID>()
    for match in try links.find(key) where match.kind == kind {
      guard try isHere(match.path) else { continue }
      let record = try record(kind, at: match.location)
      guard seen.insert(record.id).inserted, try !isDead(record.id) else { continue }
      records.append(record)
    }
    return records
  }

  /// A record that the index knows: of a shard that is read in part nothing else tells whether it is whole.
  private func record(
    _ kind: RecordKind, at location: RecordLocation
  ) throws(StoreError) -> Record {
    let record = try Record(kind, line: try store.reader.singleLine(at: location))
    guard try store.index.find(kind, record.id).contains(where: { $0.location == location }) else {
      throw StoreError(
        .corrupt,
        "object '\(location.object)' is damaged: line \(location.row) is another than it was",
        hint: "run 'stemma verify' to see what is affected")
    }
    return record
  }

  /// Whether a record of a kind is live in the version.
  package mutating func isLive(_ kind: RecordKind, _ id: RecordID) throws(StoreError) -> Bool {
    guard try isHeld(kind, id) else { return false }
    return try !isDead(id)
  }

  private mutating func isHeld(_ kind: RecordKind, _ id: RecordID) throws(StoreError) -> Bool {
    for match in try store.index.find(kind, id) {
      if let path = try store.shardPath(match.location.object, kind), try isHere(path) {
        return true
      }
    }
    return false
  }

  /// Where the records of a kind are that name something, live or not.
  package mutating func locations(
    _ kind: RecordKind, naming key: LinkKey
  ) throws(StoreError) -> [RecordLocation] {
    var locations: [RecordLocation] = []
    for match in try links.find(key) where match.kind == kind {
      if try isHere(match.path) { locations.append(match.location) }
    }
    return locations
  }

  private mutating func isHere(_ path: ArtifactPath) throws(StoreError) -> Bool {
    if let known = here[path] { return known }
    let isHere = try convert { () throws(GitError) in
      try store.repository.find(path: path.text, inTree: content.tree) != nil
    }
    here[path] = isHere
    return isHere
  }

  /// Whether a tombstone in force names a record.
  private mutating func isDead(_ id: RecordID) throws(StoreError) -> Bool {
    if hasTombstones == nil {
      hasTombstones = try content.folder(RecordKind.tombstones.rawValue) != nil
    }
    guard hasTombstones == true else { return false }
    for tombstone in try tombstones(naming: LinkKey(.record, id)) {
      guard case .removal(let record, _) = tombstone.content, record == id else { continue }
      let isRevived = try tombstones(naming: LinkKey(.revives, tombstone.id)).contains {
        if case .revival(let revived) = $0.content { revived == tombstone.id } else { false }
      }
      if !isRevived { return true }
    }
    return false
  }

  private mutating func tombstones(naming key: LinkKey) throws(StoreError) -> [Tombstone] {
    var found: [Tombstone] = []
    for match in try links.find(key) where match.kind == .tombstones {
      guard try isHere(match.path) else { continue }
      let record = try record(.tombstones, at: match.location)
      found += try Tombstone.all(in: record.line + [0x0A])
    }
    return found
  }

  // MARK: - Many records

  /// A record by its id.
  package struct Found: Sendable, Hashable {
    package let id: RecordID
    /// For a rejection or a verdict the first 8 bytes of the id of the draft that it is about.
    package let draft: UInt64?
    /// Where its line is, when it is known.
    package let location: RecordLocation?

    package init(id: RecordID, draft: UInt64? = nil, location: RecordLocation? = nil) {
      self.id = id
      self.draft = draft
      self.location = location
    }
  }

  /// The live records of a kind that name one of some things, each once; their lines are not read.
  package mutating func find(
    _ kind: RecordKind, naming keys: some Sequence<LinkKey>
  ) throws(StoreError) -> [Found] {
    // In their order, so that neighbours are looked up one after another.
    let unsorted = Array(keys)
    guard !unsorted.isEmpty else { return [] }
    let sorted = DigestOrder.sorted(unsorted.map(\.word)).map { unsorted[Int($0)] }
    do {
      return try search(kind, sorted)
    } catch let error as StoreError {
      throw error
    } catch {
      try links.renew()
      segments = links.current.segments
      held = [:]
      do {
        return try search(kind, sorted)
      } catch let error as StoreError {
        throw error
      } catch {
        throw StoreError(
          .corrupt, "the index of links is damaged again and again",
          hint: "check the disk; '.git/stemma/links' can be removed at any time")
      }
    }
  }

  /// Lends the records of a kind that were found, in the order of their shards; memory stays flat.
  package func forEachRecord(
    _ kind: RecordKind, _ found: [Found], _ body: (Record) throws -> Void
  ) throws {
    var places: [RecordLocation] = []
    for record in found {
      let location =
        try record.location
        ?? store.index.find(kind, record.id).first?.location
      if let location { places.append(location) }
    }
    places.sort { ($0.object, $0.row) < ($1.object, $1.row) }
    for place in places { try body(try Record(kind, line: try store.reader.line(at: place))) }
  }

  private mutating func search(_ kind: RecordKind, _ keys: [LinkKey]) throws -> [Found] {
    let held = try shards(of: kind)
    var result: [Found] = []
    var seen = Set<RecordID>()
    for (number, segment) in segments.enumerated() where !held[number].isEmpty {
      var rows = BitSet()
      var cursor = LinkSegment.Cursor()
      for key in keys {
        try segment.visit(key, after: &cursor) { ordinal in
          if held[number].contains(segment.shards.number(of: ordinal)) { rows.insert(ordinal) }
        }
      }
      for found in try records(kind, rows, in: segment) where seen.insert(found.id).inserted {
        if try !isDead(found.id) { result.append(found) }
      }
    }
    return result
  }

  private func records(
    _ kind: RecordKind, _ rows: BitSet, in segment: LinkSegment
  ) throws -> [Found] {
    var found: [Found] = []
    found.reserveCapacity(rows.count)
    var shard: LinkedShards.Shard?
    var ordinals: [Int] = []
    func take() throws {
      guard let shard else { return }
      let rows = ordinals.lazy.map { $0 - shard.ordinals.lowerBound }
      guard let ids = try store.index.recordIDs(ofShard: shard.object, kind, rows: rows),
        ids.count == ordinals.count
      else { throw StoreError(.notFound, "a shard of \(kind.rawValue) is not in the index") }
      for (ordinal, id) in zip(ordinals, ids) {
        let draft = try segment.draft(of: ordinal, in: shard)
        found.append(
          Found(
            id: id, draft: draft == 0 ? nil : draft,
            location: RecordLocation(
              object: shard.object, row: ordinal - shard.ordinals.lowerBound)))
      }
    }
    for ordinal in rows {
      if shard?.ordinals.contains(ordinal) != true {
        try take()
        shard = segment.shards[segment.shards.number(of: ordinal)]
        ordinals.removeAll(keepingCapacity: true)
      }
      ordinals.append(ordinal)
    }
    try take()
    return found
  }

  private mutating func shards(of kind: RecordKind) throws(StoreError) -> [BitSet] {
    if let known = held[kind] { return known }
    let objects = Set(try content.shards(kind).map(\.object))
    let found = segments.map { segment in
      var bits = BitSet()
      for (number, shard) in segment.shards.enumerated()
      where shard.kind == kind && objects.contains(shard.object) {
        bits.insert(number)
      }
      return bits
    }
    held[kind] = found
    return found
  }
}

extension Store {
  /// Where a shard lies in the trees that have it.
  package func shardPath(
    _ object: ObjectID, _ kind: RecordKind
  ) throws(StoreError) -> ArtifactPath? {
    if let known = try links.path(ofShard: object, kind) { return known }
    do throws(StoreError) {
      return ArtifactPath(kind: kind, digest: Digest(of: try reader.shard(object).bytes))
    } catch {
      // The index remembers places that git has pruned since.
      guard error.code == .missing else { throw error }
      return nil
    }
  }
}
