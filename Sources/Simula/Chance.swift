import ArtifactStore
import Foundation

/// Numbers that are a pure function of what they decide about.
enum Chance {
  /// A number between 0 and 1, neither of them, from the random seed and what is decided.
  static func uniform(_ seed: Int, _ what: String...) -> Double {
    var hash = FramedHash(domain: domain)
    hash.add(String(seed))
    for part in what { hash.add(part) }
    return number(hash.finish())
  }

  fileprivate static let domain = "stemma draw 1"

  fileprivate static func number(_ digest: Digest) -> Double {
    (Double(digest.leadingWord >> 11) + 0.5) * 0x1p-53
  }

  /// Chooses by weighted rendezvous hashing: adding or removing one choice moves only its share.
  static func choose<Choice>(
    _ choices: [Choice], weight: (Choice) -> Double, chance: (Choice) -> Double
  ) -> Choice? {
    guard choices.count > 1 else { return choices.first }
    var best: (choice: Choice, key: Double)?
    for choice in choices {
      let key = -log(chance(choice)) / weight(choice)
      if best.map({ key < $0.key }) ?? true { best = (choice, key) }
    }
    return best?.choice
  }
}

/// The numbers of ``Chance`` for choices of which only the last part differs.
struct ChoiceChance {
  private let common: FramedHash

  init(_ seed: Int, _ what: String...) {
    var hash = FramedHash(domain: Chance.domain)
    hash.add(String(seed))
    for part in what { hash.add(part) }
    common = hash
  }

  /// The same as ``Chance/uniform(_:_:)`` with one more part.
  func uniform(_ last: String) -> Double {
    var hash = common
    hash.add(last)
    return Chance.number(hash.finish())
  }
}
