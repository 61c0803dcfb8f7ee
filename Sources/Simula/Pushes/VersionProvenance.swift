import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// Checks where the new records of a version come from: what they name must be in the version, their calls
/// in some history, and samples must have the verdicts that the recipe asks for.
struct VersionProvenance {
  private(set) var report: CheckReport
  /// How many records name calls that are here, but in no history that counts.
  private(set) var absentCallCount = 0
  /// Whether a call that is in no history is a problem.
  var needsCalls = false

  private let version: Version
  private let store: Store
  private let pushed: RecordIndex
  private let calls: CallPresence
  private let bases: [Version]
  private let shards: [RecordKind: Set<ObjectID>]
  private let dead: [RecordID: [RecordID]]
  private var verdicts: NeededVerdicts

  private static let references: [(kind: RecordKind, member: String, to: RecordKind)] = [
    (.metaPrompts, "mix", .mixes), (.metaPrompts, "from", .metaPrompts),
    (.samples, "meta-prompt", .metaPrompts), (.rejections, "meta-prompt", .metaPrompts),
  ]
  /// The kinds whose records always have a call.
  private static let called: Set<RecordKind> = [.metaPrompts, .samples, .verdicts]

  init(
    _ version: Version, on bases: [Version], _ pushed: RecordIndex, calls: CallPresence,
    origins: SampleOrigins, _ report: CheckReport
  ) throws(StoreError) {
    self.version = version
    store = version.store
    self.bases = bases
    self.pushed = pushed
    self.calls = calls
    self.report = report
    var shards: [RecordKind: Set<ObjectID>] = [:]
    for kind in RecordKind.versioned + [.tombstones] {
      shards[kind] = Set(try version.shards(kind).map(\.object))
    }
    self.shards = shards
    dead = try version.tombstones()
    verdicts = NeededVerdicts(version, origins)
  }

  mutating func check() throws(StoreError) {
    guard try !isFormerTree() else { return }
    var new = shards
    var lost: [ShardPlace] = []
    for base in bases {
      var added: [RecordKind: Set<ObjectID>] = [:]
      for change in try changes(from: base) {
        guard let kind = ArtifactPath(change.path)?.kind else { continue }
        if let entry = change.new { added[kind, default: []].insert(entry.id) }
        if let entry = change.old, shards[kind]?.contains(entry.id) == false {
          lost.append(ShardPlace(object: entry.id, kind: kind))
        }
      }
      for kind in new.keys { new[kind]?.formIntersection(added[kind] ?? []) }
    }
    let isNameLost = try noteLost(lost)
    for kind in RecordKind.versioned where kind != .imports {
      // What is gone may be named by any record.
      let isNaming = Self.references.contains { $0.kind == kind }
      let all = isNameLost && isNaming ? shards[kind] : new[kind]
      for shard in (all ?? []).sorted() { try check(shard, kind) }
    }
    try noteRemovedVerdicts()
    try noteReturnedSamples()
    try checkVerdicts(in: new[.verdicts] ?? [])
  }

  private func changes(from base: Version) throws(StoreError) -> [PathChange] {
    do throws(GitError) {
      return try store.repository.changes(from: base.tree, to: version.tree)
    } catch {
      throw StoreError(error)
    }
  }

  /// Whether the version is one again that was there before, as after a rollback.
  private func isFormerTree() throws(StoreError) -> Bool {
    do throws(GitError) {
      let former = try store.repository.history(from: bases.map(\.commit.id), limit: 1000)
      return former.contains { $0.tree == version.tree }
    } catch {
      throw StoreError(error)
    }
  }

  // MARK: - References

  private func isThere(_ id: RecordID, _ kind: RecordKind) throws(StoreError) -> Bool {
    try place(of: id, kind) != nil
  }

  private func place(of id: RecordID, _ kind: RecordKind) throws(StoreError) -> RecordLocation? {
    for index in [pushed, store.index] {
      for match in try index.find(id) where match.kind == kind {
        if shards[kind]?.contains(match.location.object) == true { return match.location }
      }
    }
    return nil
  }

  private mutating func check(_ shard: ObjectID, _ kind: RecordKind) throws(StoreError) {
    let content = try store.reader.artifact(shard)
    for range in try Shard.lineRanges(content) {
      let record = try Record(kind, line: Array(content[range]))
      let value = try record.value()
      for reference in Self.references where reference.kind == kind {
        guard let text = value[reference.member]?.string else {
          guard reference.member != "from" else { continue }
          report.add(
            place(record), "it names no \(reference.member)", cause: "\(kind) \(reference.member)")
          continue
        }
        guard !text.isEmpty || kind == .samples || kind == .metaPrompts else { continue }
        if let id = RecordID(hex: text), try isThere(id, reference.to) { continue }
        report.add(
          place(record), "its \(reference.member) '\(text.prefix(12))' is not in the version",
          cause: "\(kind) \(reference.member)",
          hint: "'stemma run' makes what is missing; 'git cherry-pick' alone takes only a part")
      }
      try checkCall(of: record, value)
      guard kind == .samples, dead[record.id] == nil else { continue }
      if let origin = verdicts.origin(of: record.id) { try need(record.id, value, origin) }
    }
  }

