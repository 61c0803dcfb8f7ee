import Foundation

/// One pack and its index, mapped; both never change once they are there.
///
/// Only objects whose bytes are stored rather than compressed are read here, where they lie.
final class MappedPack: Sendable {
  /// The bytes of an object as they lie in the pack: one piece for each block of 65,535 bytes.
  struct Blocks {
    var pieces: [UnsafeRawBufferPointer] = []
    var sizeInBytes = 0
  }

  private static let fanoutStart = 8
  private static let idsStart = fanoutStart + 256 * 4

  /// The file name of its index.
  let indexName: String
  private let index: MappedBytes
  private let pack: MappedBytes
  private let count: Int

  /// Maps a pack; nil where it or its index is not there, or not of a form that is known.
  init?(_ indexName: String, in directory: String) {
    guard let index = MappedBytes("\(directory)/\(indexName)"),
      let pack = MappedBytes("\(directory)/\(indexName.dropLast(4)).pack"),
      index.number(at: 0, UInt32.self) == 0xff74_4f63, index.number(at: 4, UInt32.self) == 2,
      let count = index.number(at: Self.idsStart - 4, UInt32.self).map(Int.init),
      Self.idsStart + count * (ObjectID.byteCount + 8) <= index.bytes.count
    else { return nil }
    self.indexName = indexName
    (self.index, self.pack, self.count) = (index, pack, count)
  }

  /// The stored bytes of a blob; nil for one that is not here, or not stored.
  ///
  /// - Complexity: O(log *n*) of the objects in the pack.
  func blob(_ id: ObjectID) -> Blocks? {
    place(of: id).flatMap(offset).flatMap(blocks)
  }

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

  private func blocks(at offset: Int) -> Blocks? {
    guard let (size, start) = header(at: offset), let form = pack.number(at: start, UInt16.self),
      // A zlib stream by deflate without a dictionary.
      form >> 8 & 15 == 8, form & 0x20 == 0, form % 31 == 0
    else { return nil }
    var place = start + 2
    var blocks = Blocks()
    while let block = pack.number(at: place, UInt8.self), block >> 1 & 3 == 0 {
      guard let length = pack.number(at: place + 1, UInt16.self)?.byteSwapped,
        pack.number(at: place + 3, UInt16.self)?.byteSwapped == ~length,
        Int(length) <= size - blocks.sizeInBytes, pack.has(place + 5, Int(length))
      else { return nil }
      blocks.pieces.append(pack[place + 5, Int(length)])
      blocks.sizeInBytes += Int(length)
      place += 5 + Int(length)
      if block & 1 == 1 { return blocks.sizeInBytes == size ? blocks : nil }
      // A hostile one may have any number of empty blocks.
      guard length > 0 else { return nil }
    }
    return nil
  }

  /// The size of a blob, and where its stream begins.
  private func header(at offset: Int) -> (size: Int, end: Int)? {
    guard let first = pack.number(at: offset, UInt8.self),
      first >> 4 & 7 == ObjectKind.blob.packType
    else { return nil }
    var size = Int(first & 15)
    var shift = 4
    var place = offset + 1
    var byte = first
    while byte & 0x80 != 0 {
      guard shift < 60, let next = pack.number(at: place, UInt8.self) else { return nil }
      byte = next
      size |= Int(byte & 0x7f) << shift
      shift += 7
      place += 1
    }
    return (size, place)
  }
}

/// A file mapped for reading.
private final class MappedBytes: Sendable {
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

  func has(_ place: Int, _ count: Int) -> Bool {
    place >= 0 && count >= 0 && place <= bytes.count - count
  }

  /// Bytes that must be there.
  subscript(place: Int, count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
  }

  /// A big-endian number; nil beyond the end.
  func number<Number: FixedWidthInteger>(at place: Int, _: Number.Type) -> Number? {
    guard has(place, MemoryLayout<Number>.size) else { return nil }
    return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
  }
}
