/// Finds the earlier texts that share most of their runs of 13 words with a text.
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
  private var table: BandTable
  private var texts: ShingleFile

  /// Starts without texts.
  ///
  /// - Parameters:
  ///   - threshold: From which similarity on texts are near.
  ///   - count: About how many texts there will be.
  /// - Throws: ``SimulaError`` when there is no room for their runs.
  init(threshold: Double, expecting count: Int = 0) throws(SimulaError) {
    try self.init(threshold: threshold, texts: ShingleFile(), tags: [], expecting: count)
  }

  /// Starts with texts of an earlier table, of each its runs and the parts of its keys.
  init(
    threshold: Double, texts: consuming ShingleFile, tags: [UInt32], expecting count: Int = 0
  ) throws(SimulaError) {
    self.threshold = threshold
    hash = MinHash(threshold: threshold)
    table = BandTable(bandCount: MinHash.bandCount, tags: tags, expecting: count)
    self.texts = texts
  }

  var count: Int { texts.count }

  /// What a text is looked up and added by; nothing for a text without words.
  func keys(_ shingles: Shingles) -> [UInt64] { hash.keys(shingles) }

  /// Finds the earliest text that is near.
  ///
  /// - Parameters:
  ///   - shingles: The runs of the text.
  ///   - keys: What it is looked up by.
  ///   - order: Puts candidates in order, and leaves out those that do not count.
  /// - Returns: The text, or nil when there is none.
  /// - Throws: ``SimulaError`` when the runs of an earlier text cannot be read.
  func match(
    _ shingles: Shingles, keys: [UInt64], order: ([Int]) -> [Int] = { $0 }
  ) throws(SimulaError) -> Match? {
    for number in order(table.candidates(keys)) {
      let similarity = try texts[number].similarity(to: shingles)
      if similarity >= threshold { return Match(number: number, similarity: similarity) }
    }
    return nil
  }

  /// All texts that are near a text with some parts of keys, of those that count.
  func neighbours(
    of shingles: Shingles, tags: [UInt32], where counts: (_ number: Int) -> Bool
  ) throws(SimulaError) -> [Int] {
    var found: [Int] = []
    for other in table.candidates(tags) where counts(other) {
      if try texts[other].similarity(to: shingles) >= threshold { found.append(other) }
    }
    return found
  }

  /// The runs of a text.
  func shingles(_ number: Int) throws(SimulaError) -> Shingles { try texts[number] }

  /// How many runs a text has.
  func size(_ number: Int) -> Int { texts.size(number) }

  /// The parts of a text's keys.
  func tags(_ number: Int) -> [UInt32] { table.tags(of: number) }

  /// Adds the next text.
  mutating func add(_ shingles: Shingles, keys: [UInt64]) throws(SimulaError) {
    try texts.append(shingles)
    table.add(keys)
  }
}
