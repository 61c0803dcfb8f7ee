/// Changes taxonomies node by node, and checks what people ask for.
struct SourceEditor {
  private(set) var sources: Sources
  private(set) var notes: [String] = []

  init(_ sources: Sources) { self.sources = sources }

  mutating func rename(_ id: NodeID, to name: String) throws(SourceEditError) {
    try Self.check(name)
    let (taxonomy, node) = try find(id)
    if let parent = node.parent {
      try refuseSibling(name, under: parent, in: taxonomy, besides: id)
    } else {
      try refuseFactor(name, besides: id)
    }
    change(id) { $0.name = name }
  }

  mutating func weigh(_ id: NodeID, _ weight: Double) throws(SourceEditError) {
    try Self.check(weight)
    let (_, node) = try find(id)
    if node.parent == nil { notes.append("a factor's own weight decides nothing") }
    change(id) { $0.weight = weight }
  }

  mutating func move(_ id: NodeID, under parent: NodeID) throws(SourceEditError) {
    let (taxonomy, node) = try find(id)
    guard node.parent != nil else {
      throw SourceEditError(
        "\(Quote.of(node.name)) is a factor and cannot be moved",
        hint: "rename it, or move its children")
    }
    let (_, target) = try find(parent, in: taxonomy)
    guard !taxonomy.path(to: parent).contains(where: { $0.id == id }) else {
      throw SourceEditError("\(Quote.of(target.name)) is in the branch of \(Quote.of(node.name))")
    }
    guard node.parent != parent else {
      throw SourceEditError("\(Quote.of(node.name)) is under \(Quote.of(target.name)) already")
    }
    try refuseSibling(node.name, under: parent, in: taxonomy, besides: id)
    rebuild(taxonomy) { nodes in
      guard let place = nodes.firstIndex(where: { $0.id == id }) else { return }
      var moved = nodes.remove(at: place)
      moved.parent = parent
      nodes.append(moved)
      Self.expand(parent, &nodes)
    }
  }

  mutating func merge(_ id: NodeID, into target: NodeID) throws(SourceEditError) {
    let (taxonomy, node) = try find(id)
    guard node.parent != nil, id != target else {
      throw SourceEditError(
        id == target
          ? "\(Quote.of(node.name)) cannot be merged into itself"
          : "\(Quote.of(node.name)) is a factor and cannot be merged into a node of its own")
    }
    let (_, into) = try find(target, in: taxonomy)
    guard !taxonomy.path(to: target).contains(where: { $0.id == id }) else {
      throw SourceEditError("\(Quote.of(into.name)) is in the branch of \(Quote.of(node.name))")
    }
    var renamed: [NodeID: NodeID] = [:]
    rebuild(taxonomy) { nodes in Self.merge(id, into: target, &nodes, &renamed) }
    let inOrder = renamed
    for index in sources.strategies.indices {
      sources.strategies[index].roots = sources.strategies[index].roots.map { inOrder[$0] ?? $0 }
      var seen = Set<Strategy.Pair>()
      sources.strategies[index].never = sources.strategies[index].never
        .map { Strategy.Pair(inOrder[$0.first] ?? $0.first, inOrder[$0.second] ?? $0.second) }
        .filter { seen.insert($0).inserted }
    }
  }

  /// Moves what is under one node to another; children of the same name become one.
  private static func merge(
    _ id: NodeID, into target: NodeID, _ nodes: inout [Taxonomy.Node],
    _ renamed: inout [NodeID: NodeID]
  ) {
    var pending = [(id, target)]
    while let (id, target) = pending.popLast() {
      guard let place = nodes.firstIndex(where: { $0.id == id }),
        let into = nodes.firstIndex(where: { $0.id == target })
      else { continue }
      let node = nodes[place]
      // The weight of a deeper node is relative to others than the target's.
      if !isBelow(id, target, nodes) { nodes[into].weight += node.weight }
      nodes[into].isPinned = nodes[into].isPinned || node.isPinned
      renamed[id] = target
      for index in nodes.indices where nodes[index].parent == id {
        let name = NodeName.normalized(nodes[index].name)
        let same = nodes.first {
          $0.parent == target && $0.id != id && NodeName.normalized($0.name) == name
            && !name.isEmpty
        }
        nodes[index].parent = target
        expand(target, &nodes)
        if let same { pending.append((nodes[index].id, same.id)) }
      }
      nodes.removeAll { $0.id == id }
    }
  }

