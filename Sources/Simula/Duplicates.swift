import ArtifactStore
import CanonicalJSON
import Dataset
import Synchronization

/// Refuses a sample whose question an earlier slot keeps, or a held-out set has.
///
/// Questions are equal without regard to case and white space, and near when they share most of their
/// runs of 13 words.
final class Duplicates: Sendable {
  /// Why a sample is not kept.
  struct Refusal: Sendable, Hashable {
    let reason: Rejection
    let detail: String
  }

  private struct State: ~Copyable {
    var table: QuestionTable
    var heldOut: HeldOut
    /// The places of the earlier run that have to be settled anew.
    var doubtful = Set<QuestionTable.Place>()
  }

  private let properties: [String]
  private let hash: MinHash?
  /// How many of the first properties are compared with some held-out set.
  private let partCounts: [Int]
  private let state: Mutex<State>
  /// By itself, for who prepares a question must not wait for one that is admitted.
  private let elapsed: Mutex<Duration>

  /// Compares some properties of samples, or all of a sample where there are none.
  ///
  /// - Parameters:
  ///   - question: The properties by name.
  ///   - knobs: What counts as near, and the held-out sets.
  ///   - table: The questions to begin with: none, or those of an earlier run.
  /// - Throws: ``SimulaError`` with code `storage` when there is no room for their runs of words.
  init(
    question: [String], knobs: DuplicateKnobs, table: consuming QuestionTable
  ) throws(SimulaError) {
    let start = ContinuousClock.now
    properties = question
    hash = knobs.near.map(MinHash.init)
    let heldOut = try HeldOut(knobs, question: question)
    partCounts = heldOut.propertyCounts(below: question.count)
    state = Mutex(State(table: table, heldOut: heldOut))
    elapsed = Mutex(start.duration(to: ContinuousClock.now))
  }

  /// What the comparisons have taken so far, of all threads together.
  var time: Duration { elapsed.withLock(\.self) }

  /// What a sample is compared by; takes a while, and may be done beside other work.
  func question(of value: JSON) -> Question {
    let start = ContinuousClock.now
    let texts = Question.texts(of: value, properties)
    var question = Question(texts, hash)
    for count in partCounts { question.parts[count] = Question(Array(texts.prefix(count)), hash) }
    elapsed.withLock { $0 += start.duration(to: ContinuousClock.now) }
    return question
  }

  /// Takes a question in, or says why not; in the order of slots.
  func admit(_ question: Question, slot: Slot) throws(SimulaError) -> Refusal? {
    let start = ContinuousClock.now
    defer { elapsed.withLock { $0 += start.duration(to: ContinuousClock.now) } }
    return try state.withLock { (state) throws(SimulaError) in
      let place = state.table.place(of: slot)
      let refusal = try Self.refusal(of: question, at: place, &state)
      try state.table.add(question, at: place, isKept: refusal == nil)
      return refusal
    }
  }

  private static func refusal(
    of question: Question, at place: QuestionTable.Place, _ state: inout State
  ) throws(SimulaError) -> Refusal? {
    if let refusal = try state.heldOut.refusal(question) { return refusal }
    guard let match = try state.table.match(question, before: place) else {
      return nil
    }
    let detail =
      match.similarity.map { "\(percent($0)) of its question is that of slot \(match.slot)" }
      ?? "slot \(match.slot) keeps the same question"
    return Refusal(reason: .duplicate, detail: detail)
  }

  // MARK: - An earlier run

  /// Whether the earlier run kept something in a slot.
  func wasKept(slot: Int) -> Bool {
    state.withLock { !$0.table.kept.former(at: QuestionTable.Place(slot)).isEmpty }
  }

  /// Whether a slot that was settled before has to be settled anew, for what earlier slots keep now.
  func isDoubtful(_ slot: Int) -> Bool {
    state.withLock { $0.doubtful.contains(QuestionTable.Place(slot)) }
  }

  /// Lets what the earlier run had at a slot make way for what was admitted there now.
  func replace(slot: Int) throws(SimulaError) {
    try state.withLock { (state) throws(SimulaError) in
      let places = try state.table.replace(at: QuestionTable.Place(slot))
      state.doubtful.formUnion(places)
    }
  }

  /// Lends the questions that count.
  func withTable<Result: Sendable>(
    _ body: (borrowing QuestionTable) throws -> Result
  ) rethrows -> Result {
    try state.withLock { try body($0.table) }
  }

  static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
