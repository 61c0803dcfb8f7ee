package import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Pipeline
import Synchronization

/// What the last complete run came to slot by slot, so that the next derives only what changed.
///
/// A local file that may be lost: without it everything is derived again, to the same result. It is
/// used only for the very records that it was written beside.
package struct SlotHistory: Sendable {
  /// Raised when questions are compared by other hashes, or columns are others.
  private static let format = 3
  static let kinds: [RecordKind] = [.mixes, .metaPrompts, .samples, .rejections, .verdicts]

  /// The sources that the slots were filled from.
  let sources: Sources
  /// How many slots were settled.
  let slotCount: Int
  /// How many attempts or drafts were not accepted, by reason.
  let rejections: [Rejection: Int]
  private let file: ColumnFile
  private let threshold: Double?
  private let recalls: RecallsSince
  /// The beginnings of the ids of records that were removed since.
  private let gone: Set<UInt64>

  private static func path(_ store: Store) -> String {
    store.folder.appending(path: "slots").path(percentEncoded: false)
  }

  /// Whether a recipe's slots can be remembered: each has a mix of its own, and none fills a gap.
  static func fits(_ recipe: Recipe) -> Bool {
    recipe.metaPrompts.instances == 1 && recipe.gapFill.minimum == 0
  }

  /// What is remembered of the records of a version, or nil when that is of no use for a recipe.
  static func find(
    _ store: Store, base: Version?, _ snapshot: Snapshot
  ) throws -> SlotHistory? {
    guard let base, fits(snapshot.recipe), let file = ColumnFile(path(store)),
      file.header["format"]?.int == format, let samples = file.header["samples"]?.int
    else { return nil }
    var recipe = snapshot.recipe
    recipe.sampleCount = samples
    let recalled = file.header["recalls"]?.string.map { try? RecallsText.decode(Array($0.utf8)) }
    guard let recalled = recalled ?? Recalls(),
      file.header["keys"] == keys(recipe, snapshot.with(recalled)),
      try file.header["fetched"] == fetched(store), try file.header["drops"] == drops(store),
      let recalls = try RecallsSince(from: recalled, to: snapshot.recalls, in: store),
      let gone = try gone(from: file.header, to: base)
    else { return nil }
    return SlotHistory(file, recalls, gone: gone, threshold: recipe.duplicates.near)
  }

  /// The beginnings of the ids of records that a version lacks, or nil where it differs otherwise.
  private static func gone(from header: JSON, to base: Version) throws -> Set<UInt64>? {
    let store = base.store
    guard let old = header["folders"]?.object,
      let new = try folders(of: base.tree, in: store).object
    else { return nil }
    // The same folders hold the same records; others may, as after a compaction.
    if old == new { return [] }
    func tombstones(_ folders: JSONObject) -> ObjectID? {
      folders[RecordKind.tombstones.rawValue]?.string.flatMap { ObjectID(hex: $0) }
    }
    let isShrunk = kinds.allSatisfy { old[$0.rawValue] == new[$0.rawValue] }
    if isShrunk,
      let gone = RecallsSince.gone(from: tombstones(old), to: tombstones(new), in: store)
    {
      return gone
    }
    for kind in kinds {
      guard try header["digests"]?[kind.rawValue]?.string == base.digest(of: kind).hex else {
        return nil
      }
    }
    return []
  }

  private init?(
    _ file: ColumnFile, _ recalls: RecallsSince, gone: Set<UInt64>, threshold: Double?
  ) {
    let header = file.header
    guard let slotCount = header["slots"]?.int, slotCount >= 0,
      let texts = header["sources"]?.object,
      file.columnCount == 2 * QuestionColumns.count + SlotRecordColumns.count,
      let sources = try? Sources.decode(readFile: { path in
        texts[path]?.string.map { Array($0.utf8) }
      })
    else { return nil }
    var rejections: [Rejection: Int] = [:]
    for member in header["rejections"]?.object?.members ?? [] {
      if let reason = Rejection(rawValue: member.name) { rejections[reason] = member.value.int }
    }
    self.sources = sources
    self.slotCount = slotCount
    self.rejections = rejections
    self.file = file
    self.threshold = threshold
    self.recalls = recalls
    self.gone = gone
  }

  /// The calls of others that are here: where two answered one request, they decide what counts.
  private static func fetched(_ store: Store) throws -> JSON {
    names(
      try CallReferences.fetched(in: store.repository).map { ($0.name, .string($0.id.hex)) })
  }

  /// What was dropped, or nil for nothing.
  private static func drops(_ store: Store) throws -> JSON? {
    try CallDrops(store).digest.map { .string($0.hex) }
  }

  /// Forgets what the last run left, so that the next one derives every slot.
  package static func forget(_ store: Store) { unlink(path(store)) }

  /// The folders of a version that say which records are live.
  private static func folders(of tree: ObjectID, in store: Store) throws -> JSON {
    names(
      try (kinds + [.tombstones]).map { kind in
        let folder = try store.repository.find(path: kind.rawValue, inTree: tree)
        return (kind.rawValue, .string(folder?.id.hex ?? ""))
      })
  }

  /// What defines the stages of data.
  private static func keys(_ recipe: Recipe, _ snapshot: Snapshot) -> JSON {
    names(
      StageName.data.map {
        ($0.rawValue, .string($0.key(recipe, snapshot.prompts, snapshot.recalls).digest.hex))
      })
  }

  /// The questions of all slots.
  ///
  /// - Throws: ``SimulaError`` with code `history` when the file is damaged.
  func questions() throws(SimulaError) -> QuestionTable {
    let kept = try QuestionColumns(file: file, first: 0).list(threshold, slotCount: slotCount)
    let refused = try QuestionColumns(file: file, first: QuestionColumns.count)
      .list(threshold, slotCount: slotCount)
    return QuestionTable(kept: kept, refused: refused)
  }

  /// The records of all slots.
  ///
  /// - Throws: ``SimulaError`` with code `history` when the file is damaged.
  func slotRecords() throws(SimulaError) -> SlotRecordColumns {
    try SlotRecordColumns(file: file, first: 2 * QuestionColumns.count, slotCount: slotCount)
  }

  // MARK: - Writing

  /// What of a complete run the next one needs to know.
  struct Outcome {
    let sources: Sources
    let slotCount: Int
    let rejections: [Rejection: Int]
    /// The records of the slots that were settled with work, and those of the others.
    let records: SlotRecords
    let before: SlotRecordColumns?
  }

  /// A history that is written while the version is, and counts from when that is there.
  final class Draft: Sendable {
    private let file: Mutex<ColumnFileWriter?>
    private let header: JSONObject
    private let store: Store

    init(
      _ outcome: Outcome, questions: borrowing QuestionTable, _ store: Store, _ snapshot: Snapshot
    ) throws {
      var file = try ColumnFileWriter(path(store))
      try QuestionColumns.write(questions.kept, to: &file)
      try QuestionColumns.write(questions.refused, to: &file)
      try outcome.records.write(slotCount: outcome.slotCount, before: outcome.before, to: &file)
      self.file = Mutex(file)
      self.store = store
      var header = JSONObject([
        ("format", JSON(format)), ("keys", keys(snapshot.recipe, snapshot)),
        ("rejections", names(outcome.rejections.map { ($0.rawValue, JSON($1)) })),
        ("samples", JSON(snapshot.recipe.sampleCount)), ("slots", JSON(outcome.slotCount)),
        ("sources", names(outcome.sources.encode().map { ($0.path, .string($0.text)) })),
      ])
      if let recalls = snapshot.files.first(where: { $0.path == Recalls.path }) {
        header["recalls"] = .string(String(decoding: recalls.bytes, as: UTF8.self))
      }
      self.header = header
    }

    /// Puts it in the place of an earlier one, once.
    ///
    /// - Parameters:
    ///   - digests: Those of the records.
    ///   - tree: The tree of the version that holds them.
    /// - Throws: What reading the store and writing the file throw.
    func finish(_ digests: [RecordKind: Digest], tree: ObjectID) throws {
      guard let file = file.withLock({ $0.take() }) else { return }
      var header = header
      header["digests"] = names(digests.map { ($0.rawValue, .string($1.hex)) })
      header["fetched"] = try fetched(store)
      header["drops"] = try drops(store)
      header["folders"] = try folders(of: tree, in: store)
      try file.finish(header: header)
    }
  }

  private static func names(_ members: [(String, JSON)]) -> JSON { .object(JSONObject(members)) }
}

