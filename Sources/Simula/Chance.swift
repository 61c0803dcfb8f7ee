import ArtifactStore
import Foundation

/// Numbers that are a pure function of what they decide about.
enum Chance {
  /// A number between 0 and 1, neither of them, from the random seed and what is decided.
  static func uniform(_ seed: Int, _ what: String...) -> Double {
    var hash = FramedHash(domain: "stemma draw 1")
    hash.add(String(seed))
    for part in what { hash.add(part) }
    return (Double(hash.finish().leadingWord >> 11) + 0.5) * 0x1p-53
  }

  /// Chooses by weighted rendezvous hashing: adding or removing one choice moves only its share.
  static func choose<Choice>(
    _ choices: [Choice], weight: (Choice) -> Double, chance: (Choice) -> Double
  ) -> Choice? {
    var best: (choice: Choice, key: Double)?
    for choice in choices {
      let key = -log(chance(choice)) / weight(choice)
      if best.map({ key < $0.key }) ?? true { best = (choice, key) }
    }
    return best?.choice
  }
}
