import Foundation

/// Reads blobs out of one pack where their bytes are stored rather than compressed, as Stemma writes them.
///
/// The pack and its index never change once they are there. Any number of tasks may read at once. Only the index
/// stays open: packs may be more than files that a process may have open.
final class PackReader: Sendable {
  private static let fanoutStart = 8
  /// The most bytes of the kind and size in front of a stream.
  private static let entryHeaderSizeInBytes = 10
  private static let idsStart = fanoutStart + 256 * 4
  /// The form of a zlib stream, in front of its blocks.
  private static let streamHeaderSizeInBytes = 2
  /// Whether it is the last, and twice its length.
  private static let blockHeaderSizeInBytes = 5

  /// The file name of its index.
  let indexName: String
  private let index: MappedIndex
  private let path: String
  private let count: Int

  /// Opens the index of a pack; nil where it is not there, or not of a form that is known.
  init?(_ indexName: String, in directory: String) {
    guard let index = MappedIndex("\(directory)/\(indexName)"),
      index.number(at: 0, UInt32.self) == 0xff74_4f63, index.number(at: 4, UInt32.self) == 2,
      let count = index.number(at: Self.idsStart - 4, UInt32.self).map(Int.init),
      Self.idsStart + count * (ObjectID.byteCount + 8) <= index.bytes.count
    else { return nil }
    (self.indexName, self.index, self.count) = (indexName, index, count)
    path = "\(directory)/\(indexName.dropLast(4)).pack"
  }

  /// The bytes of a blob; nil for one that is not here, not stored, or too large.
  ///
  /// - Complexity: O(log *n*) of the objects in the pack, and the blob's bytes.
  func blob(_ id: ObjectID, maximumSizeInBytes: Int) -> ObjectBytes? {
    guard let offset = place(of: id).flatMap(offset) else { return nil }
    let pack = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard pack >= 0 else { return nil }
    defer { close(pack) }
    guard let (size, start) = header(in: pack, at: offset), size <= maximumSizeInBytes else {
      return nil
    }
    return content(in: pack, at: start, size)
  }

  // MARK: - Index

  private func place(of id: ObjectID) -> Int? {
    let first = Int(id.firstByte)
    var low = first == 0 ? 0 : fanout(first - 1)
    var high = min(fanout(first), count)
    while low < high {
      let middle = (low + high) / 2
      let found = ObjectID(
        loading: index[Self.idsStart + middle * ObjectID.byteCount, ObjectID.byteCount])
      if found == id { return middle }
      if found < id { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private func fanout(_ byte: Int) -> Int {
    Int(index.number(at: Self.fanoutStart + byte * 4, UInt32.self) ?? 0)
  }

  private func offset(_ place: Int) -> Int? {
    let offsets = Self.idsStart + count * (ObjectID.byteCount + 4)
    guard let offset = index.number(at: offsets + place * 4, UInt32.self).map(Int.init) else {
      return nil
    }
    guard offset >= 1 << 31 else { return offset }
    let large = offsets + count * 4 + (offset - 1 << 31) * 8
    return index.number(at: large, UInt64.self).flatMap { Int(exactly: $0) }
  }

  // MARK: - Pack

  /// The size of a blob, and where its stream begins; nil for one that is compressed, so that no more of it is read.
  private func header(in pack: Int32, at offset: Int) -> (size: Int, end: Int)? {
    // No entry is so short that these reach beyond the hash at the end of the pack.
    let most = Self.entryHeaderSizeInBytes + Self.streamHeaderSizeInBytes + 1
    return withUnsafeTemporaryAllocation(byteCount: most, alignment: 1) { bytes in
      guard Self.read(bytes, from: pack, at: offset),
        bytes[0] >> 4 & 7 == ObjectKind.blob.packType
      else { return nil }
      var size = Int(bytes[0] & 15)
      var place = 0
      while bytes[place] & 0x80 != 0 {
        place += 1
        guard place < Self.entryHeaderSizeInBytes - 1 else { return nil }
        size |= Int(bytes[place] & 0x7f) << (7 * place - 3)
      }
      let stream = place + 1
      // Deflate without a dictionary, and bytes that are stored.
      guard bytes[stream] & 15 == 8, bytes[stream + 1] & 0x20 == 0,
        bytes[stream + Self.streamHeaderSizeInBytes] & 6 == 0
      else { return nil }
      return (size, offset + stream)
    }
  }

  /// The blocks of a stream, joined; nil for one that was written otherwise.
  private func content(in pack: Int32, at start: Int, _ size: Int) -> ObjectBytes? {
    let header = Self.blockHeaderSizeInBytes
    let blockCount = PackEntry.blockCount(size)
    let stream = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.streamHeaderSizeInBytes + size + blockCount * header, alignment: 16)
    var isKept = false
    defer { if !isKept { stream.deallocate() } }
    guard Self.read(stream, from: pack, at: start) else { return nil }
    var place = Self.streamHeaderSizeInBytes
    var reached = place + header
    for block in 0..<blockCount {
      let length = min(size - block * PackEntry.blockSizeInBytes, PackEntry.blockSizeInBytes)
      let low = stream.loadUnaligned(fromByteOffset: place + 1, as: UInt16.self)
      let high = stream.loadUnaligned(fromByteOffset: place + 3, as: UInt16.self)
      guard stream[place] & 7 == (block == blockCount - 1 ? 1 : 0),
        Int(UInt16(littleEndian: low)) == length, high == ~low
      else { return nil }
      if block > 0 {
        let block = UnsafeRawBufferPointer(rebasing: stream[(place + header)...].prefix(length))
        UnsafeMutableRawBufferPointer(rebasing: stream[reached...]).copyMemory(from: block)
      }
      reached += length
      place += header + length
    }
    isKept = true
    return ObjectBytes(stream, from: Self.streamHeaderSizeInBytes + header, count: size)
  }

  /// Fills a buffer; false where the file ends before, or cannot be read.
  private static func read(
    _ buffer: UnsafeMutableRawBufferPointer, from pack: Int32, at offset: Int
  ) -> Bool {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = pread(pack, rest.baseAddress, rest.count, off_t(offset + filled))
      guard count > 0 || (count < 0 && errno == EINTR) else { return false }
      filled += max(count, 0)
    }
    return true
  }
}

/// The index of a pack, mapped.
private final class MappedIndex: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  init?(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0,
      let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0),
      start != MAP_FAILED
    else { return nil }
    bytes = UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

  /// Bytes that must be there.
  subscript(place: Int, count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
  }

  /// A big-endian number; nil beyond the end.
  func number<Number: FixedWidthInteger>(at place: Int, _: Number.Type) -> Number? {
    guard place >= 0, place <= bytes.count - MemoryLayout<Number>.size else { return nil }
    return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
  }
}
