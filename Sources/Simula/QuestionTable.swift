import ArtifactStore
import Dataset

/// The questions of all attempts that critics accepted: those that slots keep, and those that were
/// refused since an earlier slot keeps them.
///
/// Some may be of an earlier run: they make way slot by slot, as slots are settled anew.
struct QuestionTable: ~Copyable {
  typealias Place = QuestionList.Place

  /// A kept question that is equal or near.
  struct Match: Sendable, Hashable {
    let slot: Slot
    /// Nil for an equal one.
    let similarity: Double?
  }

  private(set) var kept: QuestionList
  /// Only an incremental run looks here.
  private(set) var refused: QuestionList
  private var gaps: [Slot] = []
  private var gapPlaces: [Slot: Place] = [:]

  /// Starts without questions.
  ///
  /// - Parameters:
  ///   - threshold: From which similarity on questions are near; nil where only equal ones count.
  ///   - count: About how many will be kept.
  /// - Throws: ``SimulaError`` when there is no room for what questions are compared by.
  init(threshold: Double?, expecting count: Int = 0) throws(SimulaError) {
    self.init(
      kept: try QuestionList(threshold: threshold, expecting: count),
      refused: try QuestionList(threshold: threshold))
  }

  /// Starts with the questions of an earlier run.
  init(kept: consuming QuestionList, refused: consuming QuestionList) {
    self.kept = kept
    self.refused = refused
  }

  // MARK: - Slots

  private static let firstGap: Place = 1 << 31

  /// The place of a slot; that of a gap is given out at its first use.
  mutating func place(of slot: Slot) -> Place {
    if let number = slot.number { return Place(number) }
    if let place = gapPlaces[slot] { return place }
    let place = Self.firstGap + Place(gaps.count)
    gaps.append(slot)
    gapPlaces[slot] = place
    return place
  }

  private func slot(at place: Place) -> Slot {
    place < Self.firstGap ? .numbered(Int(place)) : gaps[Int(place - Self.firstGap)]
  }

  // MARK: - Questions

  /// Finds the earliest question that a slot before a place keeps and that is equal or near.
  ///
  /// - Parameters:
  ///   - question: What is looked for.
  ///   - place: Only slots before it count.
  /// - Returns: The slot that keeps it, or nil when there is none.
  /// - Throws: ``SimulaError`` when what questions are compared by cannot be read.
  func match(
    _ question: Question, before place: Place
  ) throws(SimulaError) -> Match? {
    let match = try kept.match(question) { number in
      kept.places[number] < place && !kept.isGone(number)
    }
    return match.map {
      Match(slot: slot(at: kept.places[$0.number]), similarity: $0.similarity)
    }
  }

  mutating func add(
    _ question: Question, at place: Place, isKept: Bool
  ) throws(SimulaError) {
    if isKept {
      try kept.add(question, at: place)
    } else {
      try refused.add(question, at: place)
    }
  }

  // MARK: - An earlier run

  /// Lets the questions of the earlier run make way for those that a place has now.
  ///
  /// - Returns: The later places whose questions of the earlier run may be kept or refused otherwise:
  ///   they have one that is equal or near to one which this place no longer keeps, or keeps now.
  mutating func replace(at place: Place) throws(SimulaError) -> [Place] {
    let before = kept.former(at: place).first
    let (formerKept, formerRefused) = (kept.former(at: place), refused.former(at: place))
    kept.retire(formerKept)
    refused.retire(formerRefused)
    let last = kept.places.count - 1
    let now = last >= kept.formerCount && kept.places[last] == place ? last : nil
    if let before, let now, kept.fingerprints[before] == kept.fingerprints[now] { return [] }
    var places: [Place] = []
    for number in [before, now].compactMap(\.self) {
      let fingerprint = kept.fingerprints[number]
      let shingles = try kept.near?.shingles(number) ?? Shingles(sorted: [])
      let tags = kept.near?.tags(number) ?? []
      places += try kept.formerNeighbours(of: fingerprint, shingles, tags: tags, after: place)
      places += try refused.formerNeighbours(of: fingerprint, shingles, tags: tags, after: place)
    }
    return places
  }
}
