import Foundation

/// Numbers that are a pure function of what they decide about, the same on every machine.
enum Chance {
  /// A number between 0 and 1, neither of them, from the random seed and what is decided.
  static func uniform(_ seed: Int, _ what: String...) -> Double {
    var hash = DrawHash(seed)
    for part in what { hash.add(part) }
    return hash.uniform
  }

  /// Chooses by weighted rendezvous hashing: adding or removing one choice moves only its share.
  static func choose<Choice>(
    _ choices: some RandomAccessCollection<Choice>, weight: (Choice) -> Double,
    chance: (Choice) -> Double
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
  private let common: DrawHash

  init(_ seed: Int, _ what: String...) {
    var hash = DrawHash(seed)
    for part in what { hash.add(part) }
    common = hash
  }

  /// The same as ``Chance/uniform(_:_:)`` with one more part.
  func uniform(_ last: String) -> Double {
    var hash = common
    hash.add(last)
    return hash.uniform
  }

  /// The same for the text of an id.
  func uniform(_ last: DrawnBranches.Choice) -> Double {
    var hash = common
    hash.add(last.text)
    return hash.uniform
  }
}

/// A quick hash for draws, of which a run makes dozens for each slot: nobody gains by a collision.
///
/// Each part goes in with its length, 8 bytes at a time, and each step is the bijection at the end of
/// SplitMix64.
private struct DrawHash {
  private var state: UInt64

  init(_ seed: Int) {
    state = Shingles.mixed(UInt64(bitPattern: Int64(seed)) &+ 0x9E37_79B9_7F4A_7C15)
  }

  mutating func add(_ part: String) {
    var part = part
    part.withUTF8 { bytes in
      add(UInt64(bytes.count))
      var word: UInt64 = 0
      for (index, byte) in bytes.enumerated() {
        word |= UInt64(byte) << (8 * UInt64(index % 8))
        if index % 8 == 7 {
          add(word)
          word = 0
        }
      }
      if bytes.count % 8 != 0 { add(word) }
    }
  }

  /// The same for 16 bytes as two numbers.
  mutating func add(_ text: (UInt64, UInt64)) {
    add(16 as UInt64)
    add(text.0)
    add(text.1)
  }

  private mutating func add(_ word: UInt64) {
    state = Shingles.mixed((state ^ word) &+ 0x9E37_79B9_7F4A_7C15)
  }

  /// The state as a number between 0 and 1, neither of them.
  var uniform: Double { (Double(state >> 11) + 0.5) * 0x1p-53 }
}