extension SimulaError {
  static let damagedHistory = SimulaError(
    .history, "what is remembered of the last run is damaged")
}

extension SlotHistory {
  /// A history with the slots that cannot stay as they are.
  struct Use: Sendable {
    let history: SlotHistory
    let changed: Set<Int>
    /// The beginnings of the ids of records that slots had, and the version has no more.
    let gone: Set<UInt64>
  }

  /// Finds the slots whose requests are not those of the last run, or their answers, or that lost records.
  ///
  /// - Returns: Nil when they are so many that deriving all slots is less work, when the last run kept
  ///   nothing, and when a slot has no mix any more, which may be one that is not needed.
  func use(for sources: Sources, _ snapshot: Snapshot) -> Use? {
    let recipe = snapshot.recipe
    guard file.size(ofColumn: 0) > 0,
      let stale = try? SourceEffect.staleGroups(
        from: self.sources, to: sources, recipe: recipe,
        recalled: (recalls.before.mixes, snapshot.recalls.mixes), count: slotCount),
      let shrunk = gone.isEmpty ? [] : try? slotRecords().slots(having: gone)
    else { return nil }
    let changed = recalls.slots.union(shrunk).union(stale.map(\.number))
    let most = min(slotCount, recipe.sampleCount) / 2
    return changed.count > most ? nil : Use(history: self, changed: changed, gone: gone)
  }
}
