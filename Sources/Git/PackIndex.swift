import Crypto

/// The index of a pack, in version 2 of git's format.
struct PackIndex {
  /// Where one object is in the pack.
  struct Entry {
    let id: ObjectID
    let checksum: UInt32
    let offset: Int
  }

  /// The entries by ID.
  let entries: [Entry]
  /// The hash at the end of the pack.
  let packDigest: ObjectID

  /// Makes the index of entries in any order.
  init(_ entries: consuming [Entry], packDigest: ObjectID) {
    entries.sort { $0.id < $1.id }
    self.entries = entries
    self.packDigest = packDigest
  }

  /// Appends the index to a file, in pieces.
  func write(to file: inout OutputFile) throws(GitError) {
    var output = HashedOutput()
    output.append([0xff] + Array("tOc".utf8))
    output.append(UInt32(2).bigEndianBytes)
    try writeFanout(&output, to: &file)
    for entry in entries { try output.append(entry.id.bytes, to: &file) }
    for entry in entries { try output.append(entry.checksum.bigEndianBytes, to: &file) }
    try writeOffsets(&output, to: &file)
    output.append(packDigest.bytes)
    try output.flush(to: &file)
    try file.append(ObjectID(output.hash.finalize()).bytes)
  }

  /// For each first byte, the number of objects up to and including it.
  private func writeFanout(
    _ output: inout HashedOutput, to file: inout OutputFile
  ) throws(GitError) {
    var position = 0
    for byte in UInt8.min...UInt8.max {
      while position < entries.count, entries[position].id.firstByte <= byte { position += 1 }
      try output.append(UInt32(position).bigEndianBytes, to: &file)
    }
  }

  /// Offsets of 31 bits, or else, with the highest bit set, positions in a table of 64-bit ones.
  private func writeOffsets(
    _ output: inout HashedOutput, to file: inout OutputFile
  ) throws(GitError) {
    var large: [UInt64] = []
    for entry in entries {
      if let offset = Int32(exactly: entry.offset) {
        try output.append(offset.bigEndianBytes, to: &file)
      } else {
        try output.append((UInt32(large.count) | 1 << 31).bigEndianBytes, to: &file)
        large.append(UInt64(entry.offset))
      }
    }
    for offset in large { try output.append(offset.bigEndianBytes, to: &file) }
  }
}

/// Gathers small pieces, and hashes them on their way to a file.
private struct HashedOutput {
  private static let pieceSizeInBytes = 64 << 10

  var hash = Insecure.SHA1()
  private var piece: [UInt8] = []

  mutating func append(_ bytes: [UInt8]) {
    piece.append(contentsOf: bytes)
  }

  mutating func append(_ bytes: [UInt8], to file: inout OutputFile) throws(GitError) {
    append(bytes)
    if piece.count >= Self.pieceSizeInBytes { try flush(to: &file) }
  }

  mutating func flush(to file: inout OutputFile) throws(GitError) {
    piece.withUnsafeBytes { hash.update(bufferPointer: $0) }
    try file.append(piece)
    piece.removeAll(keepingCapacity: true)
  }
}
