package import CanonicalJSON

/// What a record names and in which member, as 8 bytes: records that name the same have the same key.
///
/// Ids are looked at by their first 8 bytes only, so that somebody could make two keys equal: who shows
/// what was found compares it first.
package struct LinkKey: Hashable, Sendable {
  /// The members by which records are found.
  package enum Member: UInt8, Sendable, CaseIterable {
    case call, mix, from, sample, node, factor, strategy, slot, value, record, revives
    case metaPrompt
  }

  let word: UInt64

  /// Keys are spread evenly, whatever was named.
  private init(_ member: Member, word: UInt64) {
    var mixed = word &+ UInt64(member.rawValue + 1) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    self.word = mixed ^ (mixed >> 31)
  }

  /// A record that is named, by the first 8 bytes of its id.
  package init(_ member: Member, beginning word: UInt64) { self.init(member, word: word) }

  /// A record that is named.
  package init(_ member: Member, _ id: RecordID) { self.init(member, word: id.digest.leadingWord) }

  /// A node or a strategy that is named, by its 16 hexadecimal digits as a number; 0 for no factor.
  package init(_ member: Member, node: UInt64) { self.init(member, word: node) }

  /// A value of a record: a slot, or a sample's.
  package init(_ member: Member, _ value: JSON) {
    self.init(member, text: value.canonicalBytes.span.bytes)
  }

  /// A value in its canonical form.
  init(_ member: Member, text: RawSpan) {
    // Slots are numbers mostly, which need no hash.
    if member == .slot, let number = Self.number(text) {
      self.init(member, word: number)
      return
    }
    var hasher = Hasher256()
    text.withUnsafeBytes { hasher.update($0) }
    self.init(member, word: hasher.finish().leadingWord)
  }
}

extension LinkKey {
  /// The number that up to 15 digits mean; nil for other text.
  private static func number(_ text: RawSpan) -> UInt64? {
    guard (1...15).contains(text.byteCount) else { return nil }
    return text.withUnsafeBytes { bytes in
      var number: UInt64 = 0
      for byte in bytes {
        guard (0x30...0x39).contains(byte) else { return nil }
        number = number * 10 + UInt64(byte - 0x30)
      }
      return number
    }
  }
}

/// Reads out of a record's line what it names.
enum LineLinks {
  private struct Reading {
    let name: [UInt8]
    let member: LinkKey.Member
    let form: Form
  }
  private enum Form { case id, node, nodes, value }

  private static func reading(_ name: String, _ member: LinkKey.Member, _ form: Form) -> Reading {
    Reading(name: Array(name.utf8), member: member, form: form)
  }

  private static let call = reading("call", .call, .id)
  private static let metaPrompt = reading("meta-prompt", .metaPrompt, .id)
  private static let sample = reading("sample", .sample, .id)
  private static let slot = reading("slot", .slot, .value)
  private static let node = reading("node", .node, .node)

  private static let readings: [[Reading]] = RecordKind.allCases.map { kind in
    switch kind {
    case .proposals, .edits: [call, node]
    case .plans: [call, reading("factor", .factor, .node)]
    case .mixes: [reading("nodes", .node, .nodes), reading("strategy", .strategy, .node)]
    case .metaPrompts: [call, reading("from", .from, .id), reading("mix", .mix, .id)]
    case .samples: [call, metaPrompt, slot, reading("value", .value, .value)]
    case .rejections: [call, metaPrompt, sample, slot]
    case .verdicts: [call, sample]
    case .tombstones: [reading("record", .record, .id), reading("revives", .revives, .id)]
    case .calls, .imports: []
    }
  }

  /// The kinds whose records name something.
  static let kinds = RecordKind.allCases.filter { !readings[Int($0.code)].isEmpty }

