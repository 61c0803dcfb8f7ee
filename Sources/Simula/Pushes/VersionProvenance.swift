import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// Checks where the records come from that a commit adds to its parents: what they name must be in the version,
/// their calls in some history, and samples must have the verdicts that the recipe asks for.
///
/// What its parents have is taken as it is: each of them was checked, or is trusted.
struct VersionProvenance {
  var report: CheckReport
  /// How many records name calls that are here, but in no history that counts.
  private(set) var absentCallCount = 0
  /// Whether a call that is in no history is a problem.
  var needsCalls = false
  /// The texts of this version, or those that it was made with.
  private(set) var texts: JudgingTexts?
  /// Those that were looked at, by commit; nil for such as cannot be read.
  private var readTexts: [ObjectID: JudgingTexts?] = [:]

  private let version: Version
  let store: Store
  private let differences: [CommitDifference]
  let held: HeldShards
  private let pushed: RecordIndex
  private let calls: CallPresence
  private var verdicts = NeededVerdicts()
  /// What may be named, and is dead by this commit alone.
  private var killed = Set<RecordID>()
  /// What verdicts of this commit judge, and what those before may: samples that may be nowhere.
  var subjects = JudgedSubjects()
  /// Where records that this commit brings, or brings back, name dead ones.
  private var namingDead: [(kind: RecordKind, id: RecordID, member: String, target: RecordID)] = []

  /// The cause of answers that are nowhere.
  static let missingCall = "call"
  /// The kinds whose records always have a call.
  private static let called: Set<RecordKind> = [.metaPrompts, .samples, .verdicts]
  /// The kinds that others count on.
  private static let supporting: [RecordKind] = [.mixes, .metaPrompts, .verdicts, .tombstones]

  init(
    _ version: Version, _ differences: [CommitDifference], _ held: HeldShards,
    _ pushed: RecordIndex, calls: CallPresence, texts: JudgingTexts?, _ report: CheckReport
  ) {
    self.version = version
    store = version.store
    self.differences = differences
    self.held = held
    self.pushed = pushed
    self.calls = calls
    self.texts = texts
    self.report = report
  }

  mutating func check() throws(StoreError) {
    let isNameLost = try noteLost()
    for kind in RecordKind.versioned where kind != .imports {
      // What is gone may be named by any record.
      let isNaming = RecordReference.naming.contains(kind)
      let all = isNameLost && isNaming ? held.shards[kind] : added(kind)
      for shard in (all ?? []).sorted() { try check(shard, kind) }
    }
    try checkSubjects()
    for difference in differences { try noteTombstones(difference) }
    if version.commit.parents.isEmpty {
      // All that a history begins with is new.
      for shard in (held.shards[.tombstones] ?? []).sorted() {
        for tombstone in try Tombstone.all(inShard: shard, store.reader) {
          if case .removal(let record, _) = tombstone.content { try noteKilled(record) }
        }
      }
    }
    try checkKilled()
    try checkNamingDead()
    try checkVerdicts(in: added(.verdicts))
  }

  /// The shards that no parent has.
  private func added(_ kind: RecordKind) -> Set<ObjectID> {
    guard var added = differences.first.map({ $0.added[kind] ?? [] }) else {
      return held.shards[kind] ?? []
    }
    for difference in differences.dropFirst() {
      added.formIntersection(difference.added[kind] ?? [])
    }
    return added
  }

  // MARK: - References

  func isThere(_ id: RecordID, _ kind: RecordKind) throws(StoreError) -> Bool {
    try place(of: id, kind) != nil
  }

  private func place(of id: RecordID, _ kind: RecordKind) throws(StoreError) -> RecordLocation? {
    for index in [pushed, store.index] {
      for match in try index.find(kind, id) {
        if held.has(match.location.object, kind) { return match.location }
      }
    }
    return nil
  }

  /// Whether one of some parents has a record, which was looked at there.
  private func isInherited(
    _ id: RecordID, _ kind: RecordKind, _ differences: [CommitDifference]
  ) throws(StoreError) -> Bool {
    for index in [pushed, store.index] {
      for match in try index.find(kind, id) {
        let object = match.location.object
        if differences.contains(where: { held.had(object, kind, before: $0) }) { return true }
      }
    }
    return false
  }

