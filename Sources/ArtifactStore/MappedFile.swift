import Foundation
import Synchronization

/// A whole file mapped for reading, whose pages are checked against checksums when first used.
final class MappedFile: Sendable {
  static let pageSizeInBytes = 4096

  let count: Int
  private nonisolated(unsafe) let base: UnsafeRawPointer
  /// One flag a page, set once the page was found whole; two threads may both set it.
  private nonisolated(unsafe) let isChecked: UnsafeMutablePointer<Atomic<Bool>>
  private let pageCount: Int

  /// Maps a file, which must not change afterwards; nil when it is not there or empty.
  init?(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size > 0,
      let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0),
      base != MAP_FAILED
    else { return nil }
    count = Int(status.st_size)
    self.base = UnsafeRawPointer(base)
    pageCount = (count + Self.pageSizeInBytes - 1) / Self.pageSizeInBytes
    // Zeros, of which the system makes memory when a flag is first set: most never are.
    guard let flags = calloc(pageCount, MemoryLayout<Atomic<Bool>>.stride) else {
      munmap(base, count)
      return nil
    }
    isChecked = flags.bindMemory(to: Atomic<Bool>.self, capacity: pageCount)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: base), count)
    free(isChecked)
  }

  /// The bytes of a range, which must lie in the file; they live as long as this object.
  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Gives the memory of all pages back, which are read again when they are needed.
  func release() { madvise(UnsafeMutableRawPointer(mutating: base), count, MADV_DONTNEED) }

  /// Checks the pages that hold a range, unless they were checked before.
  ///
  /// - Parameters:
  ///   - range: Bytes of the file.
  ///   - checksum: The CRC-32 that a page must have.
  /// - Returns: Whether all of them are whole.
  func isWhole(_ range: Range<Int>, checksum: (Int) -> UInt32) -> Bool {
    guard !range.isEmpty else { return true }
    let size = Self.pageSizeInBytes
    for page in (range.lowerBound / size)...((range.upperBound - 1) / size) {
      let flag = isChecked + page
      if flag.pointee.load(ordering: .acquiring) { continue }
      let content = bytes((page * size)..<min(count, (page + 1) * size))
      guard Checksum.crc32(content) == checksum(page) else { return false }
      flag.pointee.store(true, ordering: .releasing)
    }
    return true
  }
}
