import Dataset

/// Tells mixes that an edit cannot have moved, so that a slot need not be drawn a second time.
struct QuickDraws {
  /// The strategies that are chosen and combine as before; none when the choice itself differs.
  private var strategies: [NodeID: Strategy] = [:]
  /// The nodes that are reached over branchings which are all as before.
  private var steady = Set<NodeID>()
  /// The nodes of pairs that each node is, or is below of.
  private var paired: [NodeID: Set<NodeID>] = [:]

  init(from before: Sources, to after: Sources) {
    let old = Dictionary(before.strategies.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    let new = Dictionary(after.strategies.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    guard before.strategies.count == old.count, after.strategies.count == new.count,
      old.mapValues(\.weight) == new.mapValues(\.weight)
    else { return }
    strategies = old.filter { id, strategy in
      new[id]?.roots == strategy.roots && Set(new[id]?.never ?? []) == Set(strategy.never)
    }
    let named = Set(
      (before.strategies + after.strategies).flatMap(\.never).flatMap { [$0.first, $0.second] })
    let later = Dictionary(
      after.taxonomies.flatMap { tree in tree.nodes.map { ($0.id, tree) } },
      uniquingKeysWith: { $1 })
    for tree in before.taxonomies {
      for node in tree.nodes { visit(node, in: tree, later: later[node.id], named: named) }
    }
  }

  /// Takes a node whose parent was taken before.
  private mutating func visit(
    _ node: Taxonomy.Node, in tree: Taxonomy, later: Taxonomy?, named: Set<NodeID>
  ) {
    let above = node.parent.flatMap { paired[$0] } ?? []
    paired[node.id] = named.contains(node.id) ? above.union([node.id]) : above
    guard let later, later.find(node.id)?.parent == node.parent,
      node.parent.map(steady.contains) ?? true
    else { return }
    func weights(_ tree: Taxonomy) -> [NodeID: Double] {
      Dictionary(
        tree.children(of: node.id).map { ($0.id, $0.weight) }, uniquingKeysWith: { $1 })
    }
    if weights(tree) == weights(later) { steady.insert(node.id) }
  }

  /// Whether a slot's first draw from the old sources is its mix there, and in the new ones too.
  func stays(_ first: Mix) -> Bool {
    guard let strategy = strategies[first.strategy], first.nodes.allSatisfy(steady.contains)
    else { return false }
    guard !strategy.never.isEmpty else { return true }
    func isThere(_ branch: NodeID) -> Bool {
      first.nodes.contains { paired[$0]?.contains(branch) ?? false }
    }
    return !strategy.never.contains { isThere($0.first) && isThere($0.second) }
  }
}
