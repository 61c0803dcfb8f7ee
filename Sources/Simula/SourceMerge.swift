package import Dataset

/// Joins new growth with what people made of the old one, node by node.
///
/// Three ways: what a person changed since the base stays, all else follows the new growth.
package struct SourceMerge: Sendable {
  private let base: Sources
  private let ours: Sources?
  private let ownFactors: Set<NodeID>

  /// Sets up a merge.
  ///
  /// - Parameters:
  ///   - base: The sources as last generated; nil takes all of the text for a person's.
  ///   - ours: The text as it stands; nil takes the new growth as it is.
  ///   - ownFactors: Factors of the base that a person added, so that no new proposal removes them.
  package init(base: Sources?, ours: Sources?, ownFactors: Set<NodeID> = []) {
    self.base = base ?? Sources(taxonomies: [], strategies: [])
    self.ours = ours
    self.ownFactors = ownFactors
  }

  /// The factors to go on with, each a tree of its root or of what the text has.
  func factors(_ proposed: [Taxonomy]) -> [Taxonomy] {
    guard let ours else { return proposed }
    let known = base.taxonomies.map(\.root.id).filter { !ownFactors.contains($0) }
    let roots = SourceMerge.order(
      known, ours.taxonomies.map(\.root.id), proposed.map(\.root.id))
    return roots.compactMap { root in
      ours.taxonomies.first { $0.root.id == root } ?? proposed.first { $0.root.id == root }
    }
  }

  /// The tree of a factor that models have just grown.
  func taxonomy(_ grown: Taxonomy) -> Taxonomy? {
    let root = grown.root.id
    return SourceMerge.merge(
      base.taxonomies.first { $0.root.id == root }, ours?.taxonomies.first { $0.root.id == root },
      grown)
  }

  /// All sources, the strategies without what is no longer there.
  func strategies(_ planned: [Strategy], taxonomies: [Taxonomy]) -> Sources {
    guard let ours else { return Sources(taxonomies: taxonomies, strategies: planned) }
    var ids = SourceMerge.order(
      base.strategies.map(\.id), ours.strategies.map(\.id), planned.map(\.id))
    // What a person changed stays, also where the new plan has no such strategy.
    for own in ours.strategies where !ids.contains(own.id) {
      if base.strategies.first(where: { $0.id == own.id }) != own { ids.append(own.id) }
    }
    let merged = ids.compactMap { id -> Strategy? in
      let old = base.strategies.first { $0.id == id }
      let own = ours.strategies.first { $0.id == id }
      let new = planned.first { $0.id == id }
      return own == old ? new ?? own : own
    }
    return SourceMerge.sources(taxonomies, merged)
  }

  /// Sources whose strategies name only what is there.
  private static func sources(_ taxonomies: [Taxonomy], _ strategies: [Strategy]) -> Sources {
    let present = Set(taxonomies.flatMap { $0.nodes.map(\.id) })
    let valid = strategies.compactMap { strategy -> Strategy? in
      var strategy = strategy
      strategy.roots.removeAll { !present.contains($0) }
      strategy.never.removeAll { !present.contains($0.first) || !present.contains($0.second) }
      return strategy.roots.isEmpty ? nil : strategy
    }
    return Sources(taxonomies: taxonomies, strategies: valid)
  }

  /// What stays of three lists: removed by either side since the base means gone.
  private static func order<ID: Hashable>(_ base: [ID], _ ours: [ID], _ theirs: [ID]) -> [ID] {
    guard base != ours else { return theirs }
    let inBase = Set(base)
    let inOurs = Set(ours)
    let inTheirs = Set(theirs)
    let kept = ours.filter { !inBase.contains($0) || inTheirs.contains($0) }
    return kept + theirs.filter { !inBase.contains($0) && !inOurs.contains($0) }
  }

  /// Joins three states of one tree.
  static func merge(
    _ base: Taxonomy?, _ ours: Taxonomy?, _ theirs: Taxonomy?
  ) -> Taxonomy? {
    guard let ours else { return theirs }
    guard let theirs else { return ours }
    let old = base?.nodes ?? []
    var ids = order(old.map(\.id), ours.nodes.map(\.id), theirs.nodes.map(\.id))
    // What a person pinned or changed stays, with all that it hangs on.
    var present = Set(ids)
    for node in ours.nodes where node.isPinned || base?.find(node.id) != node {
      for ancestor in ours.path(to: node.id) where present.insert(ancestor.id).inserted {
        ids.append(ancestor.id)
      }
    }
    var nodes: [NodeID: Taxonomy.Node] = [:]
    for id in ids {
      guard let node = ours.find(id) ?? theirs.find(id) else { continue }
      let before = base?.find(id)
      nodes[id] = node == before ? theirs.find(id) ?? node : node
    }
    var children: [NodeID: [NodeID]] = [:]
    for id in ids {
      if let parent = nodes[id]?.parent { children[parent, default: []].append(id) }
    }
    // A node whose parent is gone goes with it; so the walk starts at the root.
    func walk(_ id: NodeID) -> [Taxonomy.Node] {
      guard let node = nodes.removeValue(forKey: id) else { return [] }
      return [node] + (children[id] ?? []).flatMap(walk)
    }
    let merged = walk(ours.root.id)
    return merged.isEmpty ? nil : Taxonomy(nodes: merged)
  }
}
