import Foundation

/// One case of a benchmark, as it is printed.
struct BenchmarkRow {
  let name: String
  let measured: Measurement
  var bytes: Int?
  /// What it is held against, and the ratio that matters with its limit.
  var against: String?
  var ratio: (name: String, value: Double, limit: Double)?
  /// What else there is to say.
  var note: String?

  static func megabytes(_ bytes: Int) -> String { String(format: "%.1f", Double(bytes) / 1e6) }

  var line: String {
    var line = name.padding(toLength: 34, withPad: " ", startingAt: 0)
    line += String(
      format: "%8.3f s wall %8.3f s CPU %7.1f MB peak", measured.wallSeconds,
      measured.cpuSeconds, measured.peakMegabytes)
    line += bytes.map { "  \(Self.megabytes($0)) MB written" } ?? ""
    if let ratio, let against {
      let verdict = ratio.value <= ratio.limit ? "ok" : "over"
      line +=
        "  \(ratio.name) \(String(format: "%.3f", ratio.value)) of \(against)"
        + " (limit \(ratio.limit), \(verdict))"
    }
    return line + (note.map { "  \($0)" } ?? "")
  }
}
