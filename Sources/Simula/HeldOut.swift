import ArtifactStore
import CanonicalJSON
import Dataset

/// Questions that must not become samples, since models are to be measured by them.
///
/// A set may have fewer properties than a sample's question, such as a question without its options:
/// it is compared with as many of the first.
final class HeldOut {
  /// The sets that have so many properties.
  private final class Group {
    let propertyCount: Int
    var exact: [Digest: Int] = [:]
    var near: NearDuplicates?
    /// The items of the texts of `near`.
    var numbers: [Int] = []

    init(_ propertyCount: Int, threshold: Double?) throws(SimulaError) {
      self.propertyCount = propertyCount
      if let threshold { near = try NearDuplicates(threshold: threshold) }
    }
  }

  private var groups: [Group] = []
  private var names: [String] = []

  /// Takes the questions of all held-out sets in.
  init(_ knobs: DuplicateKnobs, question: [String]) throws(SimulaError) {
    for set in knobs.heldOut {
      let properties = set.question ?? question
      let group: Group
      if let known = groups.first(where: { $0.propertyCount == properties.count }) {
        group = known
      } else {
        group = try Group(properties.count, threshold: knobs.near)
        groups.append(group)
      }
      for (index, item) in set.items.enumerated() {
        let texts = Question.texts(of: item, properties)
        group.exact[Question.digest(texts)] = names.count
        let shingles = Shingles(texts)
        if !shingles.hashes.isEmpty, let keys = group.near?.keys(shingles) {
          try group.near?.add(shingles, keys: keys)
          group.numbers.append(names.count)
        }
        names.append("item \(index + 1) of '\(set.path)'")
      }
    }
  }

  /// How many of a question's first properties are compared, for each set that has fewer.
  func propertyCounts(below count: Int) -> [Int] {
    groups.map(\.propertyCount).filter { $0 < count }
  }

  /// Why a question is not kept, or nil when no held-out set has it.
  func refusal(_ question: Question) throws(SimulaError) -> Duplicates.Refusal? {
    for group in groups {
      let question = question.parts[group.propertyCount] ?? question
      if let number = group.exact[question.digest] {
        return Duplicates.Refusal(reason: .heldOut, detail: "\(names[number]) asks the same")
      }
      if let match = try group.near?.match(question.shingles, keys: question.keys) {
        return Duplicates.Refusal(
          reason: .heldOut,
          detail: "\(Duplicates.percent(match.similarity)) of its question is that of "
            + names[group.numbers[match.number]])
      }
    }
    return nil
  }
}
