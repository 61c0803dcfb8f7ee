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
    var causes: [String: Int] = [:]
    var samples: [NodeID: Int] = [:]
  }
  private let counts = Mutex(Counts())

  init(kinds: Set<RecordKind>, writer: VersionWriter) {
    self.kinds = kinds
    self.writer = writer
  }

  var rejections: [Rejection: Int] { counts.withLock { $0.rejections } }

  /// How many kept samples each node that mixes name has.
  var samplesByNode: [NodeID: Int] { counts.withLock { $0.samples } }

  /// The commonest causes of rejections in words.
  var causes: String {
    let causes = counts.withLock { $0.causes }
    let common = causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
    return common.map { "\($0.key) (\($0.value)x)" }.joined(separator: "; ")
  }

  /// Takes all that a slot came to; the last outcome is the one that is kept, if any is.
  func settle(_ trails: [SlotOutcome<SlotTrail>], isKept: Bool) throws {
    if isKept, let mix = trails.last?.value.mix {
      counts.withLock { counts in
        for node in mix.nodes { counts.samples[node, default: 0] += 1 }
      }
    }
    for outcome in trails {
      let trail = outcome.value
      for record in trail.records {
        if let refusal = trail.refusal, record.id == trail.sample?.id {
          try keep(try rejection(of: record, refusal))
        } else {
          try keep(record)
        }
      }
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
    guard record.kind == .rejections else { return }
    let value = try record.value()
    guard let reason = value["reason"]?.string.flatMap(Rejection.init(rawValue:)) else { return }
    let detail = value["detail"]?.string ?? ""
    counts.withLock { counts in
      counts.rejections[reason, default: 0] += 1
      if reason != .refined {
        counts.causes["\(reason.rawValue): \(detail.prefix(120))", default: 0] += 1
      }
    }
  }
}
