import Dataset

/// The slots of the last run: which of them stay as they are, and which records the others had.
struct FormerSlots: Sendable {
  /// How many slots the last run settled.
  let count: Int
  /// Which records they have.
  let records: SlotRecordColumns
  /// The beginnings of the ids of those that the version has no more.
  let gone: Set<UInt64>
  /// The slots with another mix, other words in requests, or other knobs of their strategy.
  private let changed: Set<Int>
  private let duplicates: Duplicates

  /// Takes the questions of the last run to be in ``Duplicates`` already.
  init(_ use: SlotHistory.Use, duplicates: Duplicates) throws(SimulaError) {
    count = use.history.slotCount
    records = try use.history.slotRecords()
    changed = use.changed
    gone = use.gone
    self.duplicates = duplicates
  }

  /// What the last run came to in a slot that stays, as far as is known; nil for other slots.
  func outcome(of slot: Int) -> Bool? {
    guard slot < count, !changed.contains(slot), !duplicates.isDoubtful(slot) else { return nil }
    return duplicates.wasKept(slot: slot)
  }
}
