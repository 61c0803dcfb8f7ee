/// The beginning of an id or a key, as people type it.
package struct DigestPrefix: Sendable {
  private let digits: String
  /// The whole bytes of it.
  package let bytes: [UInt8]

  /// Reads hexadecimal digits of either case.
  ///
  /// - Parameters:
  ///   - text: What was typed.
  ///   - minimumDigits: The fewest that are taken.
  ///   - what: Whose beginning it is, such as `an id`.
  ///   - hint: Where such ones are shown.
  /// - Throws: ``StoreError`` with code `refused` when it is none.
  package init(
    _ text: String, minimumDigits: Int, of what: String, hint: String
  ) throws(StoreError) {
    digits = text.lowercased()
    let count = digits.utf8.count
    guard (minimumDigits...2 * Digest.length).contains(count),
      let bytes = Hex.bytes(count % 2 == 0 ? digits : String(digits.dropLast()))
    else {
      throw StoreError(
        .refused,
        "'\(text)' is no beginning of \(what): that has \(minimumDigits) to "
          + "\(2 * Digest.length) hexadecimal digits", hint: hint)
    }
    self.bytes = bytes
  }

  package func isBeginning(of digest: Digest) -> Bool { digest.hex.hasPrefix(digits) }
}
