import Foundation

/// A corpus on disk: version 1 and 2 as one file of lines each, and cut into files of 1 MiB.
struct CorpusFiles {
  private static let pieceSizeInBytes = 1 << 20

  let count: Int
  let folder: URL
  var first: URL { folder.appending(path: "v1.jsonl") }
  /// 1% of the records changed at random, 1% appended.
  var second: URL { folder.appending(path: "v2.jsonl") }
  /// Only what is new in the second.
  var changed: URL { folder.appending(path: "changed.jsonl") }
  /// Another 1%, changed in another way.
  var otherChanged: URL { folder.appending(path: "other.jsonl") }
  /// The pieces of the first for the floors.
  var firstPieces: URL { folder.appending(path: "pieces1") }
  var secondPieces: URL { folder.appending(path: "pieces2") }

  init(_ count: Int, in parent: URL) {
    self.count = count
    folder = parent.appending(path: "corpus-\(count)")
  }

  /// Makes the files.
  func write(_ corpus: Corpus) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var random = SplitMix(seed: 7)
    var isChanged = [Bool](repeating: false, count: count)
    for _ in 0..<(count / 100) { isChanged[random.below(count)] = true }
    var old = try PieceWriter(first, firstPieces, Self.pieceSizeInBytes)
    var new = try PieceWriter(second, secondPieces, Self.pieceSizeInBytes)
    var changes = try PieceWriter(changed, nil, Self.pieceSizeInBytes)
    for number in 0..<(count + count / 100) {
      let line = corpus.line(number)
      if number < count { try old.append(line) }
      guard number >= count || isChanged[number] else {
        try new.append(line)
        continue
      }
      let edited = number < count ? corpus.line(number, revision: 1) : line
      try new.append(edited)
      try changes.append(edited)
    }
    try old.finish()
    try new.finish()
    try changes.finish()
    var others = try PieceWriter(otherChanged, nil, Self.pieceSizeInBytes)
    for _ in 0..<(count / 100) {
      try others.append(corpus.line(random.below(count), revision: 2))
    }
    try others.finish()
  }

  var firstSizeInBytes: Int { size(first) }

  func size(_ file: URL) -> Int {
    (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
  }
}

/// Writes lines to one file and to pieces of a size.
private struct PieceWriter {
  private let whole: FileHandle
  private let pieces: URL?
  private let pieceSize: Int
  private var buffer: [UInt8] = []
  private var number = 0

  init(_ file: URL, _ pieces: URL?, _ pieceSize: Int) throws {
    try Data().write(to: file)
    whole = try FileHandle(forWritingTo: file)
    self.pieces = pieces
    self.pieceSize = pieceSize
    if let pieces {
      try FileManager.default.createDirectory(at: pieces, withIntermediateDirectories: true)
    }
  }

  mutating func append(_ line: [UInt8]) throws {
    buffer += line
    if buffer.count >= pieceSize { try flush() }
  }

  mutating func finish() throws {
    try flush()
    try whole.close()
  }

  private mutating func flush() throws {
    guard !buffer.isEmpty else { return }
    try whole.write(contentsOf: buffer)
    if let pieces {
      let name = String(format: "%05d.jsonl", number)
      try Data(buffer).write(to: pieces.appending(path: name))
    }
    number += 1
    buffer.removeAll(keepingCapacity: true)
  }
}
