import Dataset

/// The taxonomies as mixes are drawn from them, down to some level.
struct DrawnBranches: Sendable {
  private let taxonomies: [NodeID: Taxonomy]
  /// Of the nodes that have some which may be drawn.
  private let children: [NodeID: [Taxonomy.Node]]
  /// Each node's ancestors and itself.
  private let lineages: [NodeID: [NodeID]]

  /// Takes the trees, and the level below which nothing is drawn; roots are at 0.
  init(_ taxonomies: [Taxonomy], deepest: Int) {
    var places: [NodeID: Taxonomy] = [:]
    var children: [NodeID: [Taxonomy.Node]] = [:]
    var lineages: [NodeID: [NodeID]] = [:]
    for taxonomy in taxonomies {
      // Parents come before their children.
      for node in taxonomy.nodes {
        places[node.id] = taxonomy
        let above = node.parent.flatMap { lineages[$0] } ?? []
        lineages[node.id] = above + [node.id]
        if above.count < deepest { children[node.id] = taxonomy.children(of: node.id) }
      }
    }
    self.taxonomies = places
    self.children = children
    self.lineages = lineages
  }

  func path(to node: NodeID) -> [Taxonomy.Node] { taxonomies[node]?.path(to: node) ?? [] }

  /// The children that may be drawn, none for a leaf and none as deep as can be.
  func children(of node: NodeID) -> [Taxonomy.Node] { children[node] ?? [] }

  /// The nodes that may be drawn below a root, in the order of the text.
  func leaves(below root: NodeID) -> [NodeID] {
    let children = children(of: root)
    return children.isEmpty ? [root] : children.flatMap { leaves(below: $0.id) }
  }

  /// The root of a strategy whose branch holds a node, or nil.
  func root(of node: NodeID, in strategy: Strategy) -> NodeID? {
    let lineage = lineages[node] ?? []
    return strategy.roots.first(where: lineage.contains)
  }

  /// Whether no two of some nodes are in branches that must never combine.
  func areAllowed(_ nodes: [NodeID], _ strategy: Strategy) -> Bool {
    guard !strategy.never.isEmpty else { return true }
    let lineage = nodes.flatMap { lineages[$0] ?? [] }
    return !strategy.never.contains {
      lineage.contains($0.first) && lineage.contains($0.second)
    }
  }
}
