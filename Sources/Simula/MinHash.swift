import Foundation

/// Brings texts together that share most of their runs of words.
///
/// For each of 24 bands the smallest hashes of a text under some functions, the rows, are joined to a
/// key. Texts of Jaccard similarity s share a band's key with probability s^rows: with 5 rows at least
/// one key is shared by 99.99% of those with s = 0.8, and by 6% of those with s = 0.3.
struct MinHash: Sendable {
  static let bandCount = 24
  private static let mostRows = 12
  /// How often a pair at the threshold may share no key.
  private static let missRate = 1e-4

  /// As many as find all but one of 10,000 pairs at the threshold.
  let rowCount: Int
  private let functions: [(factor: UInt64, summand: UInt64)]

  /// Prepares for texts of some similarity, at least 0.32, or more.
  init(threshold: Double) {
    let least = 1 - pow(Self.missRate, 1 / Double(Self.bandCount))
    let rows = threshold < 1 ? Int(log(least) / log(threshold)) : Self.mostRows
    rowCount = min(max(rows, 1), Self.mostRows)
    functions = Array(Self.functions.prefix(Self.bandCount * rowCount))
  }

  /// Odd factors and summands, the same everywhere.
  private static let functions: [(factor: UInt64, summand: UInt64)] = {
    var state: UInt64 = 0x5354_454D_4D41_3133
    func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      return Shingles.mixed(state)
    }
    return (0..<(bandCount * mostRows)).map { _ in (next() | 1, next()) }
  }()

  /// The keys of all bands; empty for a text without words.
  func keys(_ shingles: Shingles) -> [UInt64] {
    guard !shingles.hashes.isEmpty else { return [] }
    var smallest = [UInt32](repeating: .max, count: functions.count)
    shingles.hashes.withUnsafeBufferPointer { hashes in
      functions.withUnsafeBufferPointer { functions in
        smallest.withUnsafeMutableBufferPointer { smallest in
          // Four functions at a time, of which none waits for another. The least value also has the
          // least upper half.
          for start in stride(from: 0, to: functions.count, by: 4) {
            let (first, second) = (functions[start], functions[start + 1])
            let (third, fourth) = (functions[start + 2], functions[start + 3])
            var least = (UInt64.max, UInt64.max, UInt64.max, UInt64.max)
            for hash in hashes {
              least.0 = min(least.0, hash &* first.factor &+ first.summand)
              least.1 = min(least.1, hash &* second.factor &+ second.summand)
              least.2 = min(least.2, hash &* third.factor &+ third.summand)
              least.3 = min(least.3, hash &* fourth.factor &+ fourth.summand)
            }
            smallest[start] = UInt32(least.0 >> 32)
            smallest[start + 1] = UInt32(least.1 >> 32)
            smallest[start + 2] = UInt32(least.2 >> 32)
            smallest[start + 3] = UInt32(least.3 >> 32)
          }
        }
      }
    }
    return (0..<Self.bandCount).map { band in
      var key = UInt64(band)
      for row in 0..<rowCount {
        key = Shingles.mixed(key &* 31 &+ UInt64(smallest[band * rowCount + row]))
      }
      return key
    }
  }
}
