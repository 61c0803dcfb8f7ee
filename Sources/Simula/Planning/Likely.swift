/// A number that is not known exactly: what is likely, and bounds that hold it 19 times of 20.
package struct Likely: Sendable, Hashable {
  package let value: Double
  package let low: Double
  package let high: Double

  /// Takes what is likely, above zero, and its bounds.
  package init(_ value: Double, low: Double, high: Double) {
    self.value = max(0, value)
    self.low = max(0, min(low, value))
    self.high = max(high, value, 0)
  }

  /// The same value with bounds that errors of two kinds, which know nothing of each other, leave.
  func widened(down: Double, up: Double) -> Likely {
    let below = ((value - low) * (value - low) + down * down).squareRoot()
    let above = ((high - value) * (high - value) + up * up).squareRoot()
    return Likely(value, low: value - below, high: value + above)
  }

  func times(_ count: Double) -> Likely {
    Likely(value * count, low: low * count, high: high * count)
  }

  package init(exactly value: Double) { self.init(value, low: value, high: value) }

  /// The mean of what was measured, times a count, with the spread of the measurements.
  ///
  /// - Parameters:
  ///   - values: What was measured of some of them, at least one.
  ///   - count: How many there are, those included.
  init(sumOf values: [Double], outOf count: Int) {
    precondition(!values.isEmpty, "nothing was measured")
    let number = Double(values.count)
    let mean = values.reduce(0, +) / number
    let total = mean * Double(count)
    guard values.count < count else {
      self.init(exactly: total)
      return
    }
    // What was not measured is all that can differ.
    let rest = 1 - number / Double(count)
    let error = Self.spread(of: values) * Double(count) * (rest / number).squareRoot()
    self.init(total, low: total - error, high: total + error)
  }

  /// How far a value is from the mean 19 times of 20 at most; nothing is known of it without values.
  static func spread(of values: [Double]) -> Double {
    guard let first = values.first else { return 0 }
    let number = Double(values.count)
    let mean = values.reduce(0, +) / number
    // One value tells nothing of the spread: it may be as large as the value. Few tell little.
    let variance =
      values.count > 1
      ? values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (number - 1) : first * first
    return 1.96 * (1 + 2 / number) * variance.squareRoot()
  }

  package static func + (left: Likely, right: Likely) -> Likely {
    let value = left.value + right.value
    return Likely(exactly: value)
      .widened(down: left.value - left.low, up: left.high - left.value)
      .widened(down: right.value - right.low, up: right.high - right.value)
  }
}
