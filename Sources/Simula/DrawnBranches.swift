import Dataset

/// The taxonomies as mixes are drawn from them, down to some level.
struct DrawnBranches: Sendable {
  /// One of several to choose from, as small as can be, for each slot looks at dozens.
  struct Choice: Sendable {
    let id: NodeID
    let weight: Double
    /// The bytes of the id's text.
    let text: (UInt64, UInt64)

    init(_ id: NodeID, weight: Double) {
      self.id = id
      self.weight = weight
      let words = [UInt8](id.text.utf8).withUnsafeBytes { bytes in
        [0, 8].map {
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
        }
      }
      text = (words[0], words[1])
    }
  }

  private let taxonomies: [NodeID: Taxonomy]
  /// Of the nodes that have some which may be drawn.
  private let children: [NodeID: [Choice]]
  /// Each node's ancestors and itself.
  private let lineages: [NodeID: [NodeID]]

  /// Takes the trees, and the level below which nothing is drawn; roots are at 0.
  init(_ taxonomies: [Taxonomy], deepest: Int) {
    var places: [NodeID: Taxonomy] = [:]
    var children: [NodeID: [Choice]] = [:]
    var lineages: [NodeID: [NodeID]] = [:]
    for taxonomy in taxonomies {
      // Parents come before their children.
      for node in taxonomy.nodes {
        places[node.id] = taxonomy
        let above = node.parent.flatMap { lineages[$0] } ?? []
        lineages[node.id] = above + [node.id]
        if above.count < deepest {
          children[node.id] = taxonomy.children(of: node.id).map {
            Choice($0.id, weight: $0.weight)
          }
        }
      }
    }
    self.taxonomies = places
    self.children = children
    self.lineages = lineages
  }

  func path(to node: NodeID) -> [Taxonomy.Node] { taxonomies[node]?.path(to: node) ?? [] }

  /// The children that may be drawn, none for a leaf and none as deep as can be.
  func children(of node: NodeID) -> [Choice] { children[node] ?? [] }

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
    func isThere(_ branch: NodeID) -> Bool {
      nodes.contains { lineages[$0]?.contains(branch) ?? false }
    }
    return !strategy.never.contains { isThere($0.first) && isThere($0.second) }
  }
}