  private mutating func check(_ shard: ObjectID, _ kind: RecordKind) throws(StoreError) {
    let content = try store.reader.artifact(shard)
    // A compaction moves records to other shards; else what is in new ones is new.
    let isRewritten = differences.contains { $0.lost[kind] != nil }
    let isAdded = differences.allSatisfy { $0.added[kind]?.contains(shard) == true }
    for range in try Shard.lineRanges(content) {
      let record = try Record(kind, line: Array(content[range]))
      let value = try record.value()
      // What is dead may name what a compaction dropped; where it returns it is looked at again.
      let isDead = held.isDead(record.id)
      var isNew = isAdded
      if isNew, isRewritten { isNew = try !isInherited(record.id, kind, differences) }
      if !isDead { try checkReferences(of: record, value, isNew: isNew) }
      guard isNew else { continue }
      try checkCall(of: record, value)
      if kind == .rejections { subjects.noteRejection(value) }
      if kind == .verdicts, !isDead { try noteSubject(of: record, value) }
      if kind == .samples, !isDead {
        try need(record.id, value, try ownTexts())
      }
    }
  }

  private mutating func checkReferences(
    of record: Record, _ value: JSON, isNew: Bool
  ) throws(StoreError) {
    for reference in RecordReference.all where reference.kind == record.kind {
      guard let text = value[reference.member]?.string else {
        guard reference.member != "from" else { continue }
        add(record, "it names no \(reference.member)", cause: "\(record.kind) \(reference.member)")
        continue
      }
      guard !text.isEmpty || record.kind == .samples || record.kind == .metaPrompts else {
        continue
      }
      if let id = RecordID(hex: text), try isThere(id, reference.target) {
        if isNew, held.isDead(id) {
          namingDead.append((record.kind, record.id, reference.member, id))
        }
        continue
      }
      add(
        record, "its \(reference.member) '\(text.prefix(12))' is not in the version",
        cause: "\(record.kind) \(reference.member)",
        hint: version.commit.parents.count > 1
          ? "one side has compacted it away: take the merge back, 'stemma merge' keeps what is needed"
          : "'stemma run' makes what is missing; 'git cherry-pick' alone takes only a part")
    }
  }

  private mutating func checkCall(of record: Record, _ value: JSON) throws(StoreError) {
    let text = value["call"]?.string
    guard let call = text.flatMap(RecordID.init(hex:)) else {
      guard Self.called.contains(record.kind) else { return }
      return add(record, "it names no call", cause: "\(record.kind) call")
    }
    guard try !calls.contains(call) else { return }
    guard needsCalls else {
      if try calls.isAnywhere(call) { absentCallCount += 1 }
      return
    }
    add(
      record, "its call '\(call.hex.prefix(12))' is nowhere: no history of calls has it",
      cause: Self.missingCall,
      hint: "'stemma push' sends the answers first; 'git push' alone does not")
  }

  mutating func add(
    _ record: Record, _ message: String, cause: String, hint: String? = nil
  ) {
    report.add(place(record.kind, record.id), message, cause: cause, hint: hint)
  }

  func place(_ kind: RecordKind, _ id: RecordID) -> String {
    place(kind == .samples ? "sample" : kind.rawValue, id)
  }

  private func place(_ name: String, _ id: RecordID) -> String {
    "\(name) \(id.hex.prefix(12)) in commit \(version.commit.id.hex.prefix(12))"
  }

  // MARK: - Verdicts

  private mutating func ownTexts() throws(StoreError) -> JudgingTexts {
    if let known = readTexts[version.commit.id], let known { return known }
    let read = try JudgingTexts(version, like: texts)
    texts = read
    readTexts[version.commit.id] = read
    return read
  }

  /// Those by which samples do without verdicts; broken ones of a parent do not matter.
  private mutating func texts(of judge: CommitDifference) throws(StoreError) -> JudgingTexts {
    let id = judge.parent.commit.id
    let read = readTexts[id] ?? (try? JudgingTexts(judge.parent, like: texts))
    readTexts[id] = .some(read)
    if let read { return read }
    return try ownTexts()
  }

  private mutating func need(
    _ sample: RecordID, _ value: JSON, _ texts: JudgingTexts
  ) throws(StoreError) {
    var strategy: String?
    if texts.dependOnStrategy {
      let prompt = try line(value["meta-prompt"], .metaPrompts)
      strategy = try line(prompt?["mix"], .mixes)?["strategy"]?.string
    }
    verdicts.need(sample, value, texts, strategy: strategy)
  }

