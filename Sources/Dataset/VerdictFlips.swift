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

  package var isEmpty: Bool { rejected + accepted + outcomes == 0 }

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
    rejected = samples.removed.count { nowRejected.contains($0.hex) }
    accepted = samples.added.count { wereRejected.contains($0.hex) }
    let verdicts = changes(.verdicts)
    let before = try Self.outcomes(verdicts.removed, in: old)
    outcomes = try Self.outcomes(verdicts.added, in: new).count { question, outcome in
      before[question].map { $0 != outcome } ?? false
    }
  }

  private static func drafts(
    _ rejections: [RecordID], in version: Version
  ) throws(StoreError) -> Set<String> {
    var drafts = Set<String>()
    for record in try version.records(.rejections, rejections) {
      if let draft = try record.value()["sample"]?.string { drafts.insert(draft) }
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
