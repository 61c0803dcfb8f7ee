import ArtifactStore
import CanonicalJSON
import Dataset

/// Questions that must not become samples, since models are to be measured by them.
struct HeldOut: ~Copyable {
  private var exact: [Digest: Int] = [:]
  private var near: NearDuplicates?
  /// The items of the texts of `near`.
  private var numbers: [Int] = []
  private var names: [String] = []

  /// Takes the questions of all held-out sets in.
  init(_ knobs: DuplicateKnobs, question: [String]) throws(SimulaError) {
    guard !knobs.heldOut.isEmpty else { return }
    if let share = knobs.near { near = try NearDuplicates(threshold: share) }
    for set in knobs.heldOut {
      for (index, item) in set.items.enumerated() {
        let texts = Duplicates.texts(of: item, set.question ?? question)
        exact[Duplicates.digest(texts)] = names.count
        let shingles = Shingles(texts)
        if !shingles.hashes.isEmpty, let keys = near?.keys(shingles) {
          try near?.add(shingles, keys: keys)
          numbers.append(names.count)
        }
        names.append("item \(index + 1) of '\(set.path)'")
      }
    }
  }

  /// Why a question is not kept, or nil when no held-out set has it.
  func refusal(
    _ digest: Digest, _ shingles: Shingles, _ keys: [UInt64]
  ) throws(SimulaError) -> Duplicates.Refusal? {
    if let number = exact[digest] {
      return Duplicates.Refusal(reason: .heldOut, detail: "\(names[number]) asks the same")
    }
    guard let match = try near?.match(shingles, keys: keys) else { return nil }
    return Duplicates.Refusal(
      reason: .heldOut,
      detail: "\(Duplicates.percent(match.similarity)) of its question is that of "
        + names[numbers[match.number]])
  }
}
