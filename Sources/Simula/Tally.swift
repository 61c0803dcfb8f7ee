import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Synchronization

/// Takes settled slots into a version and counts what was not accepted.
final class Tally: Sendable {
  private let kinds: Set<RecordKind>
  private let writer: VersionWriter
  private struct Counts {
    var rejections: [Rejection: Int] = [:]
    /// Nil once something was kept: nobody asks any more, and a model may find ever other words.
    var causes: [String: Int]? = [:]
    var samples: [NodeID: Int] = [:]
  }
  private let counts = Mutex(Counts())

  /// Starts with how many were rejected before, where slots stay as they are.
  init(
    kinds: Set<RecordKind>, writer: VersionWriter, rejections: [Rejection: Int] = [:]
  ) {
    self.kinds = kinds
    self.writer = writer
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

  /// Takes all that a slot came to; the last outcome is the one that is kept, if any is.
  func settle(_ trails: [SlotOutcome<SlotTrail>], isKept: Bool) throws {
    if isKept, let mix = trails.last?.value.mix {
      counts.withLock { counts in
        counts.causes = nil
        for node in mix.nodes { counts.samples[node, default: 0] += 1 }
      }
    }
    for outcome in trails {
      for record in try records(of: outcome.value) { try keep(record) }
    }
  }

  /// Takes out what the last run had in a slot.
  ///
  /// - Throws: ``SimulaError`` with code `history` when that is not what the version holds.
  func drop(_ former: [SlotTrail]) throws {
    for record in try former.flatMap(records) where kinds.contains(record.kind) {
      guard try writer.drop(record) else { throw SimulaError.damagedHistory }
      guard let (reason, _) = try cause(of: record) else { continue }
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

  private func keep(_ record: Record) throws {
    guard kinds.contains(record.kind) else { return }
    try writer.keep(record)
    guard let (reason, detail) = try cause(of: record) else { return }
    counts.withLock { counts in
      counts.rejections[reason, default: 0] += 1
      if reason != .refined {
        counts.causes?["\(reason.rawValue): \(detail.prefix(120))", default: 0] += 1
      }
    }
  }

  /// Why something was rejected; nil for other records.
  private func cause(of record: Record) throws -> (reason: Rejection, detail: String)? {
    guard record.kind == .rejections else { return nil }
    let value = try record.value()
    return value["reason"]?.string.flatMap(Rejection.init(rawValue:))
      .map { ($0, value["detail"]?.string ?? "") }
  }
}
