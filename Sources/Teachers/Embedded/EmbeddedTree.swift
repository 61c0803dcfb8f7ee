import ArtifactStore
import Dataset

/// The taxonomies of grade-school arithmetic problems that the embedded teacher knows.
struct EmbeddedTree: Sendable {
  static let shared = EmbeddedTree()

  /// The first level of the factor of settings, in the order of the places in the word lists.
  static let settings = shared.children["setting"] ?? []

  /// The names of the factors.
  let factors: [String]
  /// Names without a place in this domain.
  let strangers: [String]
  /// The keys of ``strangers``.
  let strangerKeys: Set<String>
  private let children: [String: [String]]
  private let amountEndings: [String]
  private let formEndings: [String]

  private init() {
    var factors: [String] = []
    var children: [String: [String]] = [:]
    var endings: [String] = []
    for line in EmbeddedTreeText.factors.split(separator: "\n") {
      let entry = EmbeddedTree.trimmed(line)
      guard line.hasPrefix("  "), let factor = factors.last else {
        factors.append(entry)
        continue
      }
      if entry.hasPrefix("* ") {
        endings = EmbeddedTree.list(entry.dropFirst(2))
        continue
      }
      let parts = entry.split(separator: ":", maxSplits: 1)
      let node = EmbeddedTree.trimmed(parts[0])
      let names = EmbeddedTree.list(parts.last ?? "")
      children[EmbeddedTree.key([factor]), default: []].append(node)
      children[EmbeddedTree.key([factor, node])] = names
      for name in names {
        let path = [factor, node, name]
        children[EmbeddedTree.key(path)] = EmbeddedTree.leaves(of: path, endings: endings)
      }
    }
    self.factors = factors
    self.children = children
    strangers = EmbeddedTree.list(EmbeddedTreeText.strangers[...])
    strangerKeys = Set(strangers.map(EmbeddedTree.nameKey))
    amountEndings = EmbeddedTree.list(EmbeddedTreeText.genericAmounts[...])
    formEndings = EmbeddedTree.list(EmbeddedTreeText.genericForms[...])
  }

  /// The children of a node, which is given by the names from the factor down to it.
  ///
  /// For a node that a person added they are made from its name.
  func children(of path: [String]) -> [String] {
    if let known = children[EmbeddedTree.key(path)] { return known }
    return generic(under: path.last ?? "")
  }

  /// More names under a node than its children, made from its name.
  func furtherNames(under name: String) -> [String] {
    let short = EmbeddedTree.short(name)
    let pairs = amountEndings.flatMap { amount in
      formEndings.map { "\(short): \(amount), \($0)" }
    }
    return generic(under: name) + pairs
  }

  private func generic(under name: String) -> [String] {
    (amountEndings + formEndings).map { "\(EmbeddedTree.short(name)): \($0)" }
  }

  /// How the teacher compares names: by words in lower case, without a plural ending.
  static func nameKey(_ name: String) -> String {
    NodeName.normalized(name).split(separator: " ")
      .map { $0.utf8.count > 1 && $0.hasSuffix("s") ? $0.dropLast() : $0 }
      .joined(separator: " ")
  }

  private static func key(_ path: [String]) -> String {
    path.map(nameKey).joined(separator: " > ")
  }

  /// Four or five of the endings, by the hash of the path.
  private static func leaves(of path: [String], endings: [String]) -> [String] {
    var fields = SeedFields("embedded tree")
    for name in path { fields.add(name) }
    var chance = Chance(fields.seed(), "leaves")
    var endings = endings
    chance.shuffle(&endings)
    return endings.prefix(chance.within(4...5)).map { "\(path.last ?? "") \($0)" }
  }

  private static func short(_ name: String) -> String {
    name.count > 80 ? String(name.prefix(80)) : name
  }

  private static func list(_ text: Substring) -> [String] {
    text.split(separator: ";").map(trimmed)
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
