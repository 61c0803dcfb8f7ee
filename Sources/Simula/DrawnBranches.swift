import Dataset

/// The taxonomies as mixes are drawn from them, down to some level.
struct DrawnBranches: Sendable {
  /// One of several to choose from, as small as can be, for each slot looks at dozens.
  struct Choice: Sendable {
    let id: NodeID
    let weight: Double
    /// The bytes of the id's text.
    let text: (UInt64, UInt64)
    /// Its place among all that may be chosen, or -1.
    let place: Int

    init(_ id: NodeID, weight: Double, place: Int = -1) {
      self.id = id
      self.weight = weight
      self.place = place
      let words = [UInt8](id.text.utf8).withUnsafeBytes { bytes in
        [0, 8].map {
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
        }
      }
      text = (words[0], words[1])
    }
  }

  private let taxonomies: [NodeID: Taxonomy]
  /// The places of nodes.
  private let places: [NodeID: Int]
  /// All nodes, those with one parent beside each other.
  private let choices: [Choice]
  /// The places of the children of each place that may be drawn.
  private let children: [Range<Int>]
  /// Each node's ancestors and itself.
  private let lineages: [NodeID: [NodeID]]

  /// Takes the trees, and the level below which nothing is drawn; roots are at 0.
  init(_ taxonomies: [Taxonomy], deepest: Int) {
    var trees: [NodeID: Taxonomy] = [:]
    var lineages: [NodeID: [NodeID]] = [:]
    var places: [NodeID: Int] = [:]
    var choices: [Choice] = []
    func add(_ nodes: [Taxonomy.Node]) {
      for node in nodes {
        places[node.id] = choices.count
        choices.append(Choice(node.id, weight: node.weight, place: choices.count))
      }
    }
    for taxonomy in taxonomies { add([taxonomy.root]) }
    var children = [Range<Int>](
      repeating: 0..<0, count: taxonomies.reduce(0) { $0 + $1.nodes.count })
    for taxonomy in taxonomies {
      // Parents come before their children.
      for node in taxonomy.nodes {
        trees[node.id] = taxonomy
        let above = node.parent.flatMap { lineages[$0] } ?? []
        lineages[node.id] = above + [node.id]
        let first = choices.count
        add(taxonomy.children(of: node.id))
        if above.count < deepest, let place = places[node.id] {
          children[place] = first..<choices.count
        }
      }
    }
    self.taxonomies = trees
    self.places = places
    self.choices = choices
    self.children = children
    self.lineages = lineages
  }

  func path(to node: NodeID) -> [Taxonomy.Node] { taxonomies[node]?.path(to: node) ?? [] }

  /// Goes down from a root, choosing among the children of each node that may be drawn.
  ///
  /// - Parameters:
  ///   - root: Where to start.
  ///   - chance: A number between 0 and 1 for each that may be chosen.
  /// - Returns: A leaf, or a node as deep as can be.
  func descend(from root: NodeID, chance: (Choice) -> Double) -> NodeID {
    guard let place = places[root] else { return root }
    return choices.withUnsafeBufferPointer { choices in
      var node = choices[place]
      while let child = Chance.choose(
        choices[children[node.place]], weight: \.weight, chance: chance)
      {
        node = child
      }
      return node.id
    }
  }

  /// The nodes that may be drawn below a root, in the order of the text.
  func leaves(below root: NodeID) -> [NodeID] {
    guard let place = places[root] else { return [root] }
    return leaves(below: place).map { choices[$0].id }
  }

  private func leaves(below place: Int) -> [Int] {
    children[place].isEmpty ? [place] : children[place].flatMap(leaves)
  }

  /// The root of a strategy whose branch holds a node, or nil.
  func root(of node: NodeID, in strategy: Strategy) -> NodeID? {
    let lineage = lineages[node] ?? []
    return strategy.roots.first(where: lineage.contains)
  }

  /// Whether no two of some nodes are in branches that must never combine.
  func areAllowed(_ nodes: [NodeID], _ strategy: Strategy) -> Bool {
    guard !strategy.never.isEmpty else { return true }
    let lineages = nodes.map { self.lineages[$0] ?? [] }
    func isThere(_ branch: NodeID) -> Bool { lineages.contains { $0.contains(branch) } }
    return !strategy.never.contains { isThere($0.first) && isThere($0.second) }
  }
}
