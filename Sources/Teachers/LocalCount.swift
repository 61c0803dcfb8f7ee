package import CanonicalJSON

/// Counts in local files, which may be damaged.
package enum LocalCount {
  private static let most = 1 << 50

  /// The count, or nil when it is none or so large that sums would be no numbers of JSON.
  package static func of(_ json: JSON?) -> Int? {
    json?.int.flatMap { (0...most).contains($0) ? $0 : nil }
  }
}
