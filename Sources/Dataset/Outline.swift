/// A tree of names as people write it down elsewhere, before its nodes have identities.
package struct Outline: Sendable {
  /// The deepest level that is read or written; the root is at 0.
  package static let maximumDepth = 30
  /// The most nodes of one outline.
  package static let maximumCount = 100_000

  /// The forms in which a tree goes in and out.
  package enum Format: String, Sendable, CaseIterable {
    case yaml, json, markdown

    /// The form that a file's name says, or nil.
    package init?(path: String) {
      switch path.split(separator: ".").last?.lowercased() {
      case "yaml", "yml": self = .yaml
      case "json": self = .json
      case "md", "markdown": self = .markdown
      default: return nil
      }
    }

    /// The form that a text seems to have, by its first sign.
    package init(guessing bytes: [UInt8]) {
      let text = bytes.drop { $0 <= 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
      switch text.first {
      case UInt8(ascii: "{"): self = .json
      case UInt8(ascii: "#"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+"),
        UInt8(ascii: "<"):
        // YAML comments begin like headings; only YAML has a key 'name:' at the beginning of a line.
        let isYAML = String(decoding: bytes.prefix(1 << 16), as: UTF8.self)
          .split(separator: "\n").contains { $0.hasPrefix("name:") || $0.hasPrefix("children:") }
        self = isYAML ? .yaml : .markdown
      default: self = .yaml
      }
    }
  }

  /// One node.
  package struct Item: Sendable {
    /// Empty only for the root of a list of bullets without a heading.
    package var name: String
    package var weight = 1.0
    package var id: NodeID?
    package var isPinned = false
    package var children: [Item] = []
    let place: TextPlace
  }

  package var root: Item

  /// Reads a text, whose path is for errors.
  package init(
    _ bytes: [UInt8], format: Format, path: String
  ) throws(SourceErrors) {
    let log = ProblemLog()
    do throws(TextProblem) {
      let root: Item?
      switch format {
      case .yaml:
        root = OutlineReader(log: log).read(
          try YAMLParser.parse(bytes, atMost: SourceText.maximumSize))
      case .json: root = OutlineReader(log: log).read(try JSONPlaces.parse(bytes))
      case .markdown: root = try OutlineBullets(log: log).read(bytes)
      }
      if let root, log.isEmpty {
        self.root = root
        return
      }
    } catch {
      log.add(error)
    }
    throw SourceErrors(path: path, log.problems)
  }

  /// Takes the tree of a factor.
  ///
  /// - Throws: ``SourceEditError`` for a tree that is too deep to be nested.
  package init(_ taxonomy: Taxonomy) throws(SourceEditError) {
    var levels: [NodeID: Int] = [:]
    for node in taxonomy.nodes {
      let level = node.parent.flatMap { levels[$0] }.map { $0 + 1 } ?? 0
      levels[node.id] = level
      guard level <= Self.maximumDepth else {
        throw SourceEditError(
          "\(Quote.of(node.name)) is deeper than level \(Self.maximumDepth), the deepest of an outline",
          hint: "copy the text in taxonomies/ instead")
      }
    }
    root = Self.item(taxonomy.root, taxonomy)
  }

  private static func item(_ node: Taxonomy.Node, _ taxonomy: Taxonomy) -> Item {
    Item(
      name: node.name, weight: node.weight, id: node.id, isPinned: node.isPinned,
      children: taxonomy.children(of: node.id).map { item($0, taxonomy) }, place: .start)
  }
}

/// Notes what is wrong with the names of an outline.
struct OutlineCheck {
  let log: ProblemLog

  /// Looks at one node's own name; true when it may be used.
  func name(_ name: String, at place: TextPlace) -> Bool {
    guard let fault = NodeName.fault(in: name) else { return true }
    log.add(place, "the name \(Quote.of(name, longest: 40)) \(fault)")
    return false
  }

  /// Looks for children of one name.
  func siblings(_ children: [Outline.Item]) {
    var lines: [String: Int] = [:]
    for child in children {
      let normalized = NodeName.normalized(child.name)
      let key = normalized.isEmpty ? child.name : normalized
      if let line = lines[key] {
        log.add(
          child.place, "\(Quote.of(child.name)) stands beside the same name in line \(line)",
          hint: "keep one of them")
      } else {
        lines[key] = child.place.line
      }
    }
  }

  func depth(_ depth: Int, at place: TextPlace) -> Bool {
    guard depth > Outline.maximumDepth else { return true }
    log.add(place, "the tree is deeper than \(Outline.maximumDepth) levels")
    return false
  }

  func count(_ count: Int, at place: TextPlace) -> Bool {
    guard count > Outline.maximumCount else { return true }
    log.add(place, "the tree has more than \(Outline.maximumCount) nodes")
    return false
  }
}
