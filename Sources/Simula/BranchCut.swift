import Dataset

/// The nodes whose branches two states of the sources have in common, and how to leave those out.
struct BranchCut {
  /// The nodes that become leaves.
  private var cut = Set<NodeID>()

  /// Finds the highest nodes whose branches are equal and inside of which no strategy names a node.
  init(_ before: Sources, _ after: Sources) {
    var named = Set<NodeID>()
    for strategy in before.strategies + after.strategies {
      named.formUnion(strategy.roots)
      for pair in strategy.never { named.formUnion([pair.first, pair.second]) }
    }
    for taxonomy in after.taxonomies {
      guard let old = before.taxonomies.first(where: { $0.root.id == taxonomy.root.id }) else {
        continue
      }
      let equal = Self.equalBranches(old, taxonomy, named: named)
      for node in taxonomy.nodes where equal.contains(node.id) { cut.insert(node.id) }
    }
  }

  /// The nodes of which everything below is the same in both trees.
  private static func equalBranches(
    _ old: Taxonomy, _ new: Taxonomy, named: Set<NodeID>
  ) -> Set<NodeID> {
    var equal = Set<NodeID>()
    // Children come after their parents.
    for node in new.nodes.reversed() where old.find(node.id) != nil {
      let children = new.children(of: node.id)
      let earlier = old.children(of: node.id)
      guard children.count == earlier.count else { continue }
      let isEqual = children.allSatisfy { child in
        guard let same = old.find(child.id), same.parent == node.id else { return false }
        return same.name == child.name && same.weight == child.weight
          && equal.contains(child.id) && !named.contains(child.id)
      }
      if isEqual { equal.insert(node.id) }
    }
    return equal
  }

  func apply(to sources: Sources) -> Sources {
    var result = sources
    result.taxonomies = sources.taxonomies.map { taxonomy in
      var gone = Set<NodeID>()
      var kept: [Taxonomy.Node] = []
      for node in taxonomy.nodes {
        if let parent = node.parent, cut.contains(parent) || gone.contains(parent) {
          gone.insert(node.id)
        } else {
          kept.append(node)
        }
      }
      return Taxonomy(nodes: kept)
    }
    return result
  }
}