  private func line(_ id: JSON?, _ kind: RecordKind) throws(StoreError) -> JSON? {
    guard let id = id?.string.flatMap(RecordID.init(hex:)), let place = try place(of: id, kind)
    else { return nil }
    return try version.record(kind, place).value()
  }

  /// Notes what shards that are no longer there held; says whether records may name some of it.
  private mutating func noteLost() throws(StoreError) -> Bool {
    var isNameLost = false
    for difference in differences {
      for kind in Self.supporting {
        for shard in (difference.lost[kind] ?? []).sorted() where !held.has(shard, kind) {
          if try noteLost(shard, kind) { isNameLost = true }
        }
      }
      for kind in [RecordKind.samples, .rejections] {
        for shard in (difference.lost[kind] ?? []).sorted() where !held.has(shard, kind) {
          try noteLostSubjects(shard, kind)
        }
      }
    }
    return isNameLost
  }

  private mutating func noteLost(
    _ shard: ObjectID, _ kind: RecordKind
  ) throws(StoreError) -> Bool {
    var ids = try pushed.recordIDs(ofShard: shard, kind)
    if ids == nil { ids = try store.index.recordIDs(ofShard: shard, kind) }
    guard let ids else {
      throw StoreError(.corrupt, "a shard of \(kind.rawValue) that it removes is not known")
    }
    for (row, id) in ids.enumerated() where try !isThere(id, kind) {
      guard kind == .verdicts || kind == .tombstones else { return true }
      let value = try version.record(kind, RecordLocation(object: shard, row: row)).value()
      if kind == .verdicts {
        try noteNeed(of: value["sample"]?.string)
      } else if let record = value["record"]?.string, RecordID(hex: record) != nil {
        try noteReturn(of: record)
      } else if let removal = value["revives"]?.string.flatMap(RecordID.init(hex:)) {
        try noteLostRevival(id, of: removal)
      }
    }
    return false
  }

  /// What a removal names is removed again, where nothing revives it any more.
  private mutating func noteLostRevival(
    _ revival: RecordID, of removal: RecordID
  ) throws(StoreError) {
    guard let place = try place(of: removal, .tombstones),
      let record = try version.record(.tombstones, place).value()["record"]?.string
        .flatMap(RecordID.init(hex:))
    else { return }
    // A parent may have the removal and never had the revival.
    var judge: CommitDifference?
    for difference in differences
    where judge == nil && held.had(place.object, .tombstones, before: difference) {
      if try !isInherited(revival, .tombstones, [difference]) { judge = difference }
    }
    if judge == nil { try noteKilled(record) }
    guard held.isDead(record), let verdict = try self.place(of: record, .verdicts) else { return }
    try noteNeed(of: try version.record(.verdicts, verdict).value()["sample"]?.string, judge)
  }

  // MARK: - What may be named

  /// Notes what a new removal makes dead, if it may be named.
  ///
  /// Where parents differ about it, as when branches meet, the next run makes up for the difference.
  private mutating func noteKilled(_ record: RecordID) throws(StoreError) {
    guard held.isDead(record) else { return }
    for kind in RecordReference.named where try isThere(record, kind) {
      var having = 0
      for difference in differences where try isInherited(record, kind, [difference]) {
        having += 1
      }
      if having == 0 || having == differences.count { killed.insert(record) }
    }
  }

  private mutating func checkKilled() throws(StoreError) {
    guard !killed.isEmpty else { return }
    for kind in RecordReference.naming {
      var found: [(Record, member: String, RecordID)] = []
      try store.reader.forEachRecord(
        kind, in: (held.shards[kind] ?? []).sorted(), naming: killed
      ) { record, names in
        guard !held.isDead(record.id) else { return }
        found += names.map { (record, $0.reference.member, $0.id) }
      }
      for (record, member, id) in found {
        add(
          record, "its \(member) '\(id.hex.prefix(12))' is removed by this commit",
          cause: "removed \(member)",
          hint: "what names it must be removed with it: 'stemma run' removes both")
      }
    }
  }

