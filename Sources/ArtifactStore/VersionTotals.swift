/// How many live records of each kind a content has.
package struct VersionTotals: Sendable, Hashable {
  package static let trailer = "Totals"

  /// Kinds without records are left out.
  package private(set) var counts: [RecordKind: Int] = [:]
  package let datasetDigest: Digest

  /// Counts what a content that is here holds.
  init(_ content: some DatasetContent) throws(StoreError) {
    var ids: [RecordKind: SortedIDs] = [:]
    for kind in RecordKind.versioned {
      let live = try content.live(kind)
      if live.count > 0 { counts[kind] = live.count }
      if DatasetDigest.kinds.contains(kind) { ids[kind] = SortedIDs(live) }
    }
    datasetDigest = DatasetDigest.make(sorted: ids)
  }

  /// As commit messages have it: `samples 240, verdicts 480`.
  package var text: String { Self.text(counts) }

  static func text(_ counts: [RecordKind: Int]) -> String {
    counts.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
  }

  /// Reads the counts out of a commit's memos; nil where they are not noted.
  static func counts(_ text: String) -> [RecordKind: Int]? {
    var counts: [RecordKind: Int] = [:]
    for part in text.split(separator: ", ") {
      let words = part.split(separator: " ")
      guard words.count == 2, let kind = RecordKind(rawValue: String(words[0])),
        let count = Int(words[1])
      else { return nil }
      counts[kind] = count
    }
    return counts
  }
}

extension Version {
  /// The number of live records of each kind that has some, as its commit notes it.
  var notedTotals: [RecordKind: Int]? {
    memos[VersionTotals.trailer].flatMap(VersionTotals.counts)
  }

  /// The number of live records of each kind that has some: as noted, else counted.
  package func totals() throws(StoreError) -> [RecordKind: Int] {
    if let notedTotals { return notedTotals }
    var counts: [RecordKind: Int] = [:]
    for kind in RecordKind.versioned {
      let count = try liveCount(kind)
      if count > 0 { counts[kind] = count }
    }
    return counts
  }
}