  /// Adds the keys of a line to others; a line that is no record of its kind has none.
  ///
  /// - Returns: The first 8 bytes of the id of the draft that the record is about.
  @discardableResult
  static func append(
    to keys: inout [UInt64], _ kind: RecordKind, _ line: UnsafeRawBufferPointer
  ) -> UInt64? {
    let readings = readings[Int(kind.code)]
    let start = keys.count
    var draft: UInt64?
    var members = MemberScanner(line)
    while let member = members.next() {
      let name = UnsafeRawBufferPointer(rebasing: line[member.name])
      let value = UnsafeRawBufferPointer(rebasing: line[member.value])
      let isPlain: Bool
      if let reading = readings.first(where: { $0.name.count == name.count && equal($0.name, name) }
      ) {
        isPlain = append(to: &keys, reading, value)
        if reading.member == .sample { draft = text(value).flatMap(idWord) }
      } else {
        isPlain = !name.contains(UInt8(ascii: "\\"))
      }
      guard isPlain else {
        // Nobody writes it so, yet it means the same.
        keys.removeSubrange(start...)
        return appendParsed(to: &keys, readings, line)
      }
    }
    return draft
  }

  private static func equal(_ name: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
    name.withUnsafeBytes { $0.elementsEqual(other) }
  }

  /// Adds what a member names; false for one that is not in its canonical form.
  private static func append(
    to keys: inout [UInt64], _ reading: Reading, _ value: UnsafeRawBufferPointer
  ) -> Bool {
    switch reading.form {
    case .value:
      guard isCanonical(value, reading.member) else { return false }
      keys.append(LinkKey(reading.member, text: value.bytes).word)
      return true
    case .id, .node:
      guard let text = text(value) else { return false }
      add(to: &keys, reading, text)
      return true
    case .nodes:
      guard value.first == UInt8(ascii: "["), value.count >= 2 else { return true }
      let list = value[1..<(value.count - 1)]
      for part in list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true) {
        guard let text = text(UnsafeRawBufferPointer(rebasing: part)) else { return false }
        add(to: &keys, reading, text)
      }
      return true
    }
  }

  /// What stands between quotation marks without an escape.
  private static func text(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard value.count >= 2, value[0] == UInt8(ascii: "\""),
      value[value.count - 1] == UInt8(ascii: "\"")
    else { return nil }
    let text = UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)])
    return text.contains(UInt8(ascii: "\\")) ? nil : text
  }

  /// A slot is looked at; what a sample is made of was written by us, or is no sample of an export.
  private static func isCanonical(
    _ value: UnsafeRawBufferPointer, _ member: LinkKey.Member
  ) -> Bool {
    guard member == .slot else { return true }
    if value.first == UInt8(ascii: "\"") { return text(value) != nil }
    return value.allSatisfy { (0x30...0x39).contains($0) } && value.count < 16
      && (value.count == 1 || value.first != 0x30)
  }

  private static func add(
    to keys: inout [UInt64], _ reading: Reading, _ text: UnsafeRawBufferPointer
  ) {
    switch reading.form {
    case .id:
      guard let word = idWord(text) else { return }
      keys.append(LinkKey(reading.member, node: word).word)
    case .node, .nodes:
      // What belongs to no factor says so.
      if text.isEmpty, reading.member == .factor {
        keys.append(LinkKey(reading.member, node: 0).word)
      }
      guard text.count == 16, let word = Hex.word(text) else { return }
      keys.append(LinkKey(reading.member, node: word).word)
    case .value: return
    }
  }

  /// The first 8 bytes of an id in hexadecimal digits.
  private static func idWord(_ text: UnsafeRawBufferPointer) -> UInt64? {
    guard text.count == 2 * Digest.length, Hex.word(text[16..<32]) != nil,
      Hex.word(text[32..<48]) != nil,
      Hex.word(text[48...]) != nil
    else { return nil }
    return Hex.word(text[..<16])
  }

  private static func appendParsed(
    to keys: inout [UInt64], _ readings: [Reading], _ line: UnsafeRawBufferPointer
  ) -> UInt64? {
    guard let json = try? JSON(parsing: Array(line)) else { return nil }
    for reading in readings {
      guard let value = json[String(decoding: reading.name, as: UTF8.self)] else { continue }
      if reading.form == .value {
        keys.append(LinkKey(reading.member, value).word)
        continue
      }
      for text in (value.array ?? [value]).compactMap(\.string) {
        Array(text.utf8).withUnsafeBytes { add(to: &keys, reading, $0) }
      }
    }
    return json["sample"]?.string.flatMap(RecordID.init(hex:))?.digest.leadingWord
  }
}
