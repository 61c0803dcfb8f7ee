import ArtifactStore

/// Which records slots have: 9 bytes of memory a record.
struct SlotRecords: Sendable {
  /// One record of a slot.
  struct Entry: Sendable, Hashable {
    let kind: RecordKind
    /// The first 8 bytes of its id.
    let word: UInt64
    /// Why something was not accepted, for the record of that.
    let rejection: Rejection?
  }

  /// The slots in their order, and where the records of each end.
  private var slots: [UInt32] = []
  private var ends: [UInt32] = []
  private var words: [UInt64] = []
  private var tags: [UInt8] = []

  /// Takes the records of the next slot.
  mutating func append(_ entries: [Entry], of slot: Int) {
    for entry in entries {
      guard let tag = Self.tag(entry) else { continue }
      words.append(entry.word)
      tags.append(tag)
    }
    slots.append(UInt32(slot))
    ends.append(UInt32(words.count))
  }

  // MARK: - Tags

  /// A byte: the kind's place among those of slots, and above it the reason.
  private static func tag(_ entry: Entry) -> UInt8? {
    guard let kind = SlotHistory.kinds.firstIndex(of: entry.kind) else { return nil }
    let reason = entry.rejection.flatMap(Rejection.allCases.firstIndex).map { $0 + 1 } ?? 0
    return UInt8(kind | reason << 4)
  }

  fileprivate static func entry(word: UInt64, tag: UInt8) -> Entry? {
    let (kind, reason) = (Int(tag & 15), Int(tag >> 4))
    guard kind < SlotHistory.kinds.count, reason <= Rejection.allCases.count else { return nil }
    return Entry(
      kind: SlotHistory.kinds[kind], word: word,
      rejection: reason == 0 ? nil : Rejection.allCases[reason - 1])
  }
}

/// The records of slots as columns of a file: where those of each slot end, ids and tags.
struct SlotRecordColumns: Sendable {
  static let count = 3

  private let file: ColumnFile
  private let first: Int
  private let ends: [UInt32]

  /// Opens the columns of so many slots.
  ///
  /// - Throws: ``SimulaError`` with code `history` when they are not what was written.
  init(file: ColumnFile, first: Int, slotCount: Int) throws(SimulaError) {
    self.file = file
    self.first = first
    let size = MemoryLayout<UInt64>.size
    guard let ends = file.numbers(ofColumn: first, count: slotCount, as: UInt32.self),
      zip(ends, ends.dropFirst()).allSatisfy(<=),
      file.size(ofColumn: first + 1) == Int(ends.last ?? 0) * size,
      file.size(ofColumn: first + 2) == Int(ends.last ?? 0)
    else { throw .damagedHistory }
    self.ends = ends
  }

  /// The records of a slot.
  ///
  /// - Throws: ``SimulaError`` with code `history` when their pages are damaged.
  func entries(of slot: Int) throws(SimulaError) -> [SlotRecords.Entry] {
    let size = MemoryLayout<UInt64>.size
    let range = (slot == 0 ? 0 : Int(ends[slot - 1]))..<Int(ends[slot])
    guard
      let words = file.bytes(
        (range.lowerBound * size)..<(range.upperBound * size), ofColumn: first + 1),
      let tags = file.bytes(range, ofColumn: first + 2)
    else { throw .damagedHistory }
    var entries: [SlotRecords.Entry] = []
    for place in 0..<range.count {
      let word = UInt64(
        littleEndian: words.loadUnaligned(fromByteOffset: place * size, as: UInt64.self))
      guard let entry = SlotRecords.entry(word: word, tag: tags[place]) else {
        throw .damagedHistory
      }
      entries.append(entry)
    }
    return entries
  }
}

extension SlotRecords {
  /// Writes the columns of all slots: those that this has, and the others as they were before.
  ///
  /// - Throws: ``StoreError`` when they cannot be written, ``SimulaError`` when those before cannot be
  ///   read.
  func write(
    slotCount: Int, before: SlotRecordColumns?, to file: inout ColumnFileWriter
  ) throws {
    var all = SlotRecords()
    var next = 0
    for slot in 0..<slotCount {
      if next < slots.count, Int(slots[next]) == slot {
        let range = (next == 0 ? 0 : Int(ends[next - 1]))..<Int(ends[next])
        all.words += words[range]
        all.tags += tags[range]
        next += 1
      } else {
        guard let before else { throw SimulaError.damagedHistory }
        for entry in try before.entries(of: slot) {
          all.words.append(entry.word)
          all.tags.append(Self.tag(entry) ?? 0)
        }
      }
      all.ends.append(UInt32(all.words.count))
    }
    try file.append(all.ends)
    try file.endColumn()
    try file.append(all.words)
    try file.endColumn()
    try file.append(all.tags)
    try file.endColumn()
  }
}
