import Foundation

/// Counts of things as people say them.
enum Plural {
  static func text(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
  }
}

/// Amounts of money, of whatever currency.
enum Money {
  /// Two digits after the point, or for little the first two that are not zero.
  static func text(_ amount: Double) -> String {
    amount >= 0.1 || amount == 0
      ? String(format: "%.2f", amount) : String(format: "%.2g", amount)
  }
}

/// Sizes as people say them, in powers of ten.
enum ByteSize {
  static func text(_ count: Int) -> String {
    var size = Double(count)
    var units = ["bytes", "kB", "MB", "GB", "TB"][...]
    while abs(size) >= 999.5, units.count > 1 {
      size /= 1000
      units.removeFirst()
    }
    let unit = units.first ?? ""
    return unit == "bytes" || abs(size) >= 9.95
      ? "\(Int(size.rounded())) \(unit)" : String(format: "%.1f \(unit)", size)
  }
}
