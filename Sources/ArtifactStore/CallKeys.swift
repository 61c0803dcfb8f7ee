import CanonicalJSON

/// Reads the key out of a call's line.
enum CallKeys {
  /// - Throws: ``StoreError`` with code `corrupt` for a line that is no JSON or has no key.
  static func key(_ record: Record) throws(StoreError) -> Digest {
    if let key = plainKey(record.line[...]) { return key }
    guard let text = try record.value()["key"]?.string, let key = Digest(hex: text) else {
      throw StoreError(.corrupt, "call '\(record.id)' has no key")
    }
    return key
  }

  /// The id of a call and its key; a line of the usual form is not parsed.
  ///
  /// - Throws: As ``key(_:)``.
  static func identity(of line: ArraySlice<UInt8>) throws(StoreError) -> (id: RecordID, key: Digest)
  {
    if let end = CallLine.endOfBody(of: line), let key = plainKey(line) {
      return (RecordID(callBody: line[..<end]), key)
    }
    let record = try Record(.calls, line: Array(line))
    return (record.id, try key(record))
  }

  /// The key of a line in the form that programs write; nil for any other, which may have one.
  private static func plainKey(_ line: ArraySlice<UInt8>) -> Digest? {
    let bytes = line.span
    guard let value = PlainObject.value(of: "key", in: bytes),
      value.count == 2 * Digest.length + 2, bytes[value.lowerBound] == UInt8(ascii: "\"")
    else { return nil }
    let start = line.startIndex + value.lowerBound + 1
    return Digest(hex: line[start..<(start + 2 * Digest.length)])
  }
}
