import CanonicalJSON

/// The text of one taxonomy: `taxonomies/<factor>.yaml`.
package enum TaxonomyText {
  private static let header = """
    # The taxonomy of one factor, one node a line. Edit it freely: rename, reorder, change weights,
    # move a node with its branch by 'in', remove lines. Keep the ids of the nodes that stay; a new
    # line needs none. A node is drawn by its weight relative to its siblings (1 when not written);
    # 'pin: true' keeps it when its branch is grown again. The indentation only shows the depth.

    """

  /// Deeper nodes are not moved further in: a long chain would make a text that is not read again.
  private static let deepestIndent = 32

  package static func encode(_ taxonomy: Taxonomy) -> String {
    var text = header + "factor: \(taxonomy.root.id)\nnodes:\n"
    var depths: [NodeID: Int] = [:]
    for node in taxonomy.nodes {
      let depth = node.parent.flatMap { depths[$0] }.map { $0 + 1 } ?? 0
      depths[node.id] = depth
      let indent = String(repeating: "  ", count: min(depth, deepestIndent))
      text += "-" + indent + " {" + fields(of: node) + "}\n"
    }
    return text
  }

  private static func fields(of node: Taxonomy.Node) -> String {
    var fields = ["id: \(node.id)"]
    if let parent = node.parent { fields.append("in: \(parent)") }
    fields.append("name: \(SourceText.quoted(node.name))")
    if node.weight != 1 { fields.append("weight: \(JSON.number(node.weight).text)") }
    if node.isPinned { fields.append("pin: true") }
    if node.isUnexpanded { fields.append("unexpanded: true") }
    if node.isCapped { fields.append("capped: true") }
    return fields.joined(separator: ", ")
  }

  /// Reads the text of a taxonomy, whose path is for errors.
  package static func decode(
    _ bytes: [UInt8], path: String
  ) throws(SourceErrors) -> Taxonomy {
    try placed(bytes, path: path).taxonomy
  }

  /// A taxonomy with the line of each node.
  struct Placed {
    let taxonomy: Taxonomy
    let places: [NodeID: TextPlace]
  }

  static func placed(_ bytes: [UInt8], path: String) throws(SourceErrors) -> Placed {
    let log = ProblemLog()
    do throws(TextProblem) {
      let root = try YAMLParser.parse(bytes, atMost: SourceText.maximumSize)
      if let placed = TaxonomyReader(log: log).read(root), log.isEmpty { return placed }
    } catch {
      log.add(error)
    }
    throw SourceErrors(path: path, log.problems)
  }
}

/// Turns the lines of a taxonomy into a tree.
struct TaxonomyReader {
  private struct Line {
    var node: Taxonomy.Node
    let place: TextPlace
  }

  let log: ProblemLog

  func read(_ root: YAMLValue) -> TaxonomyText.Placed? {
    guard
      let fields = FieldReader(root, section: nil, at: .start, keys: ["factor", "nodes"], log: log)
    else { return nil }
    if !fields.has("factor") {
      fields.missing("factor", hint: "write the id that factors.yaml gives the factor")
    }
    guard let factor = fields.id("factor") else { return nil }
    guard let items = fields.member("nodes")?.value.items, !items.isEmpty else {
      log.add(
        fields.place(of: "nodes"), "'nodes' must be a list of nodes, the factor itself first")
      return nil
    }
    let lines = items.compactMap { line($0, factor: factor) }
    // With a line that cannot be read, what is said about the tree would be wrong.
    guard log.isEmpty else { return nil }
    return tree(of: lines, factor: factor)
  }

  private func line(_ item: YAMLValue, factor: NodeID) -> Line? {
    let keys = ["id", "in", "name", "weight", "pin", "unexpanded", "capped"]
    guard let fields = FieldReader(item, section: "nodes", keys: keys, log: log) else { return nil }
    let name = fields.nodeName()
    let weight = fields.weight()
    let parent = fields.id("in")
    let given = fields.id("id")
    let isPinned = fields.bool("pin") ?? false
    let isUnexpanded = fields.bool("unexpanded") ?? false
    let isCapped = fields.bool("capped") ?? false
    guard let name, let weight, log.isEmpty else { return nil }
    let id = given ?? parent.map { NodeID(bornUnder: $0, name: name) } ?? factor
    let node = Taxonomy.Node(
      id: id, parent: parent, name: name, weight: weight, isPinned: isPinned,
      isUnexpanded: isUnexpanded, isCapped: isCapped)
    return Line(node: node, place: item.place)
  }

  private func tree(of lines: [Line], factor: NodeID) -> TaxonomyText.Placed? {
    var places: [NodeID: TextPlace] = [:]
    for line in lines {
      if let first = places[line.node.id] {
        log.add(
          line.place, "the node \(Quote.of(line.node.name)) has the id of line \(first.line)",
          hint: "leave the 'id' of a new line out, or give it another one")
      } else {
        places[line.node.id] = line.place
      }
    }
    checkRoots(lines, factor: factor)
    for line in lines {
      guard let parent = line.node.parent, places[parent] == nil else { continue }
      log.add(
        line.place, "the node \(Quote.of(line.node.name)) is in '\(parent)', which is not here",
        hint: "write the id of another node after 'in', or remove the line too")
    }
    guard log.isEmpty else { return nil }
    return depthFirst(lines, places: places)
  }

  private func checkRoots(_ lines: [Line], factor: NodeID) {
    let roots = lines.filter { $0.node.parent == nil }
    guard let root = roots.first else {
      log.add(
        .start, "no node is the root, which has no 'in'",
        hint: "write the factor itself as the first node")
      return
    }
    for other in roots.dropFirst() {
      log.add(
        other.place,
        "the node \(Quote.of(other.node.name)) is a second root beside line \(root.place.line)",
        hint: "write the id of its parent after 'in'")
    }
    guard root.node.id != factor else { return }
    log.add(
      root.place, "the root's id is '\(root.node.id)', but 'factor' says '\(factor)'",
      hint: "write the same id in both")
  }

  /// Orders the nodes, parents first and siblings as in the text; what is not reached is a cycle.
  private func depthFirst(
    _ lines: [Line], places: [NodeID: TextPlace]
  ) -> TaxonomyText.Placed? {
    let children = Dictionary(grouping: lines) { $0.node.parent }
    var nodes: [Taxonomy.Node] = []
    var next = children[nil] ?? []
    while let line = next.popLast() {
      nodes.append(line.node)
      next += (children[line.node.id] ?? []).reversed()
    }
    guard nodes.count == lines.count else {
      let reached = Set(nodes.map(\.id))
      if let lost = lines.first(where: { !reached.contains($0.node.id) }) {
        log.add(
          lost.place, "the node \(Quote.of(lost.node.name)) is in a branch of its own nodes",
          hint: "write the id of a node outside of it after 'in'")
      }
      return nil
    }
    return TaxonomyText.Placed(taxonomy: Taxonomy(nodes: nodes), places: places)
  }
}
