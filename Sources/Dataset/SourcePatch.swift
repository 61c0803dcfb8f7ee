import Git

/// Writes an edit of the sources into the files of a working tree, line by line where it can.
///
/// A file that the edit does not concern stays as it is, to the byte. In one that it does, comments
/// and spacing stay where the changed lines allow it.
package struct SourcePatch: Sendable {
  /// A file's new bytes; nil removes it.
  package struct File: Sendable, Hashable {
    package let path: String
    package let bytes: [UInt8]?
    /// Whether comments of the old text could not be kept.
    package let isRewritten: Bool

    package init(path: String, bytes: [UInt8]?, isRewritten: Bool = false) {
      self.path = path
      self.bytes = bytes
      self.isRewritten = isRewritten
    }
  }

  package private(set) var files: [File] = []

  /// Works out which files change.
  ///
  /// - Parameters:
  ///   - before: The sources as the files state them.
  ///   - after: The sources as they shall be.
  ///   - readFile: Gives a path's bytes, or nil for no file.
  /// - Throws: What reading throws, and ``SourceErrors`` when the new texts do not read back.
  package init(
    from before: Sources, to after: Sources, readFile: (String) throws -> [UInt8]?
  ) throws {
    let names = try Self.names(before, after, readFile)
    let old = before.taxonomies.map { "taxonomies/\(names[$0.root.id] ?? "")" }
    let new = after.taxonomies.map { "taxonomies/\(names[$0.root.id] ?? "")" }
    try add(
      FactorsText.path,
      before: FactorsText.encode(before.taxonomies, files: old.map(Self.name)),
      after: FactorsText.encode(after.taxonomies, files: new.map(Self.name)),
      readFile
    ) { bytes in
      let entries = try FactorsText.decode(bytes)
      return entries.map(\.id) == after.taxonomies.map(\.root.id)
        && entries.map(\.name) == after.taxonomies.map(\.root.name)
        && entries.map(\.path) == new
    }
    for (path, taxonomy) in zip(new, after.taxonomies) {
      let earlier = before.taxonomies.first { $0.root.id == taxonomy.root.id }
      guard earlier != taxonomy else { continue }
      try add(
        path, before: earlier.map(TaxonomyText.encode), after: TaxonomyText.encode(taxonomy),
        readFile
      ) { bytes in try TaxonomyText.decode(bytes, path: path) == taxonomy }
    }
    for path in old where !new.contains(path) {
      files.append(File(path: path, bytes: nil))
    }
    if try readFile(StrategyText.path) != nil || !after.strategies.isEmpty {
      try addStrategies(before, after, readFile)
    }
    let changed = Dictionary(files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { $1 })
    let read = try Sources.decode(readFile: { path in
      if let bytes = changed[path] { return bytes }
      return try readFile(path)
    })
    guard read == after else {
      throw SourceEditError(
        "the edit cannot be written as text that reads back the same",
        hint: "edit taxonomies/ by hand")
    }
  }

  private static func name(_ path: String) -> String {
    String(path.dropFirst("taxonomies/".count))
  }

  /// The file of each taxonomy: as factors.yaml has it, and for a new one a name of its own.
  private static func names(
    _ before: Sources, _ after: Sources, _ readFile: (String) throws -> [UInt8]?
  ) throws -> [NodeID: String] {
    var names: [NodeID: String] = [:]
    if let bytes = try readFile(FactorsText.path) {
      for entry in try FactorsText.decode(bytes) { names[entry.id] = entry.file }
    }
    let all = before.taxonomies + after.taxonomies
    var taken = Set(names.values)
    for taxonomy in all where names[taxonomy.root.id] == nil {
      let slug = NodeName.slug(taxonomy.root.name)
      let plain = "\(slug).yaml"
      let isFree = try !taken.contains(plain) && readFile("taxonomies/\(plain)") == nil
      let name = isFree ? plain : "\(slug)-\(taxonomy.root.id.text.prefix(8)).yaml"
      names[taxonomy.root.id] = name
      taken.insert(name)
    }
    return names
  }

  private mutating func addStrategies(
    _ before: Sources, _ after: Sources, _ readFile: (String) throws -> [UInt8]?
  ) throws {
    let count = files.count
    try add(
      StrategyText.path, before: StrategyText.encode(before.strategies, in: before.taxonomies),
      after: StrategyText.encode(after.strategies, in: after.taxonomies), readFile
    ) { bytes in
      try StrategyText.decode(bytes, in: after.taxonomies) == after.strategies
    }
    // Only the paths that explain ids would be new: a person's comments are worth more.
    if files.count > count, files[count].isRewritten, before.strategies == after.strategies {
      files.removeLast()
    }
  }

  /// Adds a file unless it stays as it is.
  private mutating func add(
    _ path: String, before: String?, after: String, _ readFile: (String) throws -> [UInt8]?,
    says isAsked: ([UInt8]) throws -> Bool
  ) throws {
    guard before != after else { return }
    let present = try readFile(path)
    guard let present, let before, present != Array(before.utf8) else {
      return files.append(File(path: path, bytes: Array(after.utf8)))
    }
    let patched = Self.patched(present, from: before, to: after, says: isAsked)
    guard patched.bytes != present else { return }
    files.append(File(path: path, bytes: patched.bytes, isRewritten: patched.isRewritten))
  }

  /// A person's text with an edit in it, or where that fails the text of the edit alone.
  ///
  /// - Parameters:
  ///   - present: The person's text.
  ///   - before: The text that Stemma would write for what it says.
  ///   - after: The same with the edit.
  ///   - isAsked: Whether a text says what it shall.
  /// - Returns: The text, and whether comments of the person's could not be kept.
  static func patched(
    _ present: [UInt8], from before: String, to after: String,
    says isAsked: ([UInt8]) throws -> Bool
  ) -> (bytes: [UInt8], isRewritten: Bool) {
    guard before != after else { return (present, false) }
    for candidate in candidates(present, before, after) {
      // What a patched text says decides whether it is taken.
      if (try? isAsked(candidate)) == true { return (candidate, false) }
    }
    return (Array(after.utf8), true)
  }

  /// Texts that may be the person's text with the edit in it, the most faithful first.
  private static func candidates(
    _ present: [UInt8], _ before: String, _ after: String
  ) -> [[UInt8]] {
    guard let text = String(validating: present, as: UTF8.self) else { return [] }
    let lines = LinePatch(before: before, after: after)
    var candidates = [lines.apply(to: text, inPlace: true), lines.apply(to: text, inPlace: false)]
      .compactMap { $0.map { Array($0.utf8) } }
    let merge = try? TextMerge(
      base: Array(before.utf8), ours: present, theirs: Array(after.utf8), names: ("text", "edit"))
    if let merge, !merge.hasConflicts { candidates.append(merge.bytes) }
    return candidates
  }
}

