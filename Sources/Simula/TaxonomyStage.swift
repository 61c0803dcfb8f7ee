import ArtifactStore
import CanonicalJSON
package import Dataset

/// Grows the tree of one factor, or what is below one of its nodes, level by level.
package struct TaxonomyStage: Sendable {
  static let codeVersion = 3
  static let tasks: [PromptTask] = [.proposeChildren, .reviewChildren, .planLevel]
  /// How many nodes are expanded at once, further limited by each teacher.
  static let parallelNodes = 16
  /// More nodes of a level than this are too many for one question of the planner.
  static let maximumPlannedNodes = 200

  private let asker: Asker
  private let log: GrowthLog
  private let factor: String
  /// The factor's own node, whose id outlives its name.
  private let root: NodeID
  private let origin: Start
  private let expanded: @Sendable () -> Void
  private var knobs: TaxonomyKnobs { asker.recipe.taxonomy }

  /// Where growth begins.
  private struct Start: Sendable {
    let node: NodeID
    /// The tree that the node is in; its own branch is grown anew.
    let tree: Taxonomy
    let plan: String
    let regrowth: Regrowth?
  }

  /// Sets up the growth of a factor; the function is called after each node, from any task.
  package init(
    _ asker: Asker, log: GrowthLog, factor: Taxonomy.Node,
    expanded: @escaping @Sendable () -> Void
  ) {
    self.init(
      asker, log: log,
      start: Start(node: factor.id, tree: Taxonomy(nodes: [factor]), plan: "", regrowth: nil),
      expanded: expanded)
  }

  /// Sets up the growth of one branch of a tree, under the plan of its level.
  init(
    _ asker: Asker, log: GrowthLog, regrowing regrowth: Regrowth, in tree: Taxonomy, plan: String,
    expanded: @escaping @Sendable () -> Void
  ) {
    self.init(
      asker, log: log,
      start: Start(node: regrowth.node, tree: tree, plan: plan, regrowth: regrowth),
      expanded: expanded)
  }

  private init(
    _ asker: Asker, log: GrowthLog, start: Start, expanded: @escaping @Sendable () -> Void
  ) {
    self.asker = asker
    self.log = log
    origin = start
    self.expanded = expanded
    factor = start.tree.root.name
    root = start.tree.root.id
  }

  /// Grows down to the recipe's depth.
  ///
  /// - Returns: The factor's tree, or the way from its root to the node with all that grew below.
  package func run() async throws -> Taxonomy {
    let way = origin.tree.path(to: origin.node)
    var nodes = Dictionary(uniqueKeysWithValues: way.map { ($0.id, $0) })
    nodes[origin.node]?.isUnexpanded = false
    nodes[origin.node]?.isCapped = false
    var siblings: [NodeID: [String]] = [:]
    if let parent = way.last?.parent {
      siblings[origin.node] = origin.tree.children(of: parent).filter { $0.id != origin.node }
        .map(\.name)
    }
    var children: [NodeID: [NodeID]] = [:]
    for node in way { if let parent = node.parent { children[parent] = [node.id] } }
    var votes: [NodeID: Int] = [:]
    var level = [origin.node]
    var plan = origin.plan
    for depth in (way.count - 1)..<max(knobs.depth, way.count - 1) where !level.isEmpty {
      let frontier = capped(level, depth: depth, votes: votes)
      for node in Set(level).subtracting(frontier) { nodes[node]?.isCapped = true }
      let expansions = try await expand(frontier, plan: plan, nodes: nodes, siblings: siblings)
      var next: [NodeID] = []
      for (parent, expansion) in zip(frontier, expansions) {
        guard expansion.children.count >= 2 else {
          try fail(parent, expansion, nodes: &nodes)
          continue
        }
        for child in expansion.children {
          let id = identity(of: child.name, under: parent)
          guard nodes[id] == nil else { continue }
          nodes[id] = Taxonomy.Node(id: id, parent: parent, name: child.name)
          children[parent, default: []].append(id)
          votes[id] = child.votes
          siblings[id] = expansion.children.map(\.name).filter { $0 != child.name }
          next.append(id)
        }
      }
      if depth + 1 < knobs.depth, knobs.usesLevelPlans, !next.isEmpty {
        plan = try await planLevel(depth + 1, next, nodes: nodes)
      }
      level = next
    }
    return Taxonomy(nodes: depthFirst(from: root, nodes: nodes, children: children))
  }

  /// The identity of a grown child: that of the child of its name which the tree has, or a new one.
  private func identity(of name: String, under parent: NodeID) -> NodeID {
    let normalized = NodeName.normalized(name)
    let known = origin.tree.children(of: parent).first {
      NodeName.normalized($0.name) == normalized
    }
    return known?.id ?? NodeID(bornUnder: parent, name: name)
  }

  private func fail(
    _ node: NodeID, _ expansion: Expansion, nodes: inout [NodeID: Taxonomy.Node]
  ) throws(SimulaError) {
    let reason = expansion.problem ?? "fewer than 2 children"
    guard node != origin.node else {
      let what = node == root ? "factor '\(factor)'" : "'\(nodes[node]?.name ?? "")'"
      throw SimulaError(
        .unusableAnswers, "\(what) could not be divided: \(reason)",
        hint: (node == root
          ? "use another model, or name other 'factors:' in recipe.yaml"
          : "use another model, or edit the branch by hand") + UnusableAnswer.again)
    }
    nodes[node]?.isUnexpanded = true
    log.notice("'\(nodes[node]?.name ?? "")' of '\(factor)' stays a leaf: \(reason)")
  }

  /// The nodes that are expanded: all, or under the cap the most voted ones, then those of most
  /// weight, then by id.
  private func capped(_ level: [NodeID], depth: Int, votes: [NodeID: Int]) -> [NodeID] {
    guard level.count > knobs.frontierCap else { return level }
    // Only nodes that are there already, as in a regrowth, have a weight of their own.
    func rank(_ node: NodeID) -> (votes: Int, weight: Double) {
      (votes[node] ?? 0, origin.tree.find(node)?.weight ?? 1)
    }
    log.notice(
      "'\(factor)' has \(level.count) nodes on level \(depth), and the frontier cap lets "
        + "\(knobs.frontierCap) grow")
    let chosen = Set(
      level.sorted { first, second in
        let (left, right) = (rank(first), rank(second))
        return (right.votes, right.weight, first) < (left.votes, left.weight, second)
      }.prefix(knobs.frontierCap))
    return level.filter(chosen.contains)
  }

  private func expand(
    _ frontier: [NodeID], plan: String, nodes: [NodeID: Taxonomy.Node],
    siblings: [NodeID: [String]]
  ) async throws -> [Expansion] {
    try await withThrowingTaskGroup(of: (Int, Expansion).self) { group in
      var results = [Expansion](repeating: Expansion(), count: frontier.count)
      var started = 0
      func start() {
        guard started < frontier.count else { return }
        let index = started
        let node = frontier[index]
        let expander = NodeExpander(
          asker: asker, log: log, factor: factor, root: root, node: node,
          path: path(to: node, nodes), siblings: siblings[node] ?? [], plan: plan,
          regrowth: origin.regrowth)
        group.addTask { (index, try await expander.run()) }
        started += 1
      }
      for _ in 0..<Self.parallelNodes { start() }
      while let (index, expansion) = try await group.next() {
        results[index] = expansion
        expanded()
        start()
      }
      return results
    }
  }

  private func planLevel(
    _ depth: Int, _ level: [NodeID], nodes: [NodeID: Taxonomy.Node]
  ) async throws -> String {
    let paths = level.map { path(to: $0, nodes).joined(separator: " > ") }
    if paths.count > Self.maximumPlannedNodes {
      log.notice(
        "'\(factor)' has \(paths.count) nodes on level \(depth), and the planner reads the first "
          + "\(Self.maximumPlannedNodes)")
    }
    let asked = try await asker.ask(
      .planLevel, .planner,
      inputs: JSONObject([
        ("factor", .string(factor)), ("level", JSON(depth)),
        ("nodes", .array(paths.prefix(Self.maximumPlannedNodes).map { .string($0) })),
      ]), schema: AnswerSchemas.plan, draw: origin.regrowth.draw("level \(depth)")
    ) { (json, _) throws(UnusableAnswer) in try json.text("plan") }
    guard case .success(let plan) = asked.result else {
      log.notice("no usable plan for level \(depth + 1) of '\(factor)'")
      return ""
    }
    log.add(
      .plans, .init(order: 1, factor: root),
      [
        "call": .string(asked.call.hex), "level": JSON(depth),
        "task": .string(PromptTask.planLevel.rawValue), "text": .string(plan),
      ], origin.regrowth)
    return plan
  }

  private func path(to node: NodeID, _ nodes: [NodeID: Taxonomy.Node]) -> [String] {
    var names: [String] = []
    var next = nodes[node]
    while let current = next {
      names.append(current.name)
      next = current.parent.flatMap { nodes[$0] }
    }
    return names.reversed()
  }

  private func depthFirst(
    from id: NodeID, nodes: [NodeID: Taxonomy.Node], children: [NodeID: [NodeID]]
  ) -> [Taxonomy.Node] {
    guard let node = nodes[id] else { return [] }
    return [node]
      + (children[id] ?? []).flatMap { depthFirst(from: $0, nodes: nodes, children: children) }
  }
}
