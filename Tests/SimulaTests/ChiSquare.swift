import Foundation

/// How likely chance alone gives counts that are as far from what was expected.
enum ChiSquare {
  /// Compares counts with expected ones, of which none is zero.
  static func probability(_ counts: [Double], expected: [Double]) -> Double {
    let statistic = zip(counts, expected).reduce(0) { sum, pair in
      let difference = pair.0 - pair.1
      return sum + difference * difference / pair.1
    }
    return upperTail(Double(counts.count - 1) / 2, statistic / 2)
  }

  /// The regularised incomplete gamma function Q(a, x).
  static func upperTail(_ shape: Double, _ value: Double) -> Double {
    guard value > 0 else { return 1 }
    let scale = exp(shape * log(value) - value - lgamma(shape))
    return value < shape + 1
      ? 1 - scale * series(shape, value) : scale * fraction(shape, value)
  }

  private static func series(_ shape: Double, _ value: Double) -> Double {
    var term = 1 / shape
    var sum = term
    for step in 1..<1000 where term > sum * 1e-15 {
      term *= value / (shape + Double(step))
      sum += term
    }
    return sum
  }

  /// Lentz's continued fraction.
  private static func fraction(_ shape: Double, _ value: Double) -> Double {
    var under = value + 1 - shape
    var over = 1e300
    var inverse = 1 / under
    var result = inverse
    for step in 1..<1000 {
      let factor = -Double(step) * (Double(step) - shape)
      under += 2
      inverse = 1 / (factor * inverse + under)
      over = under + factor / over
      let change = over * inverse
      result *= change
      if abs(change - 1) < 1e-14 { break }
    }
    return result
  }
}
