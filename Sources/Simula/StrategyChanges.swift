import Dataset

/// Says how an edit touches strategies and their pairs.
enum StrategyChanges {
  static func words(from before: Sources, to after: Sources) -> [String] {
    let branches = Branches(before, after)
    var words: [String] = []
    for strategy in after.strategies {
      let name = "strategy '\(strategy.name)'"
      guard let old = before.strategies.first(where: { $0.id == strategy.id }) else {
        words.append("\(name) is new")
        continue
      }
      if old.name != strategy.name { words.append("\(name) was called '\(old.name)'") }
      if old.weight != strategy.weight {
        words.append("\(name): weight \(old.weight) -> \(strategy.weight)")
      }
      if old.overrides != strategy.overrides {
        words.append("\(name) has other knobs for its samples")
      }
      for root in old.roots where !strategy.roots.contains(root) {
        words.append("\(name) loses the root \(before.words(root))")
      }
      for root in strategy.roots where !old.roots.contains(root) {
        words.append("\(name) gains the root \(after.words(root))")
      }
      for root in strategy.roots where old.roots.contains(root) && branches.differ(root) {
        words.append("\(name) draws from the changed branch \(after.words(root))")
      }
      for pair in old.never where !strategy.never.contains(pair) {
        words.append("\(name) loses the pair \(before.words(pair))")
      }
      for pair in strategy.never {
        if !old.never.contains(pair) {
          words.append("\(name) gains the pair \(after.words(pair))")
        } else if branches.differ(pair.first) || branches.differ(pair.second) {
          words.append("\(name) has a pair with a changed branch: \(after.words(pair))")
        }
      }
    }
    for old in before.strategies where !after.strategies.contains(where: { $0.id == old.id }) {
      words.append("strategy '\(old.name)' is gone")
    }
    return words
  }

  /// Which nodes' branches differ, their own place and name included.
  private struct Branches {
    private let before: Sources
    private let after: Sources
    private let changed: Set<NodeID>

    init(_ before: Sources, _ after: Sources) {
      self.before = before
      self.after = after
      var changed = Set<NodeID>()
      func mark(_ node: NodeID, in sources: Sources) {
        for ancestor in sources.taxonomy(holding: node)?.path(to: node) ?? [] {
          changed.insert(ancestor.id)
        }
      }
      let old = Branches.nodes(before)
      let new = Branches.nodes(after)
      for (id, node) in new where old[id].map({ !Branches.areSame($0, node) }) ?? true {
        mark(id, in: after)
        mark(id, in: before)
      }
      for id in old.keys where new[id] == nil { mark(id, in: before) }
      self.changed = changed
    }

    func differ(_ node: NodeID) -> Bool { changed.contains(node) }

    private static func nodes(_ sources: Sources) -> [NodeID: Taxonomy.Node] {
      var nodes: [NodeID: Taxonomy.Node] = [:]
      for node in sources.taxonomies.flatMap(\.nodes) { nodes[node.id] = node }
      return nodes
    }

    private static func areSame(_ left: Taxonomy.Node, _ right: Taxonomy.Node) -> Bool {
      left.name == right.name && left.parent == right.parent && left.weight == right.weight
    }
  }
}

extension Sources {
  /// A node by its path, in quotes.
  fileprivate func words(_ id: NodeID) -> String {
    let path = taxonomy(holding: id)?.path(to: id).map(\.name) ?? [id.text]
    return "'\(path.joined(separator: " > "))'"
  }

  fileprivate func words(_ pair: Strategy.Pair) -> String {
    "\(words(pair.first)) with \(words(pair.second))"
  }
}
