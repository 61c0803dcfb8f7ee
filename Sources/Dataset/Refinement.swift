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

  /// The drafts of one attempt, however many slots share its scenario.
  private struct Attempt: Hashable {
    let metaPrompt: RecordID
    let slot: Slot
    let number: Int

    init?(_ value: JSON) {
      guard let metaPrompt = value["meta-prompt"]?.string.flatMap(RecordID.init(hex:)),
        let slot = Slot(value["slot"]), let number = value["attempt"]?.int
      else { return nil }
      self.metaPrompt = metaPrompt
      self.slot = slot
      self.number = number
    }
  }

  /// The drafts that were written after one of some rejections was sent back, by kind.
  ///
  /// - Complexity: Each shard that has some of them is read a few times, however many there are.
  static func later(
    thanAny rejections: [LiveLinks.Found], _ links: inout LiveLinks
  ) throws -> [(kind: RecordKind, record: LiveLinks.Found)] {
    var sent: [Attempt: Set<RecordID>] = [:]
    try links.forEachRecord(.rejections, rejections) { record in
      let value = try record.value()
      guard isRefined(value), let attempt = Attempt(value) else { return }
      sent[attempt, default: []].insert(record.id)
    }
    let metaPrompts = Set(sent.keys.map(\.metaPrompt)).map { LinkKey(.metaPrompt, $0) }
    var drafts: [Attempt: [(kind: RecordKind, record: LiveLinks.Found, draft: UInt64?)]] = [:]
    for kind in [RecordKind.rejections, .samples] {
      let found = try links.find(kind, naming: metaPrompts)
      let byID = Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
      try links.forEachRecord(kind, found) { record in
        guard let attempt = Attempt(try record.value()), sent[attempt] != nil,
          let found = byID[record.id]
        else { return }
        let draft = kind == .samples ? record.id.digest.leadingWord : found.draft
        drafts[attempt, default: []].append((kind, found, draft))
      }
    }
    let words = drafts.values.flatMap { $0.compactMap(\.draft) }
    let verdicts = try links.find(
      .verdicts, naming: words.map { LinkKey(.sample, beginning: $0) })
    var rounds: [UInt64: Int] = [:]
    try links.forEachRecord(.verdicts, verdicts) { verdict in
      let value = try verdict.value()
      guard value["role"]?.string == role, let round = value["round"]?.int,
        let draft = value["sample"]?.string.flatMap(RecordID.init(hex:))
      else { return }
      let word = draft.digest.leadingWord
      rounds[word] = min(round, rounds[word] ?? .max)
    }
    // What nobody judged was the last.
    func round(_ draft: UInt64?) -> Int { draft.flatMap { rounds[$0] } ?? .max }
    return drafts.flatMap { attempt, all in
      let first = all.filter { sent[attempt]?.contains($0.record.id) == true }
        .map { round($0.draft) }.min()
      guard let first else { return [(kind: RecordKind, record: LiveLinks.Found)]() }
      return all.filter { round($0.draft) > first }
        .map { ($0.kind, $0.record) }
    }
  }

  /// Whether a rejection is of a draft that a better one followed.
  static func isRefined(_ rejection: JSON) -> Bool { rejection["reason"]?.string == reason }
}
