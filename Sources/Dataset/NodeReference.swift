/// Finds the node that a person means by an id, a path or a name.
package struct NodeReference {
  /// The fewest digits that are taken as the beginning of an id.
  package static let minimumDigits = 4
  /// How many candidates an error lists.
  private static let shownCandidates = 8

  private let taxonomies: [Taxonomy]

  package init(_ sources: Sources) { taxonomies = sources.taxonomies }

  /// A node with the tree that holds it.
  package struct Found: Sendable, Hashable {
    package let taxonomy: Taxonomy
    package let node: Taxonomy.Node

    package init(taxonomy: Taxonomy, node: Taxonomy.Node) {
      self.taxonomy = taxonomy
      self.node = node
    }

    /// The names from the factor down to the node.
    package var path: String {
      taxonomy.path(to: node.id).map(\.name).joined(separator: " > ")
    }
    package var isFactor: Bool { node.parent == nil }
  }

  /// The node of the beginning of an id, of a path such as `Factor > Child`, or of a name.
  ///
  /// A path may leave out its beginning. Names compare without case and punctuation, unless only one
  /// is the same to the letter.
  ///
  /// - Throws: ``SourceEditError`` when no node or several are meant.
  package func find(_ text: String) throws(SourceEditError) -> Found {
    let byID = idMatches(text)
    if byID.count == 1 { return byID[0] }
    let named = nameMatches(text)
    if named.count == 1 { return named[0] }
    let candidates = named.isEmpty ? byID : named
    guard candidates.isEmpty else { throw ambiguous(text, candidates) }
    throw missing(text)
  }

  /// The factor of an id or name.
  package func factor(_ text: String) throws(SourceEditError) -> Found {
    let roots = NodeReference(
      Sources(
        taxonomies: taxonomies.map { Taxonomy(nodes: [$0.root]) }, strategies: []))
    let found = try roots.find(text)
    guard let whole = taxonomies.first(where: { $0.root.id == found.node.id }) else {
      throw missing(text)
    }
    return Found(taxonomy: whole, node: whole.root)
  }

  private func idMatches(_ text: String) -> [Found] {
    guard text.utf8.count >= Self.minimumDigits,
      text.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
    else { return [] }
    let digits = text.lowercased()
    return matches { _, node in node.id.text.hasPrefix(digits) }
  }

  private func nameMatches(_ text: String) -> [Found] {
    let exact = matches { _, node in node.name == text }
    if exact.count == 1 { return exact }
    let steps = Self.normalizedSteps(text)
    let plain = NodeName.normalized(text)
    // A name may itself hold the sign that separates the steps of a path.
    let byName = matches { _, node in
      plain.isEmpty ? node.name == text : NodeName.normalized(node.name) == plain
    }
    guard steps.count > 1, steps.allSatisfy({ !$0.isEmpty }) else { return byName }
    let byPath = matches { taxonomy, node in
      return Self.ends(taxonomy.path(to: node.id).map(\.name), in: steps)
    }
    // A path from the root means one node, even where a longer one ends in the same steps.
    let whole = byPath.filter { found in
      found.taxonomy.path(to: found.node.id).flatMap { Self.normalizedSteps($0.name) } == steps
    }
    return whole.count == 1 ? whole : byPath.isEmpty ? byName : byPath
  }

  /// Whether the last names of a path are some steps; a name may hold the sign that separates them.
  private static func ends(_ names: [String], in steps: [String]) -> Bool {
    var rest = steps[...]
    for name in names.reversed() where !rest.isEmpty {
      let parts = normalizedSteps(name)
      guard rest.suffix(parts.count) == parts[...] else { return false }
      rest.removeLast(parts.count)
    }
    return rest.isEmpty
  }

  private static func normalizedSteps(_ text: String) -> [String] {
    text.split(separator: ">", omittingEmptySubsequences: false)
      .map { NodeName.normalized(String($0)) }
  }

  private func matches(_ isMeant: (Taxonomy, Taxonomy.Node) -> Bool) -> [Found] {
    taxonomies.flatMap { taxonomy in
      taxonomy.nodes.filter { isMeant(taxonomy, $0) }
        .map { Found(taxonomy: taxonomy, node: $0) }
    }
  }

  private func ambiguous(_ text: String, _ candidates: [Found]) -> SourceEditError {
    let shown = candidates.prefix(Self.shownCandidates).map {
      "\($0.node.id)  \(Quote.plain($0.path, longest: 120))"
    }
    let more = candidates.count - shown.count
    return SourceEditError(
      "\(Quote.of(text)) means \(candidates.count) nodes",
      hint: "give one of these ids, or a longer path:\n        "
        + (shown + (more > 0 ? ["and \(more) more"] : [])).joined(separator: "\n        "))
  }

  private func missing(_ text: String) -> SourceEditError {
    let names = taxonomies.flatMap { $0.nodes.map(\.name) }
    let last = text.split(separator: ">").last.map {
      String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    let near = names.count <= 20_000 ? last.flatMap { NearestName.to($0, among: names) } : nil
    return SourceEditError(
      "no node is \(Quote.of(text))",
      hint: near.map { "did you mean \(Quote.of($0))? " }.map { $0 + Self.help } ?? Self.help)
  }

  private static let help =
    "give the beginning of an id, a path such as 'Factor > Child', or a name; 'stemma taxonomy show'"
    + " lists them"
}
