/// One change that a person makes to the sources by a command.
package enum SourceEdit: Sendable, Hashable {
  case rename(NodeID, to: String)
  /// Puts a node with its branch under another node of its factor.
  case move(NodeID, under: NodeID)
  /// Gives a node's children and weight to another one of its factor.
  case merge(NodeID, into: NodeID)
  /// Takes a node out with its branch; the root takes out its factor.
  case remove(NodeID)
  case add(String, under: NodeID, weight: Double, isPinned: Bool)
  case addFactor(String, children: [String])
  case weigh(NodeID, Double)
  case pin(NodeID, Bool)

  /// What an edit made of the sources.
  package struct Outcome: Sendable {
    package var sources: Sources
    /// What was taken out of the strategies along with nodes, in words.
    package var dropped: [String] = []
    /// What a person should know that is no error.
    package var notes: [String] = []

    package init(sources: Sources, dropped: [String] = [], notes: [String] = []) {
      self.sources = sources
      self.dropped = dropped
      self.notes = notes
    }
  }

  /// Applies the edit.
  ///
  /// - Parameters:
  ///   - sources: The sources as they are.
  ///   - isForced: Whether strategies lose what names a removed node.
  /// - Returns: The edited sources, with what a person should know.
  /// - Throws: ``SourceEditError`` when the edit makes no sense, or would leave strategies that name
  ///   what is gone.
  package func apply(
    to sources: Sources, isForced: Bool = false
  ) throws(SourceEditError) -> Outcome {
    var editor = SourceEditor(sources)
    switch self {
    case .rename(let id, let name): try editor.rename(id, to: name)
    case .move(let id, let parent): try editor.move(id, under: parent)
    case .merge(let id, let target): try editor.merge(id, into: target)
    case .remove(let id): try editor.remove(id)
    case .add(let name, let parent, let weight, let isPinned):
      try editor.add(name, under: parent, weight: weight, isPinned: isPinned)
    case .addFactor(let name, let children): try editor.addFactor(name, children: children)
    case .weigh(let id, let weight): try editor.weigh(id, weight)
    case .pin(let id, let isPinned): editor.change(id) { $0.isPinned = isPinned }
    }
    var outcome = Outcome(sources: editor.sources, notes: editor.notes)
    (outcome.sources, outcome.dropped) = try StrategyUse.settle(
      editor.sources, before: sources, isForced: isForced)
    return outcome
  }
}

/// Keeps strategies to nodes that are there.
package enum StrategyUse {
  /// Refuses strategies that name what an edit took away, or drops such lines when forced.
  package static func settle(
    _ sources: Sources, before: Sources, isForced: Bool
  ) throws(SourceEditError) -> (sources: Sources, dropped: [String]) {
    let present = Set(sources.taxonomies.flatMap { $0.nodes.map(\.id) })
    var result = sources
    var dropped: [String] = []
    var kept: [Strategy] = []
    func words(_ id: NodeID) -> String {
      let path = before.taxonomy(holding: id)?.path(to: id).map(\.name) ?? [id.text]
      return Quote.of(path.joined(separator: " > "), longest: 120)
    }
    for var strategy in sources.strategies {
      let name = Quote.of(strategy.name)
      for root in strategy.roots where !present.contains(root) {
        dropped.append("strategy \(name): root \(words(root))")
      }
      strategy.roots.removeAll { !present.contains($0) }
      for pair in strategy.never
      where !present.contains(pair.first) || !present.contains(pair.second) {
        dropped.append("strategy \(name): 'never' \(words(pair.first)) with \(words(pair.second))")
      }
      strategy.never.removeAll { !present.contains($0.first) || !present.contains($0.second) }
      if strategy.roots.isEmpty {
        dropped.append("strategy \(name): the whole, as no root is left")
      } else {
        kept.append(strategy)
      }
    }
    guard dropped.isEmpty || isForced else {
      throw SourceEditError(
        "strategies.yaml names what would be gone:\n        "
          + dropped.prefix(12).joined(separator: "\n        ")
          + (dropped.count > 12 ? "\n        and \(dropped.count - 12) more" : ""),
        hint: "edit strategies.yaml first, or drop these with --force")
    }
    result.strategies = kept
    return (result, dropped)
  }
}
