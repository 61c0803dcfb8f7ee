import CGit2
import Crypto

/// Git's name for an object: the SHA-1 of its kind, size and bytes.
package struct ObjectID: Hashable, Sendable {
  /// The number of bytes in an object ID.
  package static let byteCount = 20

  // Big-endian, so that comparing the numbers compares the bytes.
  private let high: UInt64
  private let middle: UInt64
  private let low: UInt32

  /// Takes the ID of 8, 8 and 4 bytes.
  init(high: UInt64, middle: UInt64, low: UInt32) {
    (self.high, self.middle, self.low) = (high, middle, low)
  }

  /// Takes the ID of exactly 20 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var rest = bytes.makeIterator()
    func take<Number: FixedWidthInteger>(_: Number.Type) -> Number {
      var number: Number = 0
      for _ in 0..<(Number.bitWidth / 8) { number = number << 8 | Number(rest.next() ?? 0) }
      return number
    }
    high = take(UInt64.self)
    middle = take(UInt64.self)
    low = take(UInt32.self)
  }

  /// Takes the first 20 bytes of a buffer that holds at least as many.
  package init(loading buffer: UnsafeRawBufferPointer) {
    precondition(buffer.count >= Self.byteCount)
    high = UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    middle = UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    low = UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
  }

  /// Reads exactly 40 hexadecimal digits, of either case.
  package init?(hex: some StringProtocol) {
    guard hex.utf8.count == 2 * Self.byteCount else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    var pending: UInt8?
    for digit in hex.utf8 {
      guard let value = Self.value(ofDigit: digit) else { return nil }
      if let first = pending {
        bytes.append(first << 4 | value)
        pending = nil
      } else {
        pending = value
      }
    }
    self.init(bytes: bytes)
  }

  /// Names an object by its kind and bytes, as git does.
  package init(hashing kind: ObjectKind, _ bytes: [UInt8]) {
    self.init(hashing: kind, bytes.span.bytes)
  }

  /// Names an object by its kind and bytes, as git does.
  package init(hashing kind: ObjectKind, _ bytes: RawSpan) {
    var hash = Insecure.SHA1()
    let header = Array("\(kind.rawValue) \(bytes.byteCount)\0".utf8)
    header.withUnsafeBytes { hash.update(bufferPointer: $0) }
    bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    self.init(hash.finalize())
  }

  init(_ digest: Insecure.SHA1.Digest) {
    self = digest.withUnsafeBytes { ObjectID(loading: $0) }
  }

  init(_ id: git_oid) {
    self = withUnsafeBytes(of: id) { ObjectID(loading: $0) }
  }

  /// The ID as libgit2 takes it.
  var oid: git_oid {
    var oid = git_oid()
    withUnsafeMutableBytes(of: &oid) { $0.copyBytes(from: bytes) }
    return oid
  }

  /// The 20 bytes.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    withUnsafeBytes(of: high.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: middle.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: low.bigEndian) { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// The first byte, by which indexes of packs are divided.
  var firstByte: UInt8 { UInt8(truncatingIfNeeded: high >> 56) }

  /// The 40 lowercase hexadecimal digits.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * Self.byteCount)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension ObjectID: Comparable {
  package static func < (left: ObjectID, right: ObjectID) -> Bool {
    (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
  }
}

extension ObjectID: CustomStringConvertible {
  package var description: String { hex }
}