  private static func isBelow(
    _ id: NodeID, _ ancestor: NodeID, _ nodes: [Taxonomy.Node]
  ) -> Bool {
    var next = nodes.first { $0.id == id }?.parent
    while let current = next {
      if current == ancestor { return true }
      next = nodes.first { $0.id == current }?.parent
    }
    return false
  }

  mutating func remove(_ id: NodeID) throws(SourceEditError) {
    let (taxonomy, node) = try find(id)
    guard node.parent == nil else {
      return rebuild(taxonomy) { nodes in nodes.removeAll { $0.id == id } }
    }
    guard sources.taxonomies.count > 1 else {
      throw SourceEditError(
        "\(Quote.of(node.name)) is the only factor", hint: "add another one first")
    }
    sources.taxonomies.removeAll { $0.root.id == id }
  }

  mutating func add(
    _ name: String, under parent: NodeID, weight: Double, isPinned: Bool
  ) throws(SourceEditError) {
    try Self.check(name)
    try Self.check(weight)
    let (taxonomy, _) = try find(parent)
    try refuseSibling(name, under: parent, in: taxonomy)
    let id = FreshID(sources).next(bornUnder: parent, name: name)
    rebuild(taxonomy) { nodes in
      nodes.append(
        Taxonomy.Node(id: id, parent: parent, name: name, weight: weight, isPinned: isPinned))
      Self.expand(parent, &nodes)
    }
  }

  mutating func addFactor(_ name: String, children: [String]) throws(SourceEditError) {
    try Self.check(name)
    try refuseFactor(name)
    let fresh = FreshID(sources)
    let root = fresh.next(bornUnder: nil, name: name)
    sources.taxonomies.append(
      Taxonomy(nodes: [Taxonomy.Node(id: root, parent: nil, name: name)]))
    for child in children { try add(child, under: root, weight: 1, isPinned: false) }
    notes.append(Self.unusedFactor(name, root))
  }

  /// What a person does so that a new factor takes part.
  static func unusedFactor(_ name: String, _ root: NodeID) -> String {
    "no strategy uses \(Quote.of(name)) yet: add '- {node: \(root)}' under the 'roots' of one in "
      + "strategies.yaml, or let 'stemma run --replan' plan strategies again"
  }

  /// Changes one node in its place.
  mutating func change(_ id: NodeID, _ edit: (inout Taxonomy.Node) -> Void) {
    for index in sources.taxonomies.indices where sources.taxonomies[index].find(id) != nil {
      var nodes = sources.taxonomies[index].nodes
      for place in nodes.indices where nodes[place].id == id { edit(&nodes[place]) }
      sources.taxonomies[index] = Taxonomy(nodes: nodes)
    }
  }

  /// Rebuilds a tree from edited nodes, in any order; what no longer hangs on the root goes.
  private mutating func rebuild(_ taxonomy: Taxonomy, _ edit: (inout [Taxonomy.Node]) -> Void) {
    var nodes = taxonomy.nodes
    edit(&nodes)
    let children = Dictionary(grouping: nodes, by: \.parent)
    var ordered: [Taxonomy.Node] = []
    var next = children[nil] ?? []
    while let node = next.popLast() {
      ordered.append(node)
      next += (children[node.id] ?? []).reversed()
    }
    for index in sources.taxonomies.indices
    where sources.taxonomies[index].root.id == taxonomy.root.id {
      sources.taxonomies[index] = Taxonomy(nodes: ordered)
    }
  }

