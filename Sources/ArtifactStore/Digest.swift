import Crypto

/// The SHA-256 of uncompressed bytes: the address of an artifact.
package struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The length in bytes.
  package static let length = 32

  private let words: (UInt64, UInt64, UInt64, UInt64)  // big-endian, so that order is byte order

  package init(of bytes: [UInt8]) {
    var hasher = Hasher256()
    hasher.update(bytes)
    self = hasher.finish()
  }

  package init(of bytes: some Sequence<UInt8>) { self.init(of: Array(bytes)) }

  /// Takes the first 32 bytes from an offset; the caller has checked that they are there.
  package init(bytes: [UInt8], at offset: Int = 0) {
    func word(_ index: Int) -> UInt64 {
      var word: UInt64 = 0
      for byte in bytes[(offset + index * 8)..<(offset + index * 8 + 8)] {
        word = word << 8 | UInt64(byte)
      }
      return word
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// Takes the first 32 bytes of a buffer that holds at least as many.
  init(loading buffer: UnsafeRawBufferPointer) {
    precondition(buffer.count >= Digest.length)
    func word(_ index: Int) -> UInt64 {
      UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// The first 8 bytes as a number; digests are ordered and spread by it.
  package var leadingWord: UInt64 { words.0 }

  /// The second 8 bytes as a number.
  package var secondWord: UInt64 { words.1 }

  /// Lends the 32 bytes.
  func withBytes<Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let bytes = (
      words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
    )
    try ArtifactStore.withBytes(of: bytes, body)
  }

  /// Reads 64 lower-case hexadecimal digits, or returns nil.
  package init?(hex: some StringProtocol) { self.init(hex: Array(hex.utf8)[...]) }

  /// Reads 64 lower-case hexadecimal digits, or returns nil.
  init?(hex: ArraySlice<UInt8>) {
    let digits = 2 * MemoryLayout<UInt64>.size
    func word(_ index: Int) -> UInt64? {
      let start = hex.startIndex + index * digits
      return Hex.word(hex[start..<(start + digits)])
    }
    guard hex.count == 4 * digits, let first = word(0), let second = word(1),
      let third = word(2), let fourth = word(3)
    else { return nil }
    words = (first, second, third, fourth)
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Digest.length)
    withBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  package var hex: String {
    var text = ""
    withBytes { text = Hex.text($0) }
    return text
  }

  /// The bytes of ``hex``.
  package var hexBytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 2 * Digest.length) { text, count in
      withBytes { count = Hex.write($0, to: text) }
    }
  }
  package var description: String { hex }

  package static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }
  package static func < (left: Digest, right: Digest) -> Bool { left.words < right.words }
  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// An incremental SHA-256.
package struct Hasher256 {
  private var sha = SHA256()

  package init() {}
  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { sha.update(bufferPointer: $0) }
  }
  package mutating func update(_ bytes: UnsafeRawBufferPointer) { sha.update(bufferPointer: bytes) }
  package mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { sha.update(bufferPointer: UnsafeRawBufferPointer($0)) }
  }

  package func finish() -> Digest {
    sha.finalize().withUnsafeBytes { Digest(loading: $0) }
  }
}

/// Lower-case hexadecimal.
package enum Hex {
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { write(bytes, to: $0) }
  }

  /// Writes two digits a byte, and returns how many that are.
  static func write(
    _ bytes: some Collection<UInt8>, to text: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    var place = 0
    for byte in bytes {
      text[place] = digit(byte >> 4)
      text[place + 1] = digit(byte & 15)
      place += 2
    }
    return place
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }

  /// The number that up to 16 lower-case digits make; nil for anything else.
  static func word(_ digits: some Collection<UInt8>) -> UInt64? {
    var word: UInt64 = 0
    for digit in digits {
      guard let value = value(digit) else { return nil }
      word = word << 4 | UInt64(value)
    }
    return word
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// The bytes, or nil when the text holds anything but pairs of lower-case digits.
  package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    bytes(Array(text.utf8)[...])
  }

  /// The bytes, or nil when there is anything but pairs of lower-case digits.
  static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    for character in text {
      guard let digit = value(character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? bytes : nil
  }
}

/// Hash input whose every field is framed by its length, so that no two field lists collide.
///
/// Layout: the domain and each field as 8 bytes big-endian length, then the bytes.
package struct FramedHash: ~Copyable {
  /// Longer input is hashed in parts of about this size, which costs an allocator least.
  private static let bufferSizeInBytes = 1000
  private static let frameSizeInBytes = 8

  private var hasher = Hasher256()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: bufferSizeInBytes, alignment: 16)
  private var count = 0

  package init(domain: String) { add(domain) }

  deinit { buffer.deallocate() }

  package mutating func add(_ field: String) {
    field.utf8.span.withUnsafeBytes { add($0) }
  }

  package mutating func add(_ field: [UInt8]) { add(field[...]) }

  package mutating func add(_ field: ArraySlice<UInt8>) {
    field.withUnsafeBytes { add($0) }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    if count + Self.frameSizeInBytes > buffer.count { flush() }
    buffer.storeBytes(of: UInt64(bytes.count).bigEndian, toByteOffset: count, as: UInt64.self)
    count += Self.frameSizeInBytes
    guard count + bytes.count > buffer.count else {
      UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: bytes)
      count += bytes.count
      return
    }
    flush()
    hasher.update(bytes)
  }

  private mutating func flush() {
    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    count = 0
  }

  package consuming func finish() -> Digest {
    flush()
    return hasher.finish()
  }
}
