import ArtifactStore
import CanonicalJSON

/// One question as it is compared: equal without regard to case and white space, or near.
struct Question: Sendable {
  /// The first 16 bytes of the digest of its texts.
  struct Fingerprint: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    init(_ digest: Digest) { (high, low) = (digest.leadingWord, digest.secondWord) }
    init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
  }

  let digest: Digest
  let shingles: Shingles
  /// By these near ones are found; none where only equal ones count, or without words.
  let keys: [UInt64]
  /// The same of the first properties alone, by their number, where a held-out set has no more.
  var parts: [Int: Question] = [:]

  var fingerprint: Fingerprint { Fingerprint(digest) }

  /// Takes the texts of a question in.
  ///
  /// - Parameters:
  ///   - texts: One for each property.
  ///   - hash: Makes the keys; nil where only equal ones count.
  init(_ texts: [String], _ hash: MinHash?) {
    digest = Self.digest(texts)
    shingles = hash == nil ? Shingles(sorted: []) : Shingles(texts)
    keys = hash?.keys(shingles) ?? []
  }

  /// The texts of some properties of a sample, in their order; all of it where there are none.
  static func texts(of value: JSON, _ properties: [String]) -> [String] {
    (properties.isEmpty ? [value] : properties.map { value[$0] ?? .null })
      .map { $0.string ?? $0.canonicalText }
  }

  static func digest(_ texts: [String]) -> Digest {
    var hash = FramedHash(domain: "stemma question 1")
    // Lower case, with all white space as single blanks.
    for text in texts { hash.add(text.lowercased().singleSpaced) }
    return hash.finish()
  }
}

/// Questions in the order in which they were settled, found by what is equal or near.
struct QuestionList: ~Copyable {
  /// A place in the order of slots: numbered ones, then those of gaps as they come.
  typealias Place = UInt32

  private(set) var places: [Place] = []
  private(set) var fingerprints: [Question.Fingerprint] = []
  private(set) var near: NearDuplicates?
  private var exact: BandTable
  /// How many are of an earlier run; they make way slot by slot.
  let formerCount: Int
  /// Which of these are of slots that were settled anew.
  private var gone: [Bool]

  /// Starts without questions.
  ///
  /// - Parameters:
  ///   - threshold: From which similarity on questions are near; nil where only equal ones count.
  ///   - count: About how many questions there will be.
  /// - Throws: ``SimulaError`` when there is no room for what questions are compared by.
  init(threshold: Double?, expecting count: Int = 0) throws(SimulaError) {
    exact = BandTable(bandCount: 1, expecting: count)
    near = try threshold.map { share throws(SimulaError) in
      try NearDuplicates(threshold: share, expecting: count)
    }
    formerCount = 0
    gone = []
  }

  /// Starts with the questions of an earlier run, in the order of their places.
  init(
    places: [Place], fingerprints: [Question.Fingerprint],
    near: consuming NearDuplicates?
  ) {
    self.places = places
    self.fingerprints = fingerprints
    self.near = near
    exact = BandTable(
      bandCount: 1, tags: fingerprints.map { UInt32(truncatingIfNeeded: $0.high) })
    formerCount = places.count
    gone = [Bool](repeating: false, count: places.count)
  }

  mutating func add(
    _ question: Question, at place: Place
  ) throws(SimulaError) {
    places.append(place)
    fingerprints.append(question.fingerprint)
    exact.add([question.fingerprint.high])
    // One without words is near none, and its keys must not gather all of these in one place.
    let keys =
      question.keys.isEmpty && near != nil
      ? (0..<MinHash.bandCount).map { Shingles.mixed(question.fingerprint.low &+ UInt64($0)) }
      : question.keys
    try near?.add(question.shingles, keys: keys)
  }

  // MARK: - Search

  /// The question of the earliest place that is equal or near, of those that count.
  ///
  /// - Returns: Its number, and the similarity unless it is equal.
  func match(
    _ question: Question, where counts: (_ number: Int) -> Bool
  ) throws(SimulaError) -> (number: Int, similarity: Double?)? {
    let equal = exact.candidates([question.fingerprint.high])
      .filter { fingerprints[$0] == question.fingerprint && counts($0) }
      .min { places[$0] < places[$1] }
    if let equal { return (equal, nil) }
    let match = try near?.match(question.shingles, keys: question.keys) { candidates in
      candidates.filter(counts).sorted { places[$0] < places[$1] }
    }
    return match.map { ($0.number, $0.similarity) }
  }

  /// The places of the earlier run after one whose questions are equal or near to a question, and are
  /// not gone.
  func formerNeighbours(
    of fingerprint: Question.Fingerprint, _ shingles: Shingles, tags: [UInt32],
    after place: Place
  ) throws(SimulaError) -> [Place] {
    func counts(_ number: Int) -> Bool {
      number < formerCount && !gone[number] && places[number] > place
    }
    var numbers = exact.candidates([fingerprint.high])
      .filter { counts($0) && fingerprints[$0] == fingerprint }
    numbers += try near?.neighbours(of: shingles, tags: tags, where: counts) ?? []
    return numbers.map { places[$0] }
  }

  // MARK: - An earlier run

  func isGone(_ number: Int) -> Bool { number < formerCount && gone[number] }

  /// The questions of the earlier run that a place had.
  func former(at place: Place) -> Range<Int> {
    var (low, high) = (0, formerCount)
    while low < high {
      let middle = (low + high) / 2
      if places[middle] < place { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < formerCount, places[end] == place { end += 1 }
    return low..<end
  }

  mutating func retire(_ numbers: Range<Int>) {
    for number in numbers { gone[number] = true }
  }

  /// The numbers of all that count, in the order of their places.
  var living: [Int] {
    var old = places.indices.prefix(formerCount).filter { !gone[$0] }[...]
    var all: [Int] = []
    all.reserveCapacity(places.count)
    for new in places.indices.dropFirst(formerCount) {
      while let first = old.first, places[first] < places[new] {
        all.append(first)
        old.removeFirst()
      }
      all.append(new)
    }
    return all + old
  }
}
