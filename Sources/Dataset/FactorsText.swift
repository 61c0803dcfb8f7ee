/// The text of `factors.yaml`, which lists the taxonomies.
enum FactorsText {
  static let path = "factors.yaml"

  /// One line of the list.
  struct Entry {
    let id: NodeID
    let name: String
    /// The file's name in `taxonomies/`.
    let file: String
    let place: TextPlace

    var path: String { "taxonomies/\(file)" }
  }

  private static let header = """
    # The factors of variation, in order, with the file of each taxonomy in taxonomies/.
    # Remove a line to leave a factor out. A factor's name stands here and in its taxonomy.

    """

  static func encode(_ taxonomies: [Taxonomy]) -> String {
    encode(taxonomies, files: files(of: taxonomies))
  }

  /// The text that gives each taxonomy a file of a given name.
  static func encode(_ taxonomies: [Taxonomy], files: [String]) -> String {
    guard !taxonomies.isEmpty else { return header + "factors: []\n" }
    var text = header + "factors:\n"
    for (taxonomy, file) in zip(taxonomies, files) {
      let name = SourceText.quoted(taxonomy.root.name)
      text += "- {id: \(taxonomy.root.id), name: \(name), file: \(file)}\n"
    }
    return text
  }

  /// The name of each taxonomy's file; where names would be equal, the id makes them differ.
  static func files(of taxonomies: [Taxonomy]) -> [String] {
    let slugs = taxonomies.map { NodeName.slug($0.root.name) }
    let counts = Dictionary(slugs.map { ($0, 1) }, uniquingKeysWith: +)
    return zip(taxonomies, slugs).map { taxonomy, slug in
      let isUnique = counts[slug] == 1 && !hasIDSuffix(slug)
      return (isUnique ? slug : "\(slug)-\(taxonomy.root.id.text.prefix(8))") + ".yaml"
    }
  }

  /// Whether a slug looks as if it had been made unique, so that it could meet one that was.
  private static func hasIDSuffix(_ slug: String) -> Bool {
    slug.wholeMatch(of: /.*-[0-9a-f]{8}/) != nil
  }

  static func decode(_ bytes: [UInt8]) throws(SourceErrors) -> [Entry] {
    let log = ProblemLog()
    do throws(TextProblem) {
      let root = try YAMLParser.parse(bytes, atMost: SourceText.maximumSize)
      let entries = entries(of: root, log: log)
      if log.isEmpty { return entries }
    } catch {
      log.add(error)
    }
    throw SourceErrors(path: path, log.problems)
  }

  private static func entries(of root: YAMLValue, log: ProblemLog) -> [Entry] {
    guard let fields = FieldReader(root, section: nil, at: .start, keys: ["factors"], log: log)
    else { return [] }
    guard let items = fields.member("factors")?.value.items else {
      log.add(fields.place(of: "factors"), "'factors' must be a list of factors")
      return []
    }
    guard !items.isEmpty else {
      log.add(
        fields.place(of: "factors"), "no factor is left, so that there is nothing to draw from",
        hint: "restore a line with 'git checkout HEAD -- factors.yaml taxonomies', or remove "
          + "factors.yaml: the next run makes factors anew")
      return []
    }
    var entries: [Entry] = []
    for entry in items.compactMap({ entry($0, log: log) }) {
      if let first = entries.first(where: { $0.id == entry.id }) {
        log.add(
          entry.place, "the factor \(Quote.of(entry.name)) has the id of line \(first.place.line)",
          hint: "remove one of the lines")
      } else if let first = entries.first(where: { $0.file == entry.file }) {
        log.add(
          entry.place,
          "the factor \(Quote.of(entry.name)) has the file of line \(first.place.line)",
          hint: "give each factor a file of its own")
      }
      entries.append(entry)
    }
    return entries
  }

  private static func entry(_ item: YAMLValue, log: ProblemLog) -> Entry? {
    guard
      let fields = FieldReader(item, section: "factors", keys: ["id", "name", "file"], log: log)
    else { return nil }
    for key in ["id", "file"] where !fields.has(key) { fields.missing(key) }
    let name = fields.nodeName()
    guard let id = fields.id("id"), let name, let file = fields.text("file"), fields.has("file")
    else { return nil }
    guard file.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*\.yaml/) != nil, file.utf8.count <= 100 else {
      log.add(
        fields.place(of: "file"), "\(Quote.of(file)) is no name of a taxonomy's file",
        hint: "use lower-case letters, digits and hyphens: \(NodeName.slug(name)).yaml")
      return nil
    }
    return Entry(id: id, name: name, file: file, place: item.place)
  }
}
