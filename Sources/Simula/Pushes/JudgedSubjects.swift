import ArtifactStore
import CanonicalJSON
import Git

/// What verdicts judge: a sample of the version, or a draft that a rejection of it tells of.
struct JudgedSubjects {
  /// The drafts that new rejections tell of.
  private var rejected = Set<RecordID>()
  /// The verdicts on samples that are nowhere so far, by these.
  private(set) var open: [RecordID: [RecordID]] = [:]
  /// The samples and drafts of shards that are no longer there.
  private(set) var lost = Set<RecordID>()

  static func subject(of value: JSON) -> RecordID? {
    value["sample"]?.string.flatMap(RecordID.init(hex:))
  }

  mutating func noteRejection(_ value: JSON) {
    if let subject = Self.subject(of: value) { rejected.insert(subject) }
  }

  mutating func noteLost(_ subject: RecordID) { lost.insert(subject) }

  /// Notes a verdict on what is no sample of the version.
  mutating func note(verdict: RecordID, on subject: RecordID) {
    if !rejected.contains(subject) { open[subject, default: []].append(verdict) }
  }

  /// Whether all is somewhere.
  var isSettled: Bool { open.isEmpty && lost.isEmpty }

  /// Takes out what a rejection of the version tells of.
  mutating func settle(_ subject: RecordID) {
    open[subject] = nil
    lost.remove(subject)
  }
}

extension VersionProvenance {
  /// Tells of verdicts on samples that are nowhere, or no longer anywhere.
  ///
  /// A dead sample is there: where branches meet, one side may have removed what the other one judged.
  mutating func checkSubjects() throws(StoreError) {
    try forEachHeld(.rejections, while: { !$0.subjects.isSettled }) { (check, record, value) in
      if let subject = JudgedSubjects.subject(of: value) { check.subjects.settle(subject) }
    }
    for (subject, verdicts) in subjects.open.sorted(by: { $0.key < $1.key }) {
      for verdict in verdicts { addNowhere(verdict, subject) }
    }
    try forEachHeld(.verdicts, while: { !$0.subjects.lost.isEmpty }) { (check, record, value) in
      guard let subject = JudgedSubjects.subject(of: value),
        check.subjects.lost.contains(subject), check.subjects.open[subject] == nil,
        !check.held.isDead(record)
      else { return }
      check.addNowhere(record, subject)
    }
  }

  private mutating func addNowhere(_ verdict: RecordID, _ subject: RecordID) {
    report.add(
      place(.verdicts, verdict),
      "its sample '\(subject.hex.prefix(12))' is not in the version, nor a rejection that tells of it",
      cause: "verdicts sample",
      hint: "what judges a sample must be removed with it: 'stemma run' removes both")
  }

  /// Visits the records of all shards of a kind, live or not.
  private mutating func forEachHeld(
    _ kind: RecordKind, while isWanted: (borrowing VersionProvenance) -> Bool,
    _ body: (inout VersionProvenance, RecordID, JSON) -> Void
  ) throws(StoreError) {
    for shard in (held.shards[kind] ?? []).sorted() where isWanted(self) {
      let content = try store.reader.artifact(shard)
      for range in try Shard.lineRanges(content) {
        let record = try Record(kind, line: Array(content[range]))
        body(&self, record.id, try record.value())
      }
    }
  }

  /// Notes a new verdict on what is no sample of the version.
  mutating func noteSubject(of verdict: Record, _ value: JSON) throws(StoreError) {
    guard let subject = JudgedSubjects.subject(of: value) else {
      return add(verdict, "it names no sample", cause: "verdicts sample")
    }
    if try !isThere(subject, .samples) { subjects.note(verdict: verdict.id, on: subject) }
  }

  /// Notes what a shard that is no longer there held, or told of, that verdicts may judge.
  mutating func noteLostSubjects(_ shard: ObjectID, _ kind: RecordKind) throws(StoreError) {
    let content = try store.reader.artifact(shard)
    for range in try Shard.lineRanges(content) {
      let record = try Record(kind, line: Array(content[range]))
      let subject =
        kind == .samples ? record.id : JudgedSubjects.subject(of: try record.value())
      guard let subject, try !isThere(subject, .samples) else { continue }
      subjects.noteLost(subject)
    }
  }
}
