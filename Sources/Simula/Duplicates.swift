import ArtifactStore
import CanonicalJSON
import Dataset
import Synchronization

/// Refuses a sample whose question an earlier slot keeps, or a held-out set has.
///
/// Questions are equal without regard to case and white space, and near when they share most of their
/// runs of 13 words.
final class Duplicates: Sendable {
  /// Why a sample is not kept.
  struct Refusal: Sendable, Hashable {
    let reason: Rejection
    let detail: String
  }

  private struct State: ~Copyable {
    var exact: [Digest: Slot] = [:]
    var near: NearDuplicates?
    /// The slots of the texts of `near`.
    var slots: [Slot] = []
    var heldOut: HeldOut
    var time = Duration.zero
  }

  private let question: [String]
  private let state: Mutex<State>

  /// Compares some properties of samples, or all of a sample where there are none.
  init(question: [String], knobs: DuplicateKnobs) throws(SimulaError) {
    let start = ContinuousClock.now
    self.question = question
    let near = try knobs.near.map { share throws(SimulaError) in
      try NearDuplicates(threshold: share)
    }
    let heldOut = try HeldOut(knobs, question: question)
    state = Mutex(
      State(near: near, heldOut: heldOut, time: start.duration(to: ContinuousClock.now)))
  }

  /// What the comparisons have taken so far; nothing else is settled meanwhile.
  var time: Duration { state.withLock { $0.time } }

  /// Takes a question in, or says why not.
  func admit(_ value: JSON, slot: Slot) throws(SimulaError) -> Refusal? {
    let start = ContinuousClock.now
    let texts = Self.texts(of: value, question)
    let digest = Self.digest(texts)
    return try state.withLock { (state) throws(SimulaError) in
      defer { state.time += start.duration(to: ContinuousClock.now) }
      let shingles = Shingles(texts)
      let keys = state.near?.keys(shingles) ?? []
      if let refusal = try state.heldOut.refusal(digest, shingles, keys) { return refusal }
      if let earlier = state.exact[digest] {
        return Refusal(
          reason: .duplicate, detail: "slot \(earlier) keeps the same question")
      }
      if let match = try state.near?.match(shingles, keys: keys) {
        return Refusal(
          reason: .duplicate,
          detail: "\(Self.percent(match.similarity)) of its question is that of slot "
            + "\(state.slots[match.number])")
      }
      state.exact[digest] = slot
      if state.near != nil, !shingles.hashes.isEmpty {
        try state.near?.add(shingles, keys: keys)
        state.slots.append(slot)
      }
      return nil
    }
  }

  /// The texts of a question, in the order in which they are compared.
  static func texts(of value: JSON, _ question: [String]) -> [String] {
    (question.isEmpty ? [value] : question.map { value[$0] ?? .null })
      .map { $0.string ?? $0.canonicalText }
  }

  static func digest(_ texts: [String]) -> Digest {
    var hash = FramedHash(domain: "stemma question 1")
    for text in texts { hash.add(Self.normalized(text)) }
    return hash.finish()
  }

  static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

  /// Lower case, with all white space as single blanks.
  static func normalized(_ text: String) -> String {
    text.lowercased().singleSpaced
  }
}
