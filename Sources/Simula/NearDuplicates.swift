/// Finds the earlier text that shares most of its runs of 13 words with a text.
///
/// Candidates come from MinHash bands; the exact Jaccard similarity decides.
struct NearDuplicates: ~Copyable {
  struct Match: Sendable, Hashable {
    /// The number of the earlier text.
    let number: Int
    /// The runs of words that both have as a share of those that either has.
    let similarity: Double
  }

  /// Texts from this Jaccard similarity on are near duplicates.
  let threshold: Double
  private let hash: MinHash
  private var table = BandTable()
  private var texts: ShingleFile

  init(threshold: Double) throws(SimulaError) {
    self.threshold = threshold
    hash = MinHash(threshold: threshold)
    texts = try ShingleFile()
  }

  var count: Int { texts.count }

  /// What a text is looked up and added by.
  func keys(_ shingles: Shingles) -> [UInt64] { hash.keys(shingles) }

  /// The earliest text that is near, or nil when there is none.
  func match(_ shingles: Shingles, keys: [UInt64]) throws(SimulaError) -> Match? {
    for number in table.candidates(keys) {
      let similarity = try texts[number].similarity(to: shingles)
      if similarity >= threshold { return Match(number: number, similarity: similarity) }
    }
    return nil
  }

  /// Adds the next text; one without words is near none.
  mutating func add(_ shingles: Shingles, keys: [UInt64]) throws(SimulaError) {
    guard !shingles.hashes.isEmpty else { return }
    try texts.append(shingles)
    table.add(keys)
  }
}
