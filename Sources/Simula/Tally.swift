import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Synchronization

/// Takes settled slots into a version, or compares them with one, and counts what was not accepted.
final class Tally: Sendable {
  private let kinds: Set<RecordKind>
  private let sink: any RecordSink
  private struct Counts {
    var rejections: [Rejection: Int] = [:]
    /// Nil once something was kept: nobody asks any more, and a model may find ever other words.
    var causes: [String: Int]? = [:]
    var samples: [NodeID: Int] = [:]
    var records = SlotRecords()
  }
  private let counts = Mutex(Counts())

  /// Starts with how many were rejected before, where slots stay as they are.
  init(
    kinds: Set<RecordKind>, into sink: any RecordSink, rejections: [Rejection: Int] = [:]
  ) {
    self.kinds = kinds
    self.sink = sink
    counts.withLock { $0.rejections = rejections }
  }

  var rejections: [Rejection: Int] { counts.withLock { $0.rejections } }

  /// How many kept samples each node that mixes name has.
  var samplesByNode: [NodeID: Int] { counts.withLock { $0.samples } }

  /// The commonest causes of rejections in words.
  var causes: String {
    let causes = counts.withLock { $0.causes } ?? [:]
    let common = causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
    return common.map { "\($0.key) (\($0.value)x)" }.joined(separator: "; ")
  }

  /// The records of the slots that were settled with work.
  var slotRecords: SlotRecords { counts.withLock { $0.records } }

  /// Takes all that a slot came to; the last outcome is the one that is kept, if any is.
  ///
  /// - Parameters:
  ///   - trails: What the slot came to, try by try.
  ///   - isKept: Whether the last one is kept.
  ///   - slot: Its number, for the next run; nil where none is remembered.
  /// - Throws: What keeping records throws.
  func settle(_ trails: [SlotOutcome<SlotTrail>], isKept: Bool, slot: Int?) throws {
    if isKept { count(trails) }
    var entries: [SlotRecords.Entry] = []
    for outcome in trails {
      for record in try records(of: outcome.value) {
        let reason = try keep(record)
        entries.append(
          SlotRecords.Entry(
            kind: record.kind, word: record.id.digest.leadingWord, rejection: reason))
      }
    }
    if let slot { counts.withLock { $0.records.append(entries, of: slot) } }
  }

  /// Counts the sample that a slot came to.
  func count(_ trails: [SlotOutcome<SlotTrail>]) {
    guard let mix = trails.last?.value.mix else { return }
    counts.withLock { counts in
      counts.causes = nil
      for node in mix.nodes { counts.samples[node, default: 0] += 1 }
    }
  }

  /// Takes out what the last run had in a slot.
  ///
  /// - Parameters:
  ///   - former: Its records.
  ///   - gone: The beginnings of the ids of records that were taken out before.
  /// - Throws: ``SimulaError`` with code `history` when that is not what the version holds.
  func drop(_ former: [SlotRecords.Entry], except gone: Set<UInt64>) throws {
    for entry in former where kinds.contains(entry.kind) {
      guard try sink.drop(entry.kind, idWord: entry.word) || gone.contains(entry.word) else {
        throw SimulaError.damagedHistory
      }
      guard let reason = entry.rejection else { continue }
      counts.withLock { counts in
        let rest = (counts.rejections[reason] ?? 0) - 1
        counts.rejections[reason] = rest > 0 ? rest : nil
      }
    }
  }

  /// The records of a trail; a sample that was refused is a rejection.
  private func records(of trail: SlotTrail) throws -> [Record] {
    try trail.records.map { record in
      guard let refusal = trail.refusal, record.id == trail.sample?.id else { return record }
      return try rejection(of: record, refusal)
    }
  }

  /// The rejection of a sample that the critics accepted.
  private func rejection(of sample: Record, _ refusal: Duplicates.Refusal) throws -> Record {
    let value = try sample.value()
    return Record(
      .rejections,
      [
        "attempt": value["attempt"] ?? 0, "call": value["call"] ?? "",
        "detail": .string(refusal.detail),
        "meta-prompt": value["meta-prompt"] ?? "",
        "reason": .string(refusal.reason.rawValue), "sample": .string(sample.id.hex),
        "slot": value["slot"] ?? 0, "value": value["value"] ?? .null,
      ])
  }

  /// Takes a record into the version, and says why what it tells of was rejected, if it was.
  private func keep(_ record: Record) throws -> Rejection? {
    guard kinds.contains(record.kind) else { return nil }
    try sink.keep(record)
    guard let (reason, detail) = try cause(of: record) else { return nil }
    counts.withLock { counts in
      counts.rejections[reason, default: 0] += 1
      if reason != .refined {
        counts.causes?["\(reason.rawValue): \(detail.prefix(120))", default: 0] += 1
      }
    }
    return reason
  }

  /// Why something was rejected; nil for other records.
  private func cause(of record: Record) throws -> (reason: Rejection, detail: String)? {
    guard record.kind == .rejections else { return nil }
    let value = try record.value()
    return value["reason"]?.string.flatMap(Rejection.init(rawValue:))
      .map { ($0, value["detail"]?.string ?? "") }
  }
}
