import ArtifactStore
import Foundation

/// The text of `recalls.yaml`: one entry a line, so that merges of branches keep those of both.
package enum RecallsText {
  private static let header = """
    # What must never be used again. 'stemma recall' adds lines and takes away what descends from them;
    # edit and remove them freely: the next 'stemma run' goes by this text. An entry names a call, a
    # node, a mix, a model, a template or a run; 'was' and 'reason' are for whoever reads it.

    """
  /// The most characters of what something was.
  package static let excerptLength = 120

  /// The kinds of entries by the key that names each, with what else one may say.
  private static let kinds: [(key: String, more: [String])] = [
    ("call", ["key", "task"]), ("node", []), ("mix", ["slot"]),
    ("model", ["provider", "revision"]),
    ("template", ["digest"]), ("run", []),
  ]
  private static let shared = ["was", "reason"]
  /// Those that are named by words rather than ids.
  private static let words: Set = ["model", "template", "run"]

  // MARK: - Reading

  /// Reads the text; one of nothing but comments recalls nothing.
  ///
  /// - Throws: ``SourceErrors`` with all that is wrong, up to 20 errors.
  package static func decode(_ bytes: [UInt8]) throws(SourceErrors) -> Recalls {
    let log = ProblemLog()
    do throws(TextProblem) {
      guard !isBlank(bytes) else { return Recalls() }
      let root = try YAMLParser.parse(bytes, atMost: SourceText.maximumSize)
      let recalls = recalls(root, log: log)
      if log.isEmpty { return recalls }
    } catch {
      log.add(error)
    }
    throw SourceErrors(path: Recalls.path, log.problems)
  }

  private static func isBlank(_ bytes: [UInt8]) -> Bool {
    bytes.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
      let text = line.drop { $0 == UInt8(ascii: " ") }
      return text.isEmpty || text.first == UInt8(ascii: "#") || text.elementsEqual("\r".utf8)
    }
  }

  private static func recalls(_ root: YAMLValue, log: ProblemLog) -> Recalls {
    guard let fields = FieldReader(root, section: nil, at: .start, keys: ["recalls"], log: log)
    else { return Recalls() }
    guard let member = fields.member("recalls") else { return Recalls() }
    guard let items = member.value.items else {
      log.add(member.place, "'recalls' must be a list, not \(member.value.kind)")
      return Recalls()
    }
    return Recalls(items.compactMap { entry($0, log: log) })
  }

  private static func entry(_ item: YAMLValue, log: ProblemLog) -> Recalls.Entry? {
    let named = kinds.filter { kind in
      item.members?.contains { $0.name == kind.key } ?? false
    }
    // Only of one kind is it known which other keys belong to it.
    let keys = (named.count == 1 ? named : kinds).flatMap { [$0.key] + $0.more } + shared
    guard let fields = FieldReader(item, section: "recalls", keys: keys, log: log) else {
      return nil
    }
    guard let kind = named.first, named.count == 1 else {
      let names = Shown.list(kinds.map(\.key), last: "or")
      if !kinds.contains(where: { fields.isMisspelt($0.key) }) {
        log.add(
          item.place,
          named.isEmpty
            ? "an entry names nothing that is recalled"
            : "an entry names \(Shown.list(named.map { "a \($0.key)" }, last: "and"))",
          hint: "write one of \(names) in each entry")
      }
      return nil
    }
    let isBlank = words.contains(kind.key) && fields.member(kind.key)?.value.text?.isEmpty == true
    guard fields.has(kind.key), !isBlank else {
      log.add(fields.place(of: kind.key), "\(fields.name(of: kind.key)) says nothing")
      return nil
    }
    let (excerpt, reason) = (fields.text("was"), fields.text("reason"))
    guard let subject = subject(kind.key, fields) else { return nil }
    return Recalls.Entry(subject, excerpt: excerpt, reason: reason, line: item.place.line)
  }

  private static func subject(_ kind: String, _ fields: FieldReader) -> Recalls.Subject? {
    switch kind {
    case "call":
      let (key, task) = (fields.digest("key"), fields.text("task"))
      return fields.digest("call").map { .call(RecordID(digest: $0), key: key, task: task) }
    case "node": return fields.id("node").map { .node($0) }
    case "mix":
      guard let id = fields.digest("mix"), let slot = slot(fields) else { return nil }
      return .mix(RecordID(digest: id), slot)
    case "model":
      if !fields.has("provider") { fields.missing("provider") }
      guard let name = fields.text("model"), fields.has("provider"),
        let provider: TeacherSettings.Provider = fields.choice("provider")
      else { return nil }
      return .model(provider, name, revision: fields.text("revision"))
    case "template":
      if !fields.has("digest") {
        fields.missing("digest", hint: "write what 'sha256sum' says of the template's file")
      }
      guard let task = fields.text("template"), let digest = fields.digest("digest") else {
        return nil
      }
      return .template(task: task, digest)
    default: return fields.text("run").map { .run($0) }
    }
  }

  private static func slot(_ fields: FieldReader) -> Slot? {
    guard let member = fields.member("slot") else {
      fields.missing("slot", hint: "write the slot that stands in the mix")
      return nil
    }
    if let slot = (try? member.value.json()).flatMap({ Slot($0) }) { return slot }
    fields.log.add(
      member.place,
      "\(fields.name(of: "slot")) must be a slot such as 12 or gap/NODE/0, not \(member.value.kind)"
    )
    return nil
  }

  // MARK: - Writing

  /// The text with more entries at its end; all that stands there stays.
  ///
  /// - Parameters:
  ///   - entries: What is added.
  ///   - text: The present text, nil for none.
  /// - Returns: The new text.
  /// - Throws: ``SourceErrors`` when the present text cannot be read, or has a form to which no lines
  ///   can be added.
  package static func adding(
    _ entries: [Recalls.Entry], to text: [UInt8]?
  ) throws(SourceErrors) -> [UInt8] {
    let before = try text.map { bytes throws(SourceErrors) in try decode(bytes) } ?? Recalls()
    var lines = String(decoding: text ?? Array(header.utf8), as: UTF8.self)
    let newline = lines.utf8.contains(UInt8(ascii: "\r")) ? "\r\n" : "\n"
    if !lines.isEmpty, lines.utf8.last != UInt8(ascii: "\n") { lines += newline }
    var indent = ""
    if let root = try? YAMLParser.parse(lines, atMost: SourceText.maximumSize),
      let list = root.members?.first(where: { $0.name == "recalls" })?.value
    {
      if let first = list.items?.first {
        // Before the entry stand a hyphen and a space.
        indent = String(repeating: " ", count: max(0, first.place.column - 3))
      } else if list.items != nil {
        lines = lines.replacingLast(" []", with: "")
      }
    } else {
      lines += "recalls:" + newline
    }
    for entry in entries { lines += indent + line(entry) + newline }
    let bytes = Array(lines.utf8)
    let after = try? decode(bytes)
    guard let after,
      after.entries.map(\.content) == before.entries.map(\.content) + entries.map(\.content)
    else {
      throw SourceErrors(
        path: Recalls.path,
        [
          TextProblem(
            .start, "no line can be added to a text of this form",
            hint: "write each entry as a line below 'recalls:', such as: - {node: 0123456789abcdef}"
          )
        ])
    }
    return bytes
  }

  private static func line(_ entry: Recalls.Entry) -> String {
    var fields: [String] = []
    switch entry.subject {
    case .call(let id, let key, let task):
      fields.append("call: \(id)")
      if let key { fields.append("key: \(key)") }
      if let task { fields.append("task: \(SourceText.quoted(task))") }
    case .node(let id): fields.append("node: \(id)")
    case .mix(let id, let slot): fields += ["mix: \(id)", "slot: \(slot)"]
    case .model(let provider, let name, let revision):
      fields += ["model: \(SourceText.quoted(name))", "provider: \(provider.rawValue)"]
      if let revision { fields.append("revision: \(SourceText.quoted(revision))") }
    case .template(let task, let digest):
      fields += ["template: \(SourceText.quoted(task))", "digest: \(digest)"]
    case .run(let id): fields.append("run: \(SourceText.quoted(id))")
    }
    if let excerpt = entry.excerpt { fields.append("was: \(SourceText.quoted(excerpt))") }
    if let reason = entry.reason { fields.append("reason: \(SourceText.quoted(reason))") }
    return "- {" + fields.joined(separator: ", ") + "}"
  }
}

extension Recalls.Entry {
  /// The entry wherever it stands.
  fileprivate var content: Recalls.Entry {
    Recalls.Entry(subject, excerpt: excerpt, reason: reason)
  }
}

extension String {
  fileprivate func replacingLast(_ part: String, with other: String) -> String {
    guard let place = range(of: part, options: .backwards) else { return self }
    return replacingCharacters(in: place, with: other)
  }
}

extension FieldReader {
  /// A digest or the id of a record; anything but 64 hexadecimal digits is noted.
  fileprivate func digest(_ key: String) -> Digest? {
    guard let text = text(key), has(key) else { return nil }
    if let digest = Digest(hex: text) { return digest }
    log.add(
      place(of: key), "\(name(of: key)) is \(Quote.of(text)), not 64 hexadecimal digits",
      hint: "write the whole id, as '--json' shows it")
    return nil
  }
}
