import Foundation

/// Draws from Beta distributions, the same ones for the same seed.
struct BetaSampler {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// What a rate may be after so many of so many, from Jeffreys' prior.
  mutating func rate(_ count: Int, of total: Int) -> Double {
    let first = gamma(Double(count) + 0.5)
    let second = gamma(Double(total - count) + 0.5)
    return first / (first + second)
  }

  /// The method of Marsaglia and Tsang (2000), with their way to shapes below 1.
  private mutating func gamma(_ shape: Double) -> Double {
    guard shape >= 1 else { return gamma(shape + 1) * pow(uniform(), 1 / shape) }
    let offset = shape - 1.0 / 3
    let scale = 1 / (9 * offset).squareRoot()
    while true {
      let normal = normal()
      let root = 1 + scale * normal
      guard root > 0 else { continue }
      let cube = root * root * root
      if log(uniform()) < 0.5 * normal * normal + offset - offset * cube + offset * log(cube) {
        return offset * cube
      }
    }
  }

  private mutating func normal() -> Double {
    (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
  }

  /// A number between 0 and 1, neither of them (SplitMix64).
  private mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    return (Double(mixed >> 11) + 0.5) * 0x1p-53
  }
}
