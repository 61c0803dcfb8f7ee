package import ArtifactStore
import CanonicalJSON
package import Dataset

/// The requirements of one slot: one node of each taxonomy of one strategy.
package struct Mix: Sendable, Hashable {
  package let slot: Int
  package let strategy: NodeID
  /// In the order of the strategy's roots.
  package let nodes: [NodeID]

  package var record: Record {
    Record(
      .mixes,
      [
        "nodes": .array(nodes.sorted().map { .string($0.text) }), "slot": JSON(slot),
        "strategy": .string(strategy.text),
      ])
  }
}

/// Draws mixes so that an edit of the sources moves only the slots that it touches.
package struct MixSampler: Sendable {
  static let codeVersion = 1
  /// How often a mix is drawn again when two of its nodes must never combine.
  static let redraws = 50

  private let randomSeed: Int
  private let strategies: [Strategy]
  private let taxonomies: [NodeID: Taxonomy]

  /// Takes sources whose strategies name only nodes that are there.
  package init(_ sources: Sources, randomSeed: Int) {
    self.randomSeed = randomSeed
    strategies = sources.strategies
    var taxonomies: [NodeID: Taxonomy] = [:]
    for taxonomy in sources.taxonomies {
      for node in taxonomy.nodes { taxonomies[node.id] = taxonomy }
    }
    self.taxonomies = taxonomies
  }

  /// The mix of a slot: a pure function of the random seed, the slot, and the ids and weights.
  ///
  /// - Throws: ``SimulaError`` with code `sources` when no draw avoids the pairs that must never
  ///   combine.
  package func mix(slot: Int) throws(SimulaError) -> Mix {
    for redraw in 0...Self.redraws {
      guard let strategy = draw(slot, redraw, strategies, id: \.id, weight: \.weight) else {
        throw SimulaError(
          .sources, "strategies.yaml has no strategy", hint: "add one, or run 'stemma run' anew")
      }
      let nodes = strategy.roots.map { descend(from: $0, slot, redraw) }
      if isAllowed(nodes, strategy) { return Mix(slot: slot, strategy: strategy.id, nodes: nodes) }
    }
    throw SimulaError(
      .sources,
      "slot \(slot) finds no mix in \(Self.redraws) redraws that avoids the 'never' pairs",
      hint: "remove some pairs from strategies.yaml")
  }

  private func draw<Choice>(
    _ slot: Int, _ redraw: Int, _ choices: [Choice], id: (Choice) -> NodeID,
    weight: (Choice) -> Double
  ) -> Choice? {
    Chance.choose(
      choices, weight: weight,
      chance: {
        Chance.uniform(randomSeed, "mix", String(slot), String(redraw), id($0).text)
      })
  }

  private func descend(from root: NodeID, _ slot: Int, _ redraw: Int) -> NodeID {
    var node = root
    while let taxonomy = taxonomies[node],
      let child = draw(
        slot, redraw, taxonomy.children(of: node), id: \.id, weight: \.weight)
    {
      node = child.id
    }
    return node
  }

  private func isAllowed(_ nodes: [NodeID], _ strategy: Strategy) -> Bool {
    guard !strategy.never.isEmpty else { return true }
    var lineage = Set<NodeID>()
    for node in nodes {
      for ancestor in taxonomies[node]?.path(to: node) ?? [] { lineage.insert(ancestor.id) }
    }
    return !strategy.never.contains {
      lineage.contains($0.first) && lineage.contains($0.second)
    }
  }

  /// What the prompts say of a mix: for each node its factor, name and path.
  func requirements(_ mix: Mix) -> JSON {
    .array(
      mix.nodes.compactMap { id in
        guard let path = taxonomies[id]?.path(to: id), let factor = path.first, let node = path.last
        else { return nil }
        return [
          "factor": .string(factor.name), "name": .string(node.name),
          "path": .string(path.dropFirst().map(\.name).joined(separator: " > ")),
        ]
      })
  }
}
