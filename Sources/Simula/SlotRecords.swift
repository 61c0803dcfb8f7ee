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
  fileprivate var slotCount: Int { ends.count }

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
    let (words, tags) = try bytes(of: slot..<(slot + 1))
    let size = MemoryLayout<UInt64>.size
    var entries: [SlotRecords.Entry] = []
    for place in 0..<tags.count {
      let word = UInt64(
        littleEndian: words.loadUnaligned(fromByteOffset: place * size, as: UInt64.self))
      guard let entry = SlotRecords.entry(word: word, tag: tags[place]) else {
        throw .damagedHistory
      }
      entries.append(entry)
    }
    return entries
  }

  /// The slots that have one of some records, by the beginnings of their ids.
  ///
  /// - Throws: ``SimulaError`` with code `history` when pages are damaged.
  /// - Complexity: Linear in the records of all slots.
  func slots(having wanted: Set<UInt64>) throws(SimulaError) -> Set<Int> {
    let words = try bytes(of: 0..<slotCount).words
    let size = MemoryLayout<UInt64>.size
    var slots = Set<Int>()
    for slot in 0..<slotCount {
      for place in start(of: slot)..<start(of: slot + 1) {
        let word = words.loadUnaligned(fromByteOffset: place * size, as: UInt64.self)
        if wanted.contains(UInt64(littleEndian: word)) { slots.insert(slot) }
      }
    }
    return slots
  }

  /// Where the records of a slot start; the last end for the slot after all.
  fileprivate func start(of slot: Int) -> Int { slot == 0 ? 0 : Int(ends[slot - 1]) }

  /// The words and tags of some slots, as they stand in the file.
  fileprivate func bytes(
    of slots: Range<Int>
  ) throws(SimulaError) -> (words: UnsafeRawBufferPointer, tags: UnsafeRawBufferPointer) {
    let size = MemoryLayout<UInt64>.size
    let (start, end) = (start(of: slots.lowerBound), start(of: slots.upperBound))
    guard let words = file.bytes((start * size)..<(end * size), ofColumn: first + 1),
      let tags = file.bytes(start..<end, ofColumn: first + 2)
    else { throw .damagedHistory }
    return (words, tags)
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
    let runs = runs(slotCount: slotCount)
    var size = 0
    for run in runs {
      let numbers: [Int]
      switch run {
      case .new(let places):
        let start = range(places).lowerBound
        numbers = places.map { Int(ends[$0]) - start }
      case .former(let slots):
        guard let before, slots.upperBound <= before.slotCount else {
          throw SimulaError.damagedHistory
        }
        let start = before.start(of: slots.lowerBound)
        numbers = slots.map { before.start(of: $0 + 1) - start }
      }
      try file.append(numbers.map { UInt32(size + $0) })
      size += numbers.last ?? 0
    }
    try file.endColumn()
    for run in runs {
      switch run {
      case .new(let places): try file.append(Array(words[range(places)]))
      case .former(let slots): try before.map { try file.append($0.bytes(of: slots).words) }
      }
    }
    try file.endColumn()
    for run in runs {
      switch run {
      case .new(let places): try file.append(Array(tags[range(places)]))
      case .former(let slots): try before.map { try file.append($0.bytes(of: slots).tags) }
      }
    }
    try file.endColumn()
  }

  /// Slots in a row: those that stand at some places here, or some that are as before.
  private enum Run {
    case new(Range<Int>)
    case former(Range<Int>)
  }

  /// All slots in their order.
  private func runs(slotCount: Int) -> [Run] {
    var runs: [Run] = []
    var first = 0
    var next = 0
    func end(_ place: Int) { if first < place { runs.append(.new(first..<place)) } }
    for (place, slot) in slots.enumerated() {
      if Int(slot) != next {
        end(place)
        runs.append(.former(next..<Int(slot)))
        first = place
      }
      next = Int(slot) + 1
    }
    end(slots.count)
    if next < slotCount { runs.append(.former(next..<slotCount)) }
    return runs
  }

  /// Where the records of the slots at some places are.
  private func range(_ places: Range<Int>) -> Range<Int> {
    (places.lowerBound == 0 ? 0 : Int(ends[places.lowerBound - 1]))..<Int(
      ends[places.upperBound - 1])
  }
}
