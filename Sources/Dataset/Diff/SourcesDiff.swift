/// How the taxonomies and strategies of two versions differ.
package struct SourcesDiff: Sendable, Hashable {
  /// A taxonomy node that only one version has, or that is another one there.
  package struct Node: Sendable, Hashable {
    package enum Change: String, Sendable {
      case added, removed, renamed, moved, reweighted, pinned, unpinned
    }
    package let id: NodeID
    /// The root of its tree: the new one's, for a removed node the old one's.
    package let factor: NodeID
    package let changes: [Change]
    /// The names from the factor down to the node; nil in the version that does not have it.
    package let oldPath: [String]?
    package let newPath: [String]?
    package let oldWeight: Double?
    package let newWeight: Double?
    /// How many nodes below an added or removed one came or went with it.
    package let below: Int
    /// Whether it came or went with the node above it.
    package let isInBranch: Bool

    package var isFactor: Bool { (newPath ?? oldPath)?.count == 1 }
  }

  /// A strategy that only one version has, or that is another one there.
  package struct StrategyChange: Sendable, Hashable {
    package enum Change: String, Sendable {
      case added, removed, renamed, reweighted, roots, pairs, knobs
    }
    package let id: NodeID
    package let changes: [Change]
    package let old: Strategy?
    package let new: Strategy?
  }

  /// Factors first to last as the new version has them, then those that are gone; each tree from its
  /// root down.
  package let nodes: [Node]
  package let strategies: [StrategyChange]

  package var isEmpty: Bool { nodes.isEmpty && strategies.isEmpty }

  /// Compares two states by the ids of nodes and strategies.
  ///
  /// - Parameters:
  ///   - old: The older state, nil before there was any.
  ///   - new: The newer state, nil where there is none.
  /// - Complexity: O(nodes).
  package init(from old: Sources?, to new: Sources?) {
    let old = SourcePaths(old)
    let new = SourcePaths(new)
    var nodes: [Node] = []
    for taxonomy in new.sources.taxonomies {
      nodes += taxonomy.nodes.compactMap { Self.compare($0.id, old, new) }
    }
    for taxonomy in old.sources.taxonomies {
      nodes += taxonomy.nodes.filter { !new.has($0.id) }.compactMap {
        Self.compare($0.id, old, new)
      }
    }
    self.nodes = nodes
    let before = old.sources.strategies
    let after = new.sources.strategies
    strategies =
      after.compactMap { strategy in
        Self.compare(before.first { $0.id == strategy.id }, strategy)
      }
      + before.filter { strategy in !after.contains { $0.id == strategy.id } }
      .compactMap { Self.compare($0, nil) }
  }

  private static func compare(_ id: NodeID, _ old: SourcePaths, _ new: SourcePaths) -> Node? {
    let before = old.node(id)
    let after = new.node(id)
    var changes: [Node.Change] = []
    if before == nil { changes.append(.added) }
    if after == nil { changes.append(.removed) }
    if let before, let after {
      if before.name != after.name { changes.append(.renamed) }
      if before.parent != after.parent { changes.append(.moved) }
      if before.weight != after.weight { changes.append(.reweighted) }
      if before.isPinned != after.isPinned { changes.append(after.isPinned ? .pinned : .unpinned) }
    }
    guard !changes.isEmpty else { return nil }
    let (own, other) = after == nil ? (old, new) : (new, old)
    let isOneSided = before == nil || after == nil
    let parent = (after ?? before)?.parent
    return Node(
      id: id, factor: own.factor(of: id) ?? id, changes: changes,
      oldPath: before.map { _ in old.path(to: id) }, newPath: after.map { _ in new.path(to: id) },
      oldWeight: before?.weight, newWeight: after?.weight,
      below: isOneSided ? own.below(id).count { !other.has($0) } : 0,
      isInBranch: isOneSided && parent.map { !other.has($0) } ?? false)
  }

  private static func compare(_ old: Strategy?, _ new: Strategy?) -> StrategyChange? {
    var changes: [StrategyChange.Change] = []
    if old == nil { changes.append(.added) }
    if new == nil { changes.append(.removed) }
    if let old, let new {
      if old.name != new.name { changes.append(.renamed) }
      if old.weight != new.weight { changes.append(.reweighted) }
      if Set(old.roots) != Set(new.roots) { changes.append(.roots) }
      if Set(old.never) != Set(new.never) { changes.append(.pairs) }
      if old.overrides != new.overrides { changes.append(.knobs) }
    }
    guard let id = (new ?? old)?.id, !changes.isEmpty else { return nil }
    return StrategyChange(id: id, changes: changes, old: old, new: new)
  }
}

/// Where each node of some sources stands.
struct SourcePaths: Sendable {
  let sources: Sources
  private var trees: [NodeID: Int] = [:]

  init(_ sources: Sources?) {
    self.sources = sources ?? Sources(taxonomies: [], strategies: [])
    for (index, taxonomy) in self.sources.taxonomies.enumerated() {
      for node in taxonomy.nodes { trees[node.id] = index }
    }
  }

  func taxonomy(of id: NodeID) -> Taxonomy? { trees[id].map { sources.taxonomies[$0] } }
  func has(_ id: NodeID) -> Bool { trees[id] != nil }
  func node(_ id: NodeID) -> Taxonomy.Node? { taxonomy(of: id)?.find(id) }
  func factor(of id: NodeID) -> NodeID? { taxonomy(of: id)?.root.id }

  /// The ids from the factor down to the node; empty for one that is not there.
  func ids(to id: NodeID) -> [NodeID] { taxonomy(of: id)?.path(to: id).map(\.id) ?? [] }

  /// The names from the factor down to the node.
  func path(to id: NodeID) -> [String] { taxonomy(of: id)?.path(to: id).map(\.name) ?? [] }

  /// A path as people read it.
  func words(_ id: NodeID) -> String { path(to: id).joined(separator: " > ") }

  /// All nodes below one.
  func below(_ id: NodeID) -> [NodeID] {
    guard let taxonomy = taxonomy(of: id) else { return [] }
    var found: [NodeID] = []
    var pending = [id]
    while let next = pending.popLast() {
      let children = taxonomy.children(of: next).map(\.id)
      found += children
      pending += children
    }
    return found
  }
}
