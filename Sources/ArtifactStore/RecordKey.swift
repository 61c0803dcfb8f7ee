/// The member of imported JSON lines by which a record is the same one after a change.
package struct RecordKey: Sendable, Hashable {
  /// The name of a top-level member.
  package let field: String
  private let quoted: [UInt8]

  package init(field: String) {
    self.field = field
    quoted = Array(field.utf8)
  }

  /// The hash of the member's value as it is written: the first 8 bytes of its SHA-256; nil when the
  /// line does not end as an object does, or has no such member, or null there.
  ///
  /// Only what stands before the member is read; what stands behind it may be anything.
  package func hash(of line: RawSpan) -> UInt64? {
    line.withUnsafeBytes { bytes in
      guard let last = bytes.last(where: { ![0x20, 0x09, 0x0D].contains($0) }),
        last == UInt8(ascii: "}"), let range = value(in: bytes),
        !bytes[range].elementsEqual("null".utf8)
      else { return nil }
      var hasher = Hasher256()
      hasher.update(UnsafeRawBufferPointer(rebasing: bytes[range]))
      return hasher.finish().leadingWord
    }
  }

  private func value(in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
    var members = MemberScanner(bytes)
    while let member = members.next() {
      if bytes[member.name].elementsEqual(quoted) { return member.value }
    }
    return nil
  }
}