  /// Tells of what builds on what was dead before this commit.
  ///
  /// Only where branches meet may that be, for one side may not have known what the other one removed: the
  /// next run makes up for it.
  private mutating func checkNamingDead() throws(StoreError) {
    let found = namingDead.filter { !killed.contains($0.target) }
    guard !found.isEmpty, !differences.isEmpty, try !isMeeting else { return }
    for (kind, id, member, target) in found {
      report.add(
        place(kind, id),
        "its \(member) '\(target.hex.prefix(12))' was removed by an earlier version",
        cause: "dead \(member)",
        hint:
          "'stemma run' removes what names it, or brings it back; 'git cherry-pick' does neither")
    }
  }

  /// Whether branches meet here: a parent that another one follows from is no branch of its own.
  private var isMeeting: Bool {
    get throws(StoreError) {
      let parents = Set(version.commit.parents)
      guard parents.count > 1 else { return false }
      for parent in parents {
        let own = try convert { () throws(GitError) in
          try store.repository.newCommits(
            from: [parent], notIn: Array(parents.subtracting([parent])))
        }
        if own.isEmpty { return false }
      }
      return true
    }
  }

  /// Notes the samples whose verdicts tombstones remove that a parent lacks, and what revivals bring back.
  private mutating func noteTombstones(_ difference: CommitDifference) throws(StoreError) {
    var removed: [(location: RecordLocation, judge: CommitDifference?)] = []
    let isRewritten = difference.lost[.tombstones] != nil
    for shard in (difference.added[.tombstones] ?? []).sorted() {
      // Where another parent has it, its samples do without the verdict by the texts there.
      let judge = differences.first { held.had(shard, .tombstones, before: $0) }
      for tombstone in try Tombstone.all(inShard: shard, store.reader) {
        if isRewritten, try isInherited(tombstone.id, .tombstones, [difference]) { continue }
        switch tombstone.content {
        case .removal(let record, _):
          if judge == nil { try noteKilled(record) }
          guard held.isDead(record), let place = try place(of: record, .verdicts) else { continue }
          removed.append((place, judge))
        case .revival(let removal):
          guard let place = try place(of: removal, .tombstones) else { continue }
          let value = try version.record(.tombstones, place).value()
          try noteReturn(of: value["record"]?.string, judge)
        }
      }
    }
    // Row by row, so that each shard is decompressed once.
    removed.sort {
      ($0.location.object, $0.location.row) < ($1.location.object, $1.location.row)
    }
    for (location, judge) in removed {
      let value = try version.record(.verdicts, location).value()
      try noteNeed(of: value["sample"]?.string, judge)
    }
  }

  /// Looks at a record that is live again, if it is one that names others.
  private mutating func noteReturn(
    of id: String?, _ judge: CommitDifference? = nil
  ) throws(StoreError) {
    guard let record = id.flatMap(RecordID.init(hex:)), !held.isDead(record) else { return }
    for kind in RecordReference.naming {
      guard let place = try place(of: record, kind) else { continue }
      let record = try version.record(kind, place)
      try checkReferences(of: record, try record.value(), isNew: true)
    }
    try noteNeed(of: id, judge)
  }

  /// Notes a sample, if the record is one that is live; the texts of a parent count if it has the sample.
  private mutating func noteNeed(
    of id: String?, _ judge: CommitDifference? = nil
  ) throws(StoreError) {
    guard let sample = id.flatMap(RecordID.init(hex:)), !held.isDead(sample),
      !verdicts.isNeeded(of: sample), let place = try place(of: sample, .samples)
    else { return }
    let value = try version.record(.samples, place).value()
    if let judge, try isInherited(sample, .samples, [judge]) {
      return try need(sample, value, try texts(of: judge))
    }
    try need(sample, value, try ownTexts())
  }

  private mutating func checkVerdicts(in new: Set<ObjectID>) throws(StoreError) {
    // The verdicts of a sample mostly come with it.
    for isNew in [true, false] where !verdicts.isSatisfied {
      for shard in (held.shards[.verdicts] ?? []).sorted() where new.contains(shard) == isNew {
        if verdicts.isSatisfied { break }
        let content = try store.reader.artifact(shard)
        for range in try Shard.lineRanges(content) where !verdicts.isSatisfied {
          let record = try Record(.verdicts, line: Array(content[range]))
          if !held.isDead(record.id) { verdicts.note(try record.value()) }
        }
      }
    }
    for (sample, roles) in verdicts.missing {
      report.add(
        place("sample", sample),
        "it has no accepting verdict of \(roles.joined(separator: " and "))",
        cause: "verdicts", hint: "'stemma run' judges what the recipe's critics did not")
    }
  }
}
