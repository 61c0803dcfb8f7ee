package import CanonicalJSON
import Foundation

/// A local file of columns that can be made anew: each page has a CRC-32, checked when first used.
///
/// All numbers are little-endian. Columns begin at whole pages; then come the header as JSON, and at
/// the end of the last page its place and length, 8 bytes each, and the magic; then the CRC-32 of every
/// page before, and that of these checksums.
package final class ColumnFile: Sendable {
  fileprivate static let magic = Array("STEMMAC1".utf8)
  fileprivate static let trailerSizeInBytes = 24
  private static let page = MappedFile.pageSizeInBytes

  package let header: JSON
  private let file: MappedFile
  private let table: Range<Int>
  private let columns: [Range<Int>]

  /// Opens a file, or returns nil when it is missing, cut off or damaged at its ends.
  package init?(_ path: String) {
    guard let file = MappedFile(path) else { return nil }
    let pageCount = (file.count - 4) / (Self.page + 4)
    table = (pageCount * Self.page)..<(pageCount * (Self.page + 4))
    // Checksums that are damaged fit no page: there is no need to look at all of them.
    guard pageCount > 0, file.count == table.upperBound + 4 else { return nil }
    self.file = file
    let end = table.lowerBound
    let trailer = (end - Self.trailerSizeInBytes)..<end
    guard let bytes = Self.checked(trailer, file, table),
      bytes[16...].elementsEqual(Self.magic)
    else { return nil }
    let start = bytes.loadLittle(at: 0, UInt64.self)
    let length = bytes.loadLittle(at: 8, UInt64.self)
    guard start <= UInt64(end), length <= UInt64(end) - start,
      let text = Self.checked(Int(start)..<Int(start + length), file, table),
      let header = try? JSON(parsing: Array(text))
    else { return nil }
    self.header = header
    var columns: [Range<Int>] = []
    for entry in header["columns"]?.array ?? [] {
      guard let start = entry["start"]?.int, let size = entry["size"]?.int, start >= 0, size >= 0,
        size <= end, start <= end - size
      else { return nil }
      columns.append(start..<(start + size))
    }
    self.columns = columns
  }

  package var columnCount: Int { columns.count }

  /// How many bytes a column has.
  package func size(ofColumn column: Int) -> Int { columns[column].count }

  /// Whether every page holds what was written.
  var isWhole: Bool {
    Checksum.crc32(file.bytes(table))
      == file.bytes(table.upperBound..<file.count).loadLittle(at: 0, UInt32.self)
      && Self.checked(0..<table.lowerBound, file, table) != nil
  }

  /// A part of a column, or nil when its pages are not what was written; it lives as long as this.
  package func bytes(_ range: Range<Int>, ofColumn column: Int) -> UnsafeRawBufferPointer? {
    let start = columns[column].lowerBound
    precondition(range.lowerBound >= 0 && range.upperBound <= columns[column].count)
    return Self.checked((start + range.lowerBound)..<(start + range.upperBound), file, table)
  }

  /// A whole column as numbers, or nil when it is damaged or of another size.
  package func numbers<Number: FixedWidthInteger>(
    ofColumn column: Int, count: Int, as type: Number.Type
  ) -> [Number]? {
    let size = columns[column].count
    guard size == count * MemoryLayout<Number>.size, let bytes = bytes(0..<size, ofColumn: column)
    else { return nil }
    return [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
      precondition(1.littleEndian == 1, "columns are read as memory holds them")
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
      initialized = count
    }
  }

  private static func checked(
    _ range: Range<Int>, _ file: MappedFile, _ table: Range<Int>
  ) -> UnsafeRawBufferPointer? {
    let checksums = file.bytes(table)
    let isWhole = file.isWhole(range) { checksums.loadLittle(at: $0 * 4, UInt32.self) }
    return isWhole ? file.bytes(range) : nil
  }
}

/// Writes a ``ColumnFile``, which takes its name only when it is whole.
package struct ColumnFileWriter: ~Copyable {
  private let path: String
  private var file: PagedFile
  private var size = 0
  private var start = 0
  private var columns: [JSON] = []

  /// Begins a file beside the one that it is to replace.
  package init(_ path: String) throws(StoreError) {
    self.path = path
    file = try PagedFile(path + ".new")
  }

  package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    try file.append(bytes)
    size += bytes.count
  }

  /// Adds numbers to the column.
  package mutating func append(_ numbers: [some FixedWidthInteger]) throws(StoreError) {
    precondition(1.littleEndian == 1, "columns are written as memory holds them")
    var failure: StoreError?
    numbers.withUnsafeBytes { bytes in
      do throws(StoreError) { try append(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  package mutating func endColumn() throws(StoreError) {
    columns.append(["size": JSON(size - start), "start": JSON(start)])
    try endPage(leaving: 0)
    start = size
  }

  /// Adds the header and puts the file in the place of an earlier one.
  package consuming func finish(header: JSONObject) throws(StoreError) {
    var header = header
    header["columns"] = .array(columns)
    let text = JSON.object(header).canonicalBytes
    let place = [UInt64(size), UInt64(text.count)]
    try append(text)
    try endPage(leaving: ColumnFile.trailerSizeInBytes)
    try append(place)
    try append(ColumnFile.magic)
    try file.keep()
    guard rename(path + ".new", path) == 0 else {
      throw StoreError(
        .io, "cannot write '\(path)': \(String(cString: strerror(errno)))",
        hint: "check the space and the permissions of the dataset")
    }
  }

  /// Fills a page with zeros but for its last bytes.
  private mutating func endPage(leaving rest: Int) throws(StoreError) {
    let page = MappedFile.pageSizeInBytes
    let count = (2 * page - (size + rest) % page) % page
    try append([UInt8](repeating: 0, count: count))
  }
}
