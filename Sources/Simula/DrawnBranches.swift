import Dataset

/// The taxonomies as mixes are drawn from them, down to some level.
struct DrawnBranches: Sendable {
  private let taxonomies: [NodeID: Taxonomy]
  /// The level below which nothing is drawn; roots are at 0.
  private let deepest: Int

  init(_ taxonomies: [Taxonomy], deepest: Int) {
    self.deepest = deepest
    var places: [NodeID: Taxonomy] = [:]
    for taxonomy in taxonomies {
      for node in taxonomy.nodes { places[node.id] = taxonomy }
    }
    self.taxonomies = places
  }

  func path(to node: NodeID) -> [Taxonomy.Node] { taxonomies[node]?.path(to: node) ?? [] }

  /// The children that may be drawn, none for a leaf.
  func children(of node: NodeID) -> [Taxonomy.Node] {
    guard let taxonomy = taxonomies[node], isAboveDeepest(node, taxonomy) else { return [] }
    return taxonomy.children(of: node)
  }

  private func isAboveDeepest(_ node: NodeID, _ taxonomy: Taxonomy) -> Bool {
    deepest == .max || taxonomy.level(of: node) < deepest
  }

  /// The nodes that may be drawn below a root, in the order of the text.
  func leaves(below root: NodeID) -> [NodeID] {
    let children = children(of: root)
    return children.isEmpty ? [root] : children.flatMap { leaves(below: $0.id) }
  }

  /// The root of a strategy whose branch holds a node, or nil.
  func root(of node: NodeID, in strategy: Strategy) -> NodeID? {
    let lineage = Set(path(to: node).map(\.id))
    return strategy.roots.first(where: lineage.contains)
  }

  /// Whether no two of some nodes are in branches that must never combine.
  func areAllowed(_ nodes: [NodeID], _ strategy: Strategy) -> Bool {
    guard !strategy.never.isEmpty else { return true }
    var lineage = Set<NodeID>()
    for node in nodes {
      for ancestor in path(to: node) { lineage.insert(ancestor.id) }
    }
    return !strategy.never.contains {
      lineage.contains($0.first) && lineage.contains($0.second)
    }
  }
}
