import Dataset

/// Joins a regrown branch with the tree that a person may have edited.
struct RegrowthMerge {
  let sources: Sources
  let added: [Taxonomy.Node]
  let removed: [Taxonomy.Node]
  let notices: [String]
  /// The factor as grown, nil when it was made by hand.
  private let theirs: Taxonomy?

  /// Merges three ways.
  ///
  /// - Parameters:
  ///   - node: The node whose branch was regrown.
  ///   - grown: The way to it, and what grew below.
  ///   - base: The factor as last generated, nil for one that a person made: all of it stays.
  ///   - ours: The text.
  init(node: NodeID, grown: Taxonomy, base: Taxonomy?, ours: Sources) {
    var notices: [String] = []
    let own = ours.taxonomy(holding: node) ?? grown
    if base == nil {
      notices.append(
        "'\(own.root.name)' was made by hand: its nodes stay, and new ones come beside them")
    }
    let theirs = RegrowthMerge.replacing(node, by: grown, in: base)
    let named = Set(
      ours.strategies.flatMap { $0.roots + $0.never.flatMap { [$0.first, $0.second] } })
    // What strategies name stays as if it were pinned.
    let held = Taxonomy(
      nodes: own.nodes.map { node in
        var node = node
        node.isPinned = node.isPinned || named.contains(node.id)
        return node
      })
    let merged = (SourceMerge.merge(base, held, theirs) ?? own).orderedLike(own)
    let tree = Taxonomy(
      nodes: merged.nodes.map { node in
        var node = node
        if let before = own.find(node.id), named.contains(node.id) {
          node.isPinned = before.isPinned
        }
        if !merged.isLeaf(node.id) {
          node.isUnexpanded = false
          node.isCapped = false
        }
        return node
      })
    for id in named.sorted() where tree.find(id) != nil && theirs.find(id) == nil {
      notices.append("'\(tree.find(id)?.name ?? "")' stays: strategies.yaml names it")
    }
    var sources = ours
    sources.taxonomies = ours.taxonomies.map { $0.root.id == tree.root.id ? tree : $0 }
    self.sources = sources
    self.notices = notices
    added = tree.nodes.filter { own.find($0.id) == nil }
    removed = own.nodes.filter { tree.find($0.id) == nil }
    self.theirs = base == nil ? nil : RegrowthMerge.marking(theirs, base, own, tree)
  }

  /// The growth to remember, with the regrown tree in place of the last one.
  func growth(in last: Sources) -> Sources? {
    guard let theirs else { return nil }
    var growth = last
    growth.taxonomies = last.taxonomies.map { $0.root.id == theirs.root.id ? theirs : $0 }
    return growth
  }

  /// The base with another branch below a node, which is added with its ancestors if need be.
  private static func replacing(
    _ node: NodeID, by grown: Taxonomy, in base: Taxonomy?
  ) -> Taxonomy {
    guard let base else { return grown }
    let outside = base.nodes.filter { other in
      other.id == node || !base.path(to: other.id).contains { $0.id == node }
    }
    var nodes = Dictionary(uniqueKeysWithValues: outside.map { ($0.id, $0) })
    nodes[node]?.isUnexpanded = false
    nodes[node]?.isCapped = false
    var order = outside.map(\.id)
    for new in grown.nodes where nodes[new.id] == nil {
      nodes[new.id] = new
      order.append(new.id)
    }
    var children: [NodeID: [NodeID]] = [:]
    for id in order {
      if let parent = nodes[id]?.parent { children[parent, default: []].append(id) }
    }
    var ordered: [Taxonomy.Node] = []
    var next = [base.root.id]
    while let id = next.popLast() {
      guard let node = nodes.removeValue(forKey: id) else { continue }
      ordered.append(node)
      next += (children[id] ?? []).reversed()
    }
    return Taxonomy(nodes: ordered)
  }

  /// The tree to remember: a person's node on the way differs there from the text, so that the next
  /// merge still takes it for a person's.
  private static func marking(
    _ theirs: Taxonomy, _ base: Taxonomy?, _ own: Taxonomy, _ merged: Taxonomy
  ) -> Taxonomy {
    Taxonomy(
      nodes: theirs.nodes.map { node in
        var node = node
        let isOwn = own.find(node.id) != nil && base?.find(node.id) != own.find(node.id)
        if isOwn, node == merged.find(node.id) { node.isUnexpanded.toggle() }
        return node
      })
  }
}

extension Taxonomy {
  /// The same tree, with siblings that another one has in its order and before the others.
  fileprivate func orderedLike(_ other: Taxonomy) -> Taxonomy {
    let places = Dictionary(
      uniqueKeysWithValues: other.nodes.enumerated().map { ($0.element.id, $0.offset) })
    var ordered: [Node] = []
    var next = [root]
    while let node = next.popLast() {
      ordered.append(node)
      let children = children(of: node.id)
      let known = children.filter { places[$0.id] != nil }
        .sorted { places[$0.id, default: 0] < places[$1.id, default: 0] }
      next += (known + children.filter { places[$0.id] == nil }).reversed()
    }
    return Taxonomy(nodes: ordered)
  }
}
