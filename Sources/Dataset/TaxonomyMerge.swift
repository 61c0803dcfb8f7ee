/// Three states of one tree joined node by node: what one side added, removed, renamed, moved, weighted or
/// marked is so in the result.
///
/// Where both sides changed the same thing differently, a result is made for either.
struct TaxonomyMerge {
  /// Whose change counts where both made one.
  enum Side: CaseIterable { case base, ours, theirs }

  let base: Taxonomy?
  let ours: Taxonomy
  let theirs: Taxonomy

  /// A tree that both sides agree on, but for some nodes.
  struct Result {
    let taxonomy: Taxonomy
    /// The nodes on which the sides disagree.
    let conflicts: Set<NodeID>
  }

  /// Joins the trees, and lets one side decide what the two disagree on; nil where that makes no tree.
  func result(favouring side: Side) -> Result? {
    guard ours.root.id == theirs.root.id, base.map({ $0.root.id == ours.root.id }) ?? true else {
      return nil
    }
    var work = Work(merge: self, side: side)
    return work.run()
  }

  fileprivate func tree(_ side: Side) -> Taxonomy? {
    switch side {
    case .base: base
    case .ours: ours
    case .theirs: theirs
    }
  }
}

/// One result in the making.
private struct Work {
  let merge: TaxonomyMerge
  let side: TaxonomyMerge.Side
  private static let maximumSteps = 200
  private var nodes: [NodeID: Taxonomy.Node] = [:]
  private var conflicts = Set<NodeID>()

  init(merge: TaxonomyMerge, side: TaxonomyMerge.Side) {
    self.merge = merge
    self.side = side
  }

  mutating func run() -> TaxonomyMerge.Result? {
    let all = merge.ours.nodes + merge.theirs.nodes
    for id in Set(all.map(\.id)) { nodes[id] = join(id) }
    guard nodes[merge.ours.root.id] != nil else { return nil }
    // Each step settles a level of what hangs on nothing; deeper contradictions are left to lines.
    for _ in 0..<Self.maximumSteps {
      if settleOrphans() { continue }
      let ordered = walk()
      if ordered.count == nodes.count {
        return TaxonomyMerge.Result(taxonomy: Taxonomy(nodes: ordered), conflicts: conflicts)
      }
      let reached = Set(ordered.map(\.id))
      guard breakCycle(nodes.keys.filter { !reached.contains($0) }.sorted()) else { return nil }
    }
    return nil
  }

  /// What becomes of one node.
  private mutating func join(_ id: NodeID) -> Taxonomy.Node? {
    let base = merge.base?.find(id)
    guard let ours = merge.ours.find(id), let theirs = merge.theirs.find(id) else {
      let only = merge.ours.find(id) ?? merge.theirs.find(id)
      guard let base else { return only }
      // One side removed it, which the other changed.
      guard only != base else { return nil }
      conflicts.insert(id)
      return merge.tree(side)?.find(id)
    }
    var node = ours
    node.parent = pick(id, base, ours, theirs, \.parent)
    node.name = pick(id, base, ours, theirs, \.name)
    node.weight = pick(id, base, ours, theirs, \.weight)
    node.isPinned = pick(id, base, ours, theirs, \.isPinned)
    node.isUnexpanded = pick(id, base, ours, theirs, \.isUnexpanded)
    node.isCapped = pick(id, base, ours, theirs, \.isCapped)
    return base == nil && conflicts.contains(id) ? merge.tree(side)?.find(id) : node
  }

  private mutating func pick<Value: Equatable>(
    _ id: NodeID, _ base: Taxonomy.Node?, _ ours: Taxonomy.Node, _ theirs: Taxonomy.Node,
    _ field: KeyPath<Taxonomy.Node, Value>
  ) -> Value {
    let own = ours[keyPath: field]
    let other = theirs[keyPath: field]
    if own == other || other == base?[keyPath: field] { return own }
    if own == base?[keyPath: field] { return other }
    conflicts.insert(id)
    return (merge.tree(side)?.find(id) ?? ours)[keyPath: field]
  }

  /// Settles the nodes whose parents one side removed; false when there are none.
  private mutating func settleOrphans() -> Bool {
    let orphans = nodes.values.filter { node in node.parent.map { nodes[$0] == nil } ?? false }
    let tree = merge.tree(side)
    for orphan in orphans {
      guard let parent = orphan.parent else { continue }
      conflicts.formUnion([orphan.id, parent])
      if let kept = tree?.find(parent) {
        nodes[parent] = kept
      } else if let own = tree?.find(orphan.id), own.parent != parent {
        nodes[orphan.id]?.parent = own.parent
      } else {
        nodes[orphan.id] = nil
      }
    }
    return !orphans.isEmpty
  }

  /// Takes back moves by which branches are in each other; false where there is none to take back.
  private mutating func breakCycle(_ lost: [NodeID]) -> Bool {
    var isBroken = false
    for id in lost {
      conflicts.insert(id)
      guard let own = merge.tree(side)?.find(id), own.parent != nodes[id]?.parent else { continue }
      nodes[id]?.parent = own.parent
      isBroken = true
    }
    return isBroken
  }

  /// The nodes that hang on the root, parents first.
  private func walk() -> [Taxonomy.Node] {
    var children: [NodeID: [NodeID]] = [:]
    for (id, node) in nodes {
      if let parent = node.parent { children[parent, default: []].append(id) }
    }
    var ordered: [Taxonomy.Node] = []
    var next = [merge.ours.root.id]
    while let id = next.popLast() {
      guard let node = nodes[id] else { continue }
      ordered.append(node)
      next += order(Set(children[id] ?? []), under: id).reversed()
    }
    return ordered
  }

  /// Siblings in the order of the side that changed it, with those of the other where they stand there.
  private func order(_ present: Set<NodeID>, under parent: NodeID) -> [NodeID] {
    func children(_ tree: Taxonomy?) -> [NodeID] { tree?.children(of: parent).map(\.id) ?? [] }
    let ours = children(merge.ours)
    let isOursAsBefore = ours == children(merge.base)
    let first = isOursAsBefore ? children(merge.theirs) : ours
    let second = isOursAsBefore ? ours : children(merge.theirs)
    let known = MergedOrder.join(first, second).filter(present.contains)
    return known + present.subtracting(known).sorted()
  }
}

/// One order of what two lists hold.
enum MergedOrder {
  /// The first list, with what only the second has behind what it follows there.
  static func join<Key: Hashable>(_ first: [Key], _ second: [Key]) -> [Key] {
    let known = Set(first)
    var following: [Key?: [Key]] = [:]
    var previous: Key?
    for key in second {
      if known.contains(key) {
        previous = key
      } else {
        following[previous, default: []].append(key)
      }
    }
    return (following[nil] ?? []) + first.flatMap { [$0] + (following[$0] ?? []) }
  }
}
