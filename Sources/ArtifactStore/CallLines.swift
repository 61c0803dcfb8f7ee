import BitCollections
import Foundation
package import Git

/// All recorded calls that are here, each once: those in git, and those that only the journal has.
package struct CallLines: Sendable {
  package let store: Store
  /// The shards, with the references that hold them.
  package let shards: [(object: ObjectID, references: [String])]
  package let drops: CallDrops
  /// Durable calls that no history has yet.
  package let unsealed: [Record]
  let known: RecordSet

  /// Looks at what is there; only the journal is read into memory, which is small.
  package init(_ store: Store) throws(StoreError) {
    self.store = store
    // First: what is sealed meanwhile is then in git.
    let journal = try CallLines.journal(of: store)
    try store.index.catchUpCalls()
    var places: [ObjectID: Int] = [:]
    var shards: [(object: ObjectID, references: [String])] = []
    for reference in try CallReferences.all(in: store.repository) {
      for object in try store.callShards(of: reference.id) {
        // A damaged one is not in the index; 'verify' tells of it.
        guard try store.index.recordCount(ofShard: object, .calls) != nil else { continue }
        if let place = places[object] {
          shards[place].references.append(reference.name)
        } else {
          places[object] = shards.count
          shards.append((object, [reference.name]))
        }
      }
    }
    self.shards = shards
    drops = try CallDrops(store)
    let known = try store.index.records(.calls, in: shards.map(\.object))
    self.known = known
    var seen = Set<RecordID>()
    unsealed = journal.filter { !known.contains($0.id) && seen.insert($0.id).inserted }
  }

  /// What was in the journal, for those who hold no lock.
  private static func journal(of store: Store) throws(StoreError) -> [Record] {
    let folder = store.folder.appending(path: "journal")
    guard FileManager.default.fileExists(atPath: folder.path(percentEncoded: false)) else {
      return []
    }
    var records: [Record] = []
    for file in try CallJournal.files(in: folder) {
      // A run that seals removes files meanwhile.
      for payload in (try? CallJournal.payloads(of: file.url)) ?? [] {
        guard let record = try? Record(.calls, line: payload), (try? CallKeys.key(record)) != nil
        else { continue }
        records.append(record)
      }
    }
    return records
  }

  /// The number of different calls.
  package var count: Int { unsealed.count + known.count }

  /// Whether a call is here.
  package func contains(_ call: RecordID) -> Bool {
    known.contains(call) || unsealed.contains { $0.id == call }
  }

  /// Lends the line of each call, shard by shard, those of the journal last; memory stays flat.
  ///
  /// - Parameters:
  ///   - named: Only these, and of the journal none; nil for all.
  ///   - didRead: Told how many shards of how many were read.
  ///   - body: Takes the line, and the id.
  /// - Throws: ``StoreError`` when a shard cannot be read, and what the body throws.
  package func forEach(
    in named: CallNames? = nil, didRead: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    _ body: (_ line: ArraySlice<UInt8>, _ id: RecordID) throws -> Void
  ) throws {
    for (number, shard) in known.shards.enumerated() {
      didRead(number, shards.count)
      guard
        shard.ordinals.contains(where: {
          known.members.contains($0) && named?.contains($0) != false
        })
      else { continue }
      let content = try store.reader.artifact(shard.object)
      let lines = try Shard.lineRanges(content)
      guard lines.count == shard.ordinals.count else {
        throw StoreError(
          .corrupt, "object '\(shard.object)' has \(lines.count) lines, and the index says other",
          hint: "run 'stemma verify' to see what is affected")
      }
      for (ordinal, range) in zip(shard.ordinals, lines)
      where known.members.contains(ordinal) && named?.contains(ordinal) != false {
        try body(content[range], known.id(ordinal))
      }
    }
    for record in unsealed where named?.contains(record.id) != false {
      try body(record.line[...], record.id)
    }
  }

  /// The number of bytes that the shards take up in git.
  package func sizeInGit() throws(StoreError) -> Int {
    try convert { () throws(GitError) in
      var size = 0
      for shard in shards { size += try store.repository.sizeInBytes(of: shard.object) }
      return size
    }
  }

  /// When the first and the last calls were sealed, in seconds since 1970; nil before any was.
  package func sealedTimes() throws(StoreError) -> ClosedRange<Int64>? {
    var times: [Int64] = []
    var seen = Set<ObjectID>()
    for reference in try CallReferences.all(in: store.repository) {
      var next: ObjectID? = reference.id
      while let id = next, seen.insert(id).inserted {
        let commit = try convert { () throws(GitError) in try store.repository.commit(id) }
        times.append(commit.author.time)
        next = commit.parents.first
      }
    }
    guard let first = times.min(), let last = times.max() else { return nil }
    return first...last
  }

  /// How many calls each shard adds to those before it, in the order of ``shards``.
  package var memberCounts: [Int] {
    known.shards.map { shard in shard.ordinals.count { known.members.contains($0) } }
  }

  /// The number of different keys; 8 bytes of memory a call.
  package func keyCount() throws(StoreError) -> Int {
    var words: [UInt64] = []
    words.reserveCapacity(count)
    for shard in known.shards {
      for (ordinal, key) in zip(shard.ordinals, try store.index.keys(ofShard: shard.object) ?? [])
      where known.members.contains(ordinal) { words.append(key.leadingWord) }
    }
    for record in unsealed { words.append(try CallKeys.key(record).leadingWord) }
    words.sort()
    return words.indices.count { $0 == 0 || words[$0] != words[$0 - 1] }
  }
}

extension Store {
  /// The shards of calls that a history holds.
  func callShards(of tip: ObjectID) throws(StoreError) -> [ObjectID] {
    try convert { () throws(GitError) in
      try repository.files(
        inTree: try repository.commit(tip).tree, under: RecordKind.calls.rawValue
      ).compactMap { ArtifactPath($0.path)?.kind == .calls ? $0.entry.id : nil }
    }
  }
}
