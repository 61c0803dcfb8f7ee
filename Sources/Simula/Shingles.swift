/// The runs of 13 words of a text, as hashes: what near duplicates are told by.
///
/// Words are runs of letters and digits in lower case; in scripts that are written without spaces each
/// character is a word. A shorter text is one run.
struct Shingles: Sendable {
  static let wordCount = 13

  /// In order, each once; empty for a text without words.
  let hashes: [UInt64]

  init(_ text: String) { self.init([text]) }

  /// Takes several texts, over whose borders runs go on.
  init(_ texts: [String]) {
    var words: [UInt64] = []
    words.reserveCapacity(texts.reduce(0) { $0 + $1.utf8.count } / 4)
    for text in texts { Self.addWords(of: text, to: &words) }
    guard words.count > Self.wordCount else {
      hashes = words.isEmpty ? [] : [Self.hash(words[...])]
      return
    }
    var all: [UInt64] = []
    all.reserveCapacity(words.count - Self.wordCount + 1)
    for start in 0...(words.count - Self.wordCount) {
      all.append(Self.hash(words[start..<(start + Self.wordCount)]))
    }
    all.sort()
    var last: UInt64?
    all.removeAll { hash in
      defer { last = hash }
      return hash == last
    }
    hashes = all
  }

  /// Takes hashes that are sorted and distinct.
  init(sorted hashes: [UInt64]) { self.hashes = hashes }

  /// The runs that both have as a share of those that either has; 0 where there are none.
  func similarity(to other: Shingles) -> Double {
    var common = 0
    var (left, right) = (0, 0)
    while left < hashes.count, right < other.hashes.count {
      if hashes[left] == other.hashes[right] {
        common += 1
        left += 1
        right += 1
      } else if hashes[left] < other.hashes[right] {
        left += 1
      } else {
        right += 1
      }
    }
    let all = hashes.count + other.hashes.count - common
    return all == 0 ? 0 : Double(common) / Double(all)
  }

  // MARK: - Words

  private static func addWords(of text: String, to words: inout [UInt64]) {
    var hash = start
    var isInWord = false
    func end() {
      if isInWord { words.append(mixed(hash)) }
      (hash, isInWord) = (start, false)
    }
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        var byte = UInt8(truncatingIfNeeded: scalar.value)
        if byte >= 0x41, byte <= 0x5A { byte |= 0x20 }
        guard (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39) else {
          end()
          continue
        }
        (hash, isInWord) = (added(UInt32(byte), to: hash), true)
      } else if isUnspaced(scalar) {
        end()
        (hash, isInWord) = (added(scalar.value, to: hash), true)
        end()
      } else if isWordPart(scalar) {
        for lower in scalar.properties.lowercaseMapping.unicodeScalars {
          hash = added(lower.value, to: hash)
        }
        isInWord = true
      } else {
        end()
      }
    }
    end()
  }

  /// Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana and ideographs.
  private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x4DBF,
      0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
      true
    default: false
    }
  }

  private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .nonspacingMark, .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
      true
    default: false
    }
  }

  // MARK: - Hashes

  // FNV-1a with its 64-bit constants, and the last step of SplitMix64: quick, and the same everywhere.
  private static let start: UInt64 = 0xCBF2_9CE4_8422_2325

  private static func added(_ value: UInt32, to hash: UInt64) -> UInt64 {
    (hash ^ UInt64(value)) &* 0x0000_0100_0000_01B3
  }

  static func mixed(_ word: UInt64) -> UInt64 {
    var word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  private static func hash(_ words: ArraySlice<UInt64>) -> UInt64 {
    var hash = start
    for word in words { hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15 &+ (hash >> 29) }
    return mixed(hash)
  }
}
