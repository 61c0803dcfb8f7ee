package import ArtifactStore
import CanonicalJSON

/// Drafts on which two versions decide differently.
package struct VerdictFlips: Sendable, Hashable {
  /// Drafts that were kept and are rejected now.
  package private(set) var rejected = 0
  /// Drafts that were rejected and are kept now.
  package private(set) var accepted = 0
  /// Judgements of one critic on one draft that have another outcome now.
  package private(set) var outcomes = 0

  /// All of them: drafts that changed sides by their ids, then judgements.
  package private(set) var all: [Flip] = []

  package var isEmpty: Bool { rejected + accepted + outcomes == 0 }

  /// One draft on which the versions decide differently.
  package struct Flip: Sendable, Hashable {
    package enum Change: String, Sendable { case rejected, accepted, outcome }
    package let change: Change
    /// The id that the draft has, or would have, among samples.
    package let draft: String
    /// The critic whose outcome differs; nil where the decision as a whole does.
    package let role: String?
    /// The outcome or the reason of the rejection; nil in the version that keeps the draft.
    package let old: String?
    package let new: String?
  }

  /// A judgement but for its outcome and its words.
  private struct Question: Hashable {
    let sample, role: String
    let round: Int
  }

  /// Looks through what two versions do not share.
  ///
  /// - Parameters:
  ///   - kinds: The changes of all kinds.
  ///   - old: The older version.
  ///   - new: The newer version.
  /// - Throws: ``StoreError`` when a record cannot be read.
  package init(
    _ kinds: [RecordChanges], from old: Version, to new: Version
  ) throws(StoreError) {
    func changes(_ kind: RecordKind) -> (added: [RecordID], removed: [RecordID]) {
      let found = kinds.first { $0.kind == kind }
      return (found?.added ?? [], found?.removed ?? [])
    }
    let samples = changes(.samples)
    let rejections = changes(.rejections)
    let nowRejected = try Self.drafts(rejections.added, in: new)
    let wereRejected = try Self.drafts(rejections.removed, in: old)
    for id in samples.removed {
      guard let reason = nowRejected[id.hex] else { continue }
      rejected += 1
      all.append(Flip(change: .rejected, draft: id.hex, role: nil, old: nil, new: reason))
    }
    for id in samples.added {
      guard let reason = wereRejected[id.hex] else { continue }
      accepted += 1
      all.append(Flip(change: .accepted, draft: id.hex, role: nil, old: reason, new: nil))
    }
    let verdicts = changes(.verdicts)
    let before = try Self.outcomes(verdicts.removed, in: old)
    var judgements: [Flip] = []
    for (question, outcome) in try Self.outcomes(verdicts.added, in: new) {
      guard let former = before[question], former != outcome else { continue }
      outcomes += 1
      judgements.append(
        Flip(
          change: .outcome, draft: question.sample, role: question.role, old: former, new: outcome))
    }
    all += judgements.sorted {
      ($0.draft, $0.role ?? "", $0.old ?? "") < ($1.draft, $1.role ?? "", $1.old ?? "")
    }
  }

  /// The reasons of rejections by their drafts.
  private static func drafts(
    _ rejections: [RecordID], in version: Version
  ) throws(StoreError) -> [String: String] {
    var drafts: [String: String] = [:]
    for record in try version.records(.rejections, rejections) {
      let value = try record.value()
      if let draft = value["sample"]?.string { drafts[draft] = value["reason"]?.string ?? "" }
    }
    return drafts
  }

  private static func outcomes(
    _ verdicts: [RecordID], in version: Version
  ) throws(StoreError) -> [Question: String] {
    var outcomes: [Question: String] = [:]
    for record in try version.records(.verdicts, verdicts) {
      let value = try record.value()
      let question = Question(
        sample: value["sample"]?.string ?? "", role: value["role"]?.string ?? "",
        round: value["round"]?.int ?? 0)
      outcomes[question] = value["outcome"]?.string
    }
    return outcomes
  }
}
