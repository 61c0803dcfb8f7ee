import CanonicalJSON

/// Reads the keys of one mapping, and notes what is wrong with them.
struct FieldReader {
  let log: ProblemLog
  /// The mapping's name in messages, such as `critics`; nil for the whole text.
  let section: String?
  /// Where the mapping starts: the place of what is missing.
  let place: TextPlace
  private let members: [String: YAMLMember]
  /// The keys that unknown ones were probably meant to be.
  private let misspelt: Set<String>

  /// Takes a mapping, or nothing as an empty one; anything else is noted and gives nil.
  init?(
    _ value: YAMLValue, section: String?, at place: TextPlace? = nil, keys: [String],
    log: ProblemLog
  ) {
    self.log = log
    self.section = section
    self.place = place ?? value.place
    guard value.members != nil || value.isNull else {
      let name = section.map { "'\($0)'" } ?? "the text"
      log.add(self.place, "\(name) must be a mapping, not \(value.kind)", hint: nil)
      return nil
    }
    var members: [String: YAMLMember] = [:]
    var misspelt: Set<String> = []
    for member in value.members ?? [] {
      if keys.contains(member.name) {
        members[member.name] = member
      } else if !log.isFull,
        let meant = UnknownKey.note(member, in: section, keys: keys, log: log)
      {
        misspelt.insert(meant)
      }
    }
    self.members = members
    self.misspelt = misspelt
  }

  /// The key as written, unless it is missing or says nothing.
  func member(_ key: String) -> YAMLMember? {
    guard let member = members[key], !member.value.isNull else { return nil }
    return member
  }

  func has(_ key: String) -> Bool { member(key) != nil }

  /// Where the key stands, or the mapping when it is missing.
  func place(of key: String) -> TextPlace { members[key]?.place ?? place }

  /// The key's name in messages.
  func name(of key: String) -> String {
    section.map { "'\(key)' in '\($0)'" } ?? "'\(key)'"
  }

  /// Whether an unknown key was noted that was probably meant to be this one.
  func isMisspelt(_ key: String) -> Bool { misspelt.contains(key) }

  /// Notes that a key is not there, unless it is there but misspelt.
  func missing(_ key: String, hint: String? = nil) {
    guard !isMisspelt(key) else { return }
    log.add(place(of: key), "\(name(of: key)) is missing", hint: hint)
  }

  func text(_ key: String) -> String? {
    guard let member = member(key) else { return nil }
    guard let text = member.value.text else {
      log.add(member.place, "\(name(of: key)) must be text, not \(member.value.kind)")
      return nil
    }
    return text
  }

  func bool(_ key: String) -> Bool? {
    guard let member = member(key) else { return nil }
    if case .scalar(let text, isPlain: true) = member.value.content,
      let value = PlainScalar.value(of: text)?.bool
    {
      return value
    }
    log.add(
      member.place, "\(name(of: key)) must be true or false, not \(member.value.kind)",
      hint: "write true or false")
    return nil
  }

  func integer(_ key: String, _ limits: ClosedRange<Int>) -> Int? {
    guard let member = member(key) else { return nil }
    return integer(member.value, name: name(of: key), at: member.place, limits)
  }

  private func integer(
    _ value: YAMLValue, name: String, at place: TextPlace, _ limits: ClosedRange<Int>
  ) -> Int? {
    if case .scalar(let text, isPlain: true) = value.content,
      let number = PlainScalar.value(of: text)?.int, limits.contains(number)
    {
      return number
    }
    log.add(
      place,
      "\(name) must be an integer from \(limits.lowerBound) to \(limits.upperBound), "
        + "not \(value.kind)")
    return nil
  }

  func number(_ key: String, _ limits: ClosedRange<Double>) -> Double? {
    guard let member = member(key) else { return nil }
    if case .scalar(let text, isPlain: true) = member.value.content,
      let number = PlainScalar.value(of: text)?.double, limits.contains(number)
    {
      return number
    }
    let (low, high) = (Shown.number(limits.lowerBound), Shown.number(limits.upperBound))
    log.add(
      member.place,
      "\(name(of: key)) must be a number from \(low) to \(high), not \(member.value.kind)")
    return nil
  }

  /// A range such as `[3, 6]`, or one number for both ends.
  func range(_ key: String, _ limits: ClosedRange<Int>) -> ClosedRange<Int>? {
    guard let member = member(key) else { return nil }
    guard let items = member.value.items else {
      return integer(key, limits).map { $0...$0 }
    }
    guard items.count == 2 else {
      log.add(
        member.place, "\(name(of: key)) must be the least and the most, not \(items.count) numbers",
        hint: "write a range such as [3, 6]")
      return nil
    }
    let ends = items.compactMap { integer($0, name: name(of: key), at: $0.place, limits) }
    guard ends.count == 2 else { return nil }
    guard ends[0] <= ends[1] else {
      log.add(
        member.place, "\(name(of: key)) goes from \(ends[0]) to \(ends[1])",
        hint: "write the smaller number first: [\(ends[1]), \(ends[0])]")
      return nil
    }
    return ends[0]...ends[1]
  }

  /// A list of texts, or one text for a list of one.
  func list(_ key: String) -> [(text: String, place: TextPlace)]? {
    guard let member = member(key) else { return nil }
    if let text = member.value.text { return [(text, member.value.place)] }
    var texts: [(text: String, place: TextPlace)] = []
    for item in member.value.items ?? [] {
      guard let text = item.text, !item.isNull else {
        log.add(item.place, "\(name(of: key)) must hold texts, not \(item.kind)")
        return nil
      }
      texts.append((text, item.place))
    }
    guard member.value.items != nil else {
      log.add(member.place, "\(name(of: key)) must be a list of texts, not \(member.value.kind)")
      return nil
    }
    return texts
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String) -> Choice? {
    guard let text = text(key) else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let names = Choice.allCases.map(\.rawValue)
    let near = NearestName.to(text, among: names)
    log.add(
      place(of: key), "\(name(of: key)) is \(Quote.of(text))",
      hint: near.map { "did you mean '\($0)'?" } ?? "write \(Shown.list(names, last: "or"))")
    return nil
  }
}

/// Values as messages show them.
enum Shown {
  static func number(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  static func list(_ names: [String], last word: String) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " \(word) " + last
  }
}