  /// A node that has children is no leaf that was kept from growing.
  private static func expand(_ id: NodeID, _ nodes: inout [Taxonomy.Node]) {
    for index in nodes.indices where nodes[index].id == id {
      nodes[index].isUnexpanded = false
      nodes[index].isCapped = false
    }
  }

  private func find(
    _ id: NodeID
  ) throws(SourceEditError) -> (taxonomy: Taxonomy, node: Taxonomy.Node) {
    guard let taxonomy = sources.taxonomy(holding: id), let node = taxonomy.find(id) else {
      throw SourceEditError("the node '\(id)' is in no taxonomy")
    }
    return (taxonomy, node)
  }

  private func find(
    _ id: NodeID, in taxonomy: Taxonomy
  ) throws(SourceEditError) -> (taxonomy: Taxonomy, node: Taxonomy.Node) {
    let found = try find(id)
    guard found.taxonomy.root.id == taxonomy.root.id else {
      throw SourceEditError(
        "\(Quote.of(found.node.name)) is in factor \(Quote.of(found.taxonomy.root.name)), not in "
          + Quote.of(taxonomy.root.name),
        hint: "a node stays in its factor; add a new one there and remove this one")
    }
    return found
  }

  static func check(_ name: String) throws(SourceEditError) {
    guard let fault = NodeName.faultOfNew(name) else { return }
    throw SourceEditError(
      "the name \(Quote.of(name, longest: 40)) \(fault)",
      hint: name.contains(NodeName.separator)
        ? "write it without spaces around '>', or in words" : nil)
  }

  static func check(_ weight: Double) throws(SourceEditError) {
    guard weight > 0, weight <= SourceText.largestWeight else {
      throw SourceEditError(
        "the weight \(Shown.number(weight)) is not more than 0 and at most 1e15",
        hint: "remove a node to leave it out")
    }
  }

  private func refuseSibling(
    _ name: String, under parent: NodeID, in taxonomy: Taxonomy, besides id: NodeID? = nil
  ) throws(SourceEditError) {
    let other = taxonomy.children(of: parent).first {
      $0.id != id && NodeName.areSame($0.name, name)
    }
    guard let other else { return }
    throw SourceEditError(
      "\(Quote.of(taxonomy.find(parent)?.name ?? "")) has a child \(Quote.of(other.name)) already",
      hint: "use another name, or merge the two")
  }

  private func refuseFactor(
    _ name: String, besides id: NodeID? = nil
  ) throws(SourceEditError) {
    guard
      let other = sources.taxonomies.first(where: {
        $0.root.id != id && NodeName.areSame($0.root.name, name)
      })
    else { return }
    throw SourceEditError(
      "there is a factor \(Quote.of(other.root.name)) already", hint: "use another name")
  }
}

/// Gives new nodes ids that no other node has.
struct FreshID {
  private var taken: Set<NodeID>

  init(_ sources: Sources) { taken = Set(sources.taxonomies.flatMap { $0.nodes.map(\.id) }) }

  /// The id of birth; when a node that was renamed or moved has it, another one.
  func next(bornUnder parent: NodeID?, name: String) -> NodeID {
    var id = NodeID(bornUnder: parent, name: name)
    var number = 2
    while taken.contains(id) {
      id = NodeID(bornUnder: parent, name: "\(name) \(number)")
      number += 1
    }
    return id
  }

  /// The same, and never gives that id again.
  mutating func take(bornUnder parent: NodeID?, name: String) -> NodeID {
    let id = next(bornUnder: parent, name: name)
    taken.insert(id)
    return id
  }

  /// Takes an id when it is free.
  mutating func take(_ id: NodeID) -> Bool { taken.insert(id).inserted }
}

extension NodeName {
  /// Whether two names mean the same; names without letters and digits do only to the letter.
  package static func areSame(_ left: String, _ right: String) -> Bool {
    let (first, second) = (normalized(left), normalized(right))
    return first == second && (!first.isEmpty || left == right)
  }
}
