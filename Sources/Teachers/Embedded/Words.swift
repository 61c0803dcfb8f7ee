/// Splits text into words and sentences over bytes, without regard to case.
struct WordScanner {
  enum Token {
    /// A word of letters, by its hash.
    case word(UInt64)
    /// A whole number; nil when it has more than nine digits or letters among them.
    case number(Int?)
    /// The end of a sentence.
    case stop
  }

  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) {
    self.bytes = bytes
    position = start
    self.end = end ?? bytes.count
  }

  /// The next token, or nil at the end of the text.
  mutating func next() -> Token? {
    while position < end {
      let byte = bytes[position]
      if WordScanner.isDigit(byte) { return number() }
      if WordScanner.isWordByte(byte) { return .word(word()) }
      position += 1
      if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "!") {
        return .stop
      }
    }
    return nil
  }

  /// The hash of one word, as the scanner makes it.
  static func hash(_ word: some StringProtocol) -> UInt64 {
    var hash = seed
    for byte in word.utf8 { hash = mixed(hash, lowered(byte)) }
    return hash
  }

  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

  static func mixed(_ hash: UInt64, _ value: UInt64) -> UInt64 {
    (hash ^ value) &* 0x0000_0100_0000_01B3
  }

  private static func lowered(_ byte: UInt8) -> UInt64 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? UInt64(byte | 0x20) : UInt64(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// Letters, digits, hyphen, apostrophe, and all of UTF-8 beyond ASCII.
  private static func isWordByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || isDigit(byte) || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "'") || byte >= 0x80
  }

  private mutating func word() -> UInt64 {
    var hash = WordScanner.seed
    while position < end, WordScanner.isWordByte(bytes[position]) {
      hash = WordScanner.mixed(hash, WordScanner.lowered(bytes[position]))
      position += 1
    }
    return hash
  }

  private mutating func number() -> Token {
    let start = position
    var value = 0
    var isNumber = true
    while position < end, WordScanner.isWordByte(bytes[position]) {
      if !WordScanner.isDigit(bytes[position]) { isNumber = false }
      if position - start < 9 { value = value * 10 + Int(bytes[position] &- UInt8(ascii: "0")) }
      position += 1
    }
    // A point or a comma within digits makes it no whole number as the problems write them.
    if position + 1 < end, WordScanner.isDigit(bytes[position + 1]),
      bytes[position] == UInt8(ascii: ".") || bytes[position] == UInt8(ascii: ",")
    {
      isNumber = false
    }
    return .number(isNumber && position - start <= 9 ? value : nil)
  }
}

extension [UInt8] {
  /// Appends a number that is not negative in decimal digits.
  mutating func append(decimal number: Int) {
    var power = 1
    while number / power >= 10 { power *= 10 }
    while power > 0 {
      append(UInt8(ascii: "0") + UInt8(number / power % 10))
      power /= 10
    }
  }
}

/// What the filled-in words stand for, by the hash of a word.
struct FillerTable: Sendable {
  /// What a word says when it is read in a scenario.
  enum Meaning: Sendable {
    case filler
    case woman(Int), man(Int), object(Int), place(Int), activity(Int)
  }

  static let shared = FillerTable()

  private var entries: [(key: UInt64, meaning: Meaning)]
  private let mask = 4095

  private init() {
    entries = Array(repeating: (0, .filler), count: mask + 1)
    for (index, name) in WordLists.women.enumerated() { insert(name, .woman(index)) }
    for (index, name) in WordLists.men.enumerated() { insert(name, .man(index)) }
    for (index, phrase) in WordLists.objects.enumerated() { insert(phrase, .object(index)) }
    for (index, phrase) in WordLists.places.enumerated() { insert(phrase, .place(index)) }
    for (index, activity) in WordLists.activities.enumerated() {
      insert(activity.verb, .filler)
      insert(activity.unit, .activity(index))
    }
    let others =
      WordLists.boxes + WordLists.times + WordLists.relations + WordLists.chores + WordLists.items
      + ["he she him her his himself herself"]
    for phrase in others { insert(phrase, .filler) }
  }

  /// The meaning of a filled-in word, or nil for every other word.
  func meaning(of word: UInt64) -> Meaning? {
    var slot = Int(truncatingIfNeeded: word ^ (word >> 32)) & mask
    while entries[slot].key != 0 {
      if entries[slot].key == word { return entries[slot].meaning }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// Enters all words of a phrase; the last one carries the meaning.
  private mutating func insert(_ phrase: String, _ meaning: Meaning) {
    let words = phrase.split { $0 == " " || $0 == "," }
    for (index, word) in words.enumerated() {
      insert(WordScanner.hash(word), index == words.count - 1 ? meaning : .filler)
    }
  }

  private mutating func insert(_ word: UInt64, _ meaning: Meaning) {
    var slot = Int(truncatingIfNeeded: word ^ (word >> 32)) & mask
    while entries[slot].key != 0, entries[slot].key != word { slot = (slot + 1) & mask }
    if entries[slot].key == 0 || isFiller(entries[slot].meaning) { entries[slot].meaning = meaning }
    entries[slot].key = word
  }

  private func isFiller(_ meaning: Meaning) -> Bool {
    if case .filler = meaning { true } else { false }
  }
}
