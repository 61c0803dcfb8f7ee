import ArtifactStore
import CanonicalJSON

/// The drafts of one attempt: each but the last was sent back by the requirement critic, and the next one
/// was written from it and the objection.
enum Refinement {
  /// The role of the critic that sends drafts back.
  private static let role = "judge-requirements"
  private static let reason = "refined"

  /// A draft of an attempt with the verdicts on it.
  struct Draft {
    /// The kept sample, or the rejection.
    let record: Record
    let verdicts: [Record]
    /// How many drafts came before it; those that nobody judged are the last.
    let round: Int
  }

  /// The drafts of the attempt that a sample or a rejection belongs to, in their order.
  static func drafts(
    withRecord record: Record, _ links: inout LiveLinks
  ) throws -> [Draft] {
    let value = try record.value()
    guard let text = value["meta-prompt"]?.string, let metaPrompt = RecordID(hex: text) else {
      return []
    }
    var drafts: [Draft] = []
    for kind in [RecordKind.rejections, .samples] {
      for other in try links.records(kind, naming: LinkKey(.metaPrompt, metaPrompt)) {
        let draft = try other.value()
        // Slots may share a scenario.
        guard draft["meta-prompt"] == value["meta-prompt"], draft["slot"] == value["slot"],
          draft["attempt"] == value["attempt"]
        else { continue }
        let verdicts = try verdicts(on: other, &links)
        let rounds = try verdicts.compactMap { verdict in
          let value = try verdict.value()
          return value["role"]?.string == role ? value["round"]?.int : nil
        }
        drafts.append(Draft(record: other, verdicts: verdicts, round: rounds.min() ?? .max))
      }
    }
    return drafts.sorted { ($0.round, $0.record.id) < ($1.round, $1.record.id) }
  }

  /// The live verdicts on a sample, or on the draft of a rejection.
  static func verdicts(on record: Record, _ links: inout LiveLinks) throws -> [Record] {
    let text = record.kind == .samples ? record.id.hex : try record.value()["sample"]?.string ?? ""
    guard let id = RecordID(hex: text) else { return [] }
    return try links.records(.verdicts, naming: LinkKey(.sample, id)).filter {
      try $0.value()["sample"]?.string == text
    }
  }

  /// The records of the drafts that were written after one was sent back.
  static func later(
    than rejection: Record, in version: Version, _ links: inout LiveLinks
  ) throws -> [Record] {
    guard try rejection.value()["reason"]?.string == reason else { return [] }
    let drafts = try drafts(withRecord: rejection, &links)
    guard let place = drafts.first(where: { $0.record.id == rejection.id })?.round else {
      return []
    }
    return drafts.filter { $0.round > place }.map(\.record)
  }

  /// Whether a rejection is of a draft that a better one followed.
  static func isRefined(_ rejection: JSON) -> Bool { rejection["reason"]?.string == reason }
}