  private mutating func checkCall(of record: Record, _ value: JSON) throws(StoreError) {
    let text = value["call"]?.string
    guard let call = text.flatMap(RecordID.init(hex:)) else {
      guard Self.called.contains(record.kind) else { return }
      return report.add(place(record), "it names no call", cause: "\(record.kind) call")
    }
    guard try !calls.contains(call) else { return }
    guard needsCalls else {
      if try calls.isAnywhere(call) { absentCallCount += 1 }
      return
    }
    report.add(
      place(record), "its call '\(call.hex.prefix(12))' is nowhere: no history of calls has it",
      cause: "call", hint: "'stemma push' sends the answers first; 'git push' alone does not")
  }

  private func place(_ record: Record) -> String {
    let name = record.kind == .samples ? "sample" : "\(record.kind.rawValue)"
    return "\(name) \(record.id.hex.prefix(12))"
  }

  // MARK: - Verdicts

  private mutating func need(
    _ sample: RecordID, _ value: JSON, _ origin: Int
  ) throws(StoreError) {
    var strategy: String?
    if try verdicts.dependsOnStrategy(origin) {
      let prompt = try line(value["meta-prompt"], .metaPrompts)
      strategy = try line(prompt?["mix"], .mixes)?["strategy"]?.string
    }
    try verdicts.need(sample, value, origin: origin, strategy: strategy)
  }

  private func line(_ id: JSON?, _ kind: RecordKind) throws(StoreError) -> JSON? {
    guard let id = id?.string.flatMap(RecordID.init(hex:)), let place = try place(of: id, kind)
    else { return nil }
    return try version.record(kind, place).value()
  }

  /// Notes what shards that are no longer there held; says whether records may name some of it.
  private mutating func noteLost(_ places: [ShardPlace]) throws(StoreError) -> Bool {
    var isNameLost = false
    for place in places {
      guard [.mixes, .metaPrompts, .verdicts, .tombstones].contains(place.kind),
        let ids = try store.index.recordIDs(ofShard: place.object, place.kind)
      else { continue }
      for (row, id) in ids.enumerated() where try !isThere(id, place.kind) {
        let location = RecordLocation(object: place.object, row: row)
        if place.kind == .verdicts {
          try noteRemoved(location, origin: verdicts.present)
        } else if place.kind == .tombstones {
          // What it removed is live again.
          let value = try version.record(.tombstones, location).value()
          if let id = value["record"]?.string.flatMap(RecordID.init(hex:)) {
            try noteNeed(of: id, verdicts.present)
          }
        } else {
          isNameLost = true
        }
      }
    }
    return isNameLost
  }

  /// Notes the samples whose verdicts new tombstones remove.
  private mutating func noteRemovedVerdicts() throws(StoreError) {
    var removed: [(location: RecordLocation, origin: Int)] = []
    for (id, origin) in verdicts.removed where dead[id] != nil {
      if let location = try place(of: id, .verdicts) { removed.append((location, origin)) }
    }
    // Row by row, so that each shard is decompressed once.
    removed.sort {
      ($0.location.object, $0.location.row) < ($1.location.object, $1.location.row)
    }
    for (location, origin) in removed { try noteRemoved(location, origin: origin) }
  }

  /// Notes the samples that revivals bring back: their verdicts must be there again.
  private mutating func noteReturnedSamples() throws(StoreError) {
    for (tombstone, origin) in verdicts.revoked {
      guard let place = try place(of: tombstone, .tombstones),
        let id = try version.record(.tombstones, place).value()["record"]?.string
          .flatMap(RecordID.init(hex:))
      else { continue }
      try noteNeed(of: id, origin)
    }
  }

  private mutating func noteRemoved(
    _ verdict: RecordLocation, origin: Int
  ) throws(StoreError) {
    let value = try version.record(.verdicts, verdict).value()
    guard let sample = value["sample"]?.string.flatMap(RecordID.init(hex:)) else { return }
    try noteNeed(of: sample, origin)
  }

  /// Notes a sample, if the record is one that is live.
  private mutating func noteNeed(of sample: RecordID, _ origin: Int) throws(StoreError) {
    guard dead[sample] == nil, !verdicts.isNeeded(of: sample),
      let place = try place(of: sample, .samples)
    else { return }
    try need(sample, try version.record(.samples, place).value(), origin)
  }

  private mutating func checkVerdicts(in new: Set<ObjectID>) throws(StoreError) {
    // The verdicts of a sample mostly come with it.
    for isNew in [true, false] where !verdicts.isSatisfied {
      for shard in (shards[.verdicts] ?? []).sorted() where new.contains(shard) == isNew {
        let content = try store.reader.artifact(shard)
        for range in try Shard.lineRanges(content) where !verdicts.isSatisfied {
          let record = try Record(.verdicts, line: Array(content[range]))
          if dead[record.id] == nil { verdicts.note(try record.value()) }
        }
      }
    }
    for (sample, roles) in verdicts.missing {
      report.add(
        "sample \(sample.hex.prefix(12))",
        "it has no accepting verdict of \(roles.joined(separator: " and "))",
        cause: "verdicts", hint: "'stemma run' judges what the recipe's critics did not")
    }
  }
}
