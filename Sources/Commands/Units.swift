import Foundation

/// Counts of things as people say them.
enum Plural {
  static func text(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
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
