/// Finds digests, which are spread evenly, among entries in the order of their first 8 bytes.
///
/// The first bits of a digest name its bucket, a directory says where the entries of each bucket begin, and
/// an entry tells the next 32 bits: who searches looks at one place of the directory and one of the
/// entries, and at the digests themselves only to be sure.
struct DigestDirectory: Sendable {
  /// What the directory has for a bucket, in bytes.
  static let startSizeInBytes = 4
  /// The next 32 bits of a digest, and its ordinal, in bytes.
  static let entrySizeInBytes = 8

  /// The number of digests.
  let count: Int
  /// How many bits name a bucket: about four to eight digests share one.
  private let bits: Int

  init(count: Int) {
    self.count = count
    bits = max(0, Int.bitWidth - count.leadingZeroBitCount - 3)
  }

  var bucketCount: Int { 1 << bits }

  /// The directory has one more: where the last bucket ends.
  var startCount: Int { bucketCount + 1 }

  func bucket(_ word: UInt64) -> Int { Int(word >> UInt64(64 - bits)) }

  func fingerprint(_ word: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: (word << UInt64(bits)) >> 32)
  }

  /// The positions of all entries whose digests begin with the words of a range, and perhaps of some
  /// more, whose words are like the first or the last.
  ///
  /// - Parameters:
  ///   - words: The least and the greatest first 8 bytes.
  ///   - start: Where the entries of a bucket begin; what it says is not trusted.
  ///   - fingerprintAt: The fingerprint of the entry at a position.
  /// - Returns: Positions less than ``count``.
  /// - Throws: What the closures throw.
  @inline(__always)
  func positions<Failure: Error>(
    of words: ClosedRange<UInt64>, start: (_ bucket: Int) throws(Failure) -> Int,
    _ fingerprintAt: (_ position: Int) throws(Failure) -> UInt32
  ) throws(Failure) -> Range<Int> {
    guard count > 0 else { return 0..<0 }
    let (first, last) = (bucket(words.lowerBound), bucket(words.upperBound))
    let firstEnd = min(try start(first + 1), count)
    var low = min(try start(first), firstEnd)
    var end = firstEnd
    let least = fingerprint(words.lowerBound)
    while low < end {
      let middle = (low + end) / 2
      if try fingerprintAt(middle) < least { low = middle + 1 } else { end = middle }
    }
    let begin = low
    var high = firstEnd
    if last != first {
      high = min(try start(last + 1), count)
      low = min(max(try start(last), begin), high)
    }
    let greatest = fingerprint(words.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if try fingerprintAt(middle) <= greatest { low = middle + 1 } else { high = middle }
    }
    return begin..<max(begin, high)
  }
}