/// Carries the difference of two texts over to a third that has most lines of the first.
struct LinePatch {
  /// More changed lines than this are a new text, and looking for each would take long.
  private static let maximumChanges = 2000
  /// In a longer text lines are found only as they are.
  private static let longestSearched = 20_000

  private let before: [Substring]
  private let after: [Substring]

  init(before: String, after: String) {
    self.before = Self.lines(before)
    self.after = Self.lines(after)
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The first id of a line, which tells nodes apart.
  private static func key(_ line: Substring) -> Substring? {
    line.firstMatch(of: /\bid: ([0-9a-f]{16})\b/)?.output.1
  }

  /// Where a line stands, or the only one of its key, as a person may have written it.
  private static func place(of line: Substring, in lines: [Substring]) -> Int? {
    if let place = lines.firstIndex(of: line) { return place }
    guard lines.count <= longestSearched, let key = key(line) else { return nil }
    // Most lines do not have the key at all, which is quicker to see.
    let places = lines.indices.filter { lines[$0].contains(key) && Self.key(lines[$0]) == key }
    return places.count == 1 ? places[0] : nil
  }

  /// What a person wrote behind an entry.
  private static func comment(of line: Substring) -> Substring {
    guard let end = line.lastIndex(of: "}") else { return "" }
    let rest = line[line.index(after: end)...]
    return rest.drop { $0 == " " }.hasPrefix("#") ? rest : ""
  }

  /// The text with the changed lines; nil when a line that goes is not in it.
  ///
  /// - Parameters:
  ///   - text: The text to change.
  ///   - inPlace: Whether a changed line stays where it is, or goes behind the one before it.
  /// - Returns: The new text, or nil.
  func apply(to text: String, inPlace: Bool) -> String? {
    var lines = Self.lines(text)
    let gone = Set(before).subtracting(after)
    let isNew = Set(after).subtracting(before)
    guard gone.count + isNew.count <= Self.maximumChanges else { return nil }
    var replacements: [Substring: Substring] = [:]
    if inPlace {
      for line in after where isNew.contains(line) {
        if let key = Self.key(line) { replacements[key] = line }
      }
    }
    var placed = Set<Substring>()
    for line in before where gone.contains(line) {
      guard let place = Self.place(of: line, in: lines) else { return nil }
      if let key = Self.key(line), let replacement = replacements[key] {
        lines[place] = replacement + Self.comment(of: lines[place])
        placed.insert(replacement)
      } else {
        lines.remove(at: place)
      }
    }
    var previous: Substring?
    for line in after {
      if isNew.contains(line), placed.insert(line).inserted {
        guard let previous, let place = Self.place(of: previous, in: lines) else { return nil }
        lines.insert(line, at: place + 1)
      }
      previous = line
    }
    return lines.joined(separator: "\n")
  }
}

extension Sources {
  /// The file of a factor, as factors.yaml has it.
  package static func path(
    of factor: NodeID, readFile: (String) throws -> [UInt8]?
  ) throws -> String? {
    guard let bytes = try readFile(FactorsText.path) else { return nil }
    return try FactorsText.decode(bytes).first { $0.id == factor }?.path
  }

  /// The sources with another text for one factor, whose name may be another too.
  ///
  /// - Throws: ``SourceErrors`` that name lines, also of strategies.yaml when it names what is gone.
  package func replacing(
    _ factor: NodeID, with text: [UInt8], path: String, readFile: (String) throws -> [UInt8]?
  ) throws -> Sources {
    let taxonomy = try TaxonomyText.decode(text, path: path)
    guard taxonomy.root.id == factor else {
      throw SourceEditError(
        "the text is of factor '\(taxonomy.root.id)', not of '\(factor)'",
        hint: "keep the first two ids")
    }
    var taxonomies = self.taxonomies
    for index in taxonomies.indices where taxonomies[index].root.id == factor {
      taxonomies[index] = taxonomy
    }
    let names = FactorsText.encode(
      taxonomies,
      files: try taxonomies.map { taxonomy in
        let known = try Self.path(of: taxonomy.root.id, readFile: readFile)
        return String((known ?? "").dropFirst("taxonomies/".count))
      })
    let read = try Sources.decode(readFile: { other in
      switch other {
      case path: text
      case FactorsText.path: Array(names.utf8)
      default: try readFile(other)
      }
    })
    return read ?? self
  }
}
