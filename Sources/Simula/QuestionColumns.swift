import ArtifactStore

/// The questions of a list as columns of a file, in the order of their places.
struct QuestionColumns {
  private enum Column: Int, CaseIterable { case places, fingerprints, tags, ends, hashes }

  static let count = Column.allCases.count
  private static let batchSize = 1024

  let file: ColumnFile
  /// The number of the first column.
  let first: Int

  /// Reads a list.
  ///
  /// - Parameters:
  ///   - threshold: From which similarity on questions are near, nil where only equal ones count.
  ///   - slotCount: All places are less.
  /// - Returns: The list, all of it of an earlier run.
  /// - Throws: ``SimulaError`` with code `history` when the columns are not what was written.
  func list(_ threshold: Double?, slotCount: Int) throws(SimulaError) -> QuestionList {
    let count =
      file.size(ofColumn: first + Column.places.rawValue) / MemoryLayout<QuestionList.Place>.size
    let places = try numbers(.places, count, UInt32.self)
    guard zip(places, places.dropFirst()).allSatisfy(<=),
      places.last.map({ Int($0) < slotCount }) ?? true
    else { throw .damagedHistory }
    let words = try numbers(.fingerprints, 2 * count, UInt64.self)
    var near: NearDuplicates?
    if let threshold {
      let texts = try ShingleFile(
        after: .init(
          file: file, number: first + Column.hashes.rawValue,
          ends: try numbers(.ends, count, UInt64.self)))
      near = try NearDuplicates(
        threshold: threshold, texts: texts,
        tags: try numbers(.tags, count * MinHash.bandCount, UInt32.self))
    }
    return QuestionList(
      places: places,
      fingerprints: (0..<count).map { .init(high: words[2 * $0], low: words[2 * $0 + 1]) },
      near: near)
  }

  private func numbers<Number: FixedWidthInteger>(
    _ column: Column, _ count: Int, _ type: Number.Type
  ) throws(SimulaError) -> [Number] {
    guard let numbers = file.numbers(ofColumn: first + column.rawValue, count: count, as: type)
    else { throw .damagedHistory }
    return numbers
  }

  /// Writes the columns of a list.
  ///
  /// - Throws: ``StoreError`` when they cannot be written, ``SimulaError`` when those of the earlier
  ///   run cannot be read.
  static func write(
    _ list: borrowing QuestionList, to file: inout ColumnFileWriter
  ) throws {
    let numbers = list.living
    let batches = stride(from: 0, to: numbers.count, by: batchSize).map {
      numbers[$0..<min($0 + batchSize, numbers.count)]
    }
    try file.append(numbers.map { list.places[$0] })
    try file.endColumn()
    for batch in batches {
      try file.append(
        batch.flatMap { [list.fingerprints[$0].high, list.fingerprints[$0].low] })
    }
    try file.endColumn()
    for batch in batches {
      var tags: [UInt32] = []
      for number in batch { tags += list.near?.tags(number) ?? [] }
      try file.append(tags)
    }
    try file.endColumn()
    var ends: [UInt64] = []
    for number in numbers {
      if let size = list.near?.size(number) { ends.append((ends.last ?? 0) + UInt64(size)) }
    }
    try file.append(ends)
    try file.endColumn()
    for batch in batches {
      var hashes: [UInt64] = []
      for number in batch { hashes += try list.near?.shingles(number).hashes ?? [] }
      try file.append(hashes)
    }
    try file.endColumn()
  }
}
