/// Finds the name that a person probably meant.
package enum NearestName {
  /// The closest of the names, or nil when none is close.
  package static func to(_ name: String, among names: [String]) -> String? {
    guard name.utf8.count <= 60 else { return nil }
    let folded = fold(name)
    if let same = names.first(where: { fold($0) == folded }) { return same }
    let ranked = names.map { (name: $0, distance: distance(folded, fold($0))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, min(folded.count, fold(best.name).count) / 3) ? best.name : nil
  }

  /// Letters and digits in lower case: `maxTokens` and `max_tokens` are `max-tokens`.
  private static func fold(_ name: String) -> [Character] {
    name.lowercased().filter { $0.isLetter || $0.isNumber }.map { $0 }
  }

  /// The edit distance in which a swap of two neighbours is one edit.
  ///
  /// - Complexity: O(n * m).
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var rows = [Array(0...right.count)]
    for (i, a) in left.enumerated() {
      var row = [i + 1]
      for (j, b) in right.enumerated() {
        var least = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a == b ? 0 : 1))
        if i > 0, j > 0, a == right[j - 1], b == left[i - 1] {
          least = min(least, rows[i - 1][j - 1] + 1)
        }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}
