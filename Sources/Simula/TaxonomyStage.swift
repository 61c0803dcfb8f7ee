import ArtifactStore
import CanonicalJSON
package import Dataset

/// Grows the tree of one factor level by level.
package struct TaxonomyStage: Sendable {
  static let codeVersion = 1
  static let tasks: [PromptTask] = [.proposeChildren, .reviewChildren, .planLevel]
  /// How many nodes are expanded at once, further limited by each teacher.
  static let parallelNodes = 16

  private let asker: Asker
  private let log: GrowthLog
  private let factor: String
  /// The factor's own node, whose id outlives its name.
  private let root: NodeID
  private let expanded: @Sendable () -> Void
  private var knobs: TaxonomyKnobs { asker.recipe.taxonomy }

  /// Sets up the growth of a factor; the function is called after each node, from any task.
  package init(
    _ asker: Asker, log: GrowthLog, factor: Taxonomy.Node,
    expanded: @escaping @Sendable () -> Void
  ) {
    self.asker = asker
    self.log = log
    self.factor = factor.name
    self.expanded = expanded
    root = factor.id
  }

  package func run() async throws -> Taxonomy {
    var nodes: [NodeID: Taxonomy.Node] = [root: Taxonomy.Node(id: root, parent: nil, name: factor)]
    var children: [NodeID: [NodeID]] = [:]
    var votes: [NodeID: Int] = [:]
    var level = [root]
    var plan = ""
    for depth in 0..<knobs.depth where !level.isEmpty {
      let frontier = capped(level, depth: depth, votes: votes, nodes: nodes)
      let expansions = try await expand(frontier, plan: plan, nodes: nodes, children: children)
      var next: [NodeID] = []
      for (parent, expansion) in zip(frontier, expansions) {
        guard expansion.children.count >= 2 else {
          try fail(parent, depth: depth, expansion, nodes: &nodes)
          continue
        }
        for child in expansion.children {
          let id = NodeID(bornUnder: parent, name: child.name)
          nodes[id] = Taxonomy.Node(id: id, parent: parent, name: child.name)
          children[parent, default: []].append(id)
          votes[id] = child.votes
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

  private func fail(
    _ node: NodeID, depth: Int, _ expansion: Expansion, nodes: inout [NodeID: Taxonomy.Node]
  ) throws(SimulaError) {
    let reason = expansion.problem ?? "fewer than 2 children"
    guard depth > 0 else {
      throw SimulaError(
        .unusableAnswers, "factor '\(factor)' could not be divided: \(reason)",
        hint: "use another model, or name other 'factors:' in recipe.yaml" + UnusableAnswer.again)
    }
    nodes[node]?.isUnexpanded = true
    log.notice("'\(nodes[node]?.name ?? "")' of '\(factor)' stays a leaf: \(reason)")
  }

  /// The nodes that are expanded: all, or under the cap the most voted ones, then by id.
  private func capped(
    _ level: [NodeID], depth: Int, votes: [NodeID: Int], nodes: [NodeID: Taxonomy.Node]
  ) -> [NodeID] {
    guard level.count > knobs.frontierCap else { return level }
    log.notice(
      "'\(factor)' has \(level.count) nodes on level \(depth), and the frontier cap lets "
        + "\(knobs.frontierCap) grow")
    let chosen = Set(
      level.sorted { (votes[$1] ?? 0, $0) < (votes[$0] ?? 0, $1) }.prefix(knobs.frontierCap))
    return level.filter(chosen.contains)
  }

  private func expand(
    _ frontier: [NodeID], plan: String, nodes: [NodeID: Taxonomy.Node],
    children: [NodeID: [NodeID]]
  ) async throws -> [Expansion] {
    try await withThrowingTaskGroup(of: (Int, Expansion).self) { group in
      var results = [Expansion](repeating: Expansion(), count: frontier.count)
      var started = 0
      func start() {
        guard started < frontier.count else { return }
        let index = started
        let node = frontier[index]
        let siblings = (nodes[node]?.parent.flatMap { children[$0] } ?? []).filter { $0 != node }
        let expander = NodeExpander(
          asker: asker, log: log, factor: factor, root: root, node: node,
          path: path(to: node, nodes), siblings: siblings.compactMap { nodes[$0]?.name },
          plan: plan)
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
    let asked = try await asker.ask(
      .planLevel, .planner,
      inputs: JSONObject([
        ("factor", .string(factor)), ("level", JSON(depth)),
        ("nodes", .array(paths.prefix(200).map { .string($0) })),
      ]), schema: AnswerSchemas.plan, draw: "level \(depth)"
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
      ])
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
