import Foundation

/// What libgit2 takes on trust of the index of a pack: that its offsets lie in the pack, and that it
/// is as long as its objects need.
struct PackIndexRules: ~Copyable {
  private static let fanoutSizeInBytes = 256 * 4
  private static let digestsSizeInBytes = 2 * ObjectID.byteCount

  private let index: Int32
  private let pack: Int32

  /// Refuses indexes by which libgit2 would read beyond the end of a file, and crash.
  ///
  /// - Throws: ``GitError`` with code `corrupt`. What libgit2 refuses by itself is left to it.
  static func check(packDirectory: String) throws(GitError) {
    for name in try listDirectory(packDirectory) where name.hasSuffix(".idx") {
      guard let rules = PackIndexRules("\(packDirectory)/\(name.dropLast(4))"), !rules.areMet else {
        continue
      }
      throw GitError(
        .corrupt, "cannot read '\(name)': it names objects that are not in its pack",
        hint: "remove it, and run 'git index-pack \(name.dropLast(4)).pack' in '\(packDirectory)'")
    }
  }

  /// Opens the two files of a pack; nil unless both are there.
  private init?(_ base: String) {
    index = open("\(base).idx", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    pack = open("\(base).pack", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard index >= 0, pack >= 0 else { return nil }
  }

  deinit {
    if index >= 0 { close(index) }
    if pack >= 0 { close(pack) }
  }

  private var areMet: Bool {
    let start = Self.bytes(of: index, at: 0, count: 8 + Self.fanoutSizeInBytes)
    let isSecond = start.starts(with: [0xff] + Array("tOc".utf8))
    let tables = Self.fanoutSizeInBytes + (isSecond ? 8 : 0)
    guard start.count >= tables else { return true }
    let count = Self.number(start[(tables - 4)..<tables])
    // An ID, a checksum and an offset, or in version 1 an offset and an ID.
    let entrySize = ObjectID.byteCount + (isSecond ? 8 : 4)
    let (indexSize, packSize) = (Self.size(of: index), Self.size(of: pack))
    guard tables + count * entrySize + Self.digestsSizeInBytes <= indexSize else {
      // libgit2 counts in 32 bits, and finds out only if these are enough.
      return count * entrySize + tables + Self.digestsSizeInBytes <= UInt32.max
    }
    // An index of another pack is refused, and so is a pack that was cut.
    let known = Self.bytes(of: index, at: indexSize - 40, count: ObjectID.byteCount)
    guard known == Self.bytes(of: pack, at: packSize - 20, count: ObjectID.byteCount) else {
      return true
    }
    let end = packSize - ObjectID.byteCount
    guard isSecond else {
      let entries = Self.bytes(of: index, at: tables, count: count * entrySize)
      return stride(from: 0, to: entries.count, by: entrySize).allSatisfy {
        Self.number(entries[$0..<($0 + 4)]) < end
      }
    }
    let place = tables + count * (entrySize - 4)
    let large = Self.bytes(
      of: index, at: place + 4 * count, count: indexSize - 40 - place - 4 * count)
    let offsets = Self.bytes(of: index, at: place, count: 4 * count)
    return stride(from: 0, to: offsets.count, by: 4).allSatisfy { place in
      let offset = offsets.withUnsafeBytes {
        Int(UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
      }
      guard offset >= 1 << 31 else { return offset < end }
      let position = (offset - (1 << 31)) * 8
      guard position + 8 <= large.count, large[position] == 0 else { return false }
      return Self.number(large[position..<(position + 8)]) < end
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  private static func size(of descriptor: Int32) -> Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  /// The bytes at a place; fewer where the file ends.
  private static func bytes(of descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
    guard offset >= 0, count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let rest = UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: buffer[filled...]))
        let read = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
        guard read > 0 || (read < 0 && errno == EINTR) else { return }
        filled += max(read, 0)
      }
    }
  }
}
