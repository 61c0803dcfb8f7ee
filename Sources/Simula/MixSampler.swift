package import ArtifactStore
import CanonicalJSON
package import Dataset

/// The requirements of one slot: one node of each taxonomy of one strategy.
package struct Mix: Sendable, Hashable {
  package let slot: Slot
  package let strategy: NodeID
  /// In the order of the strategy's roots.
  package let nodes: [NodeID]

  package var record: Record {
    Record(
      .mixes,
      [
        "nodes": .array(nodes.sorted().map { .string($0.text) }), "slot": slot.json,
        "strategy": .string(strategy.text),
      ])
  }
}

/// The mixes that slots must not get.
package typealias RecalledMixes = [Slot: Set<RecordID>]

/// Draws mixes so that an edit of the sources moves only the slots that it touches.
package struct MixSampler: Sendable {
  static let codeVersion = 2
  /// How often a mix is drawn again when two of its nodes must never combine.
  static let redraws = 50

  private let randomSeed: Int
  private let strategies: [Strategy]
  private let choices: [StrategyChoice]
  private let branches: DrawnBranches
  /// Nil where slots draw by weights.
  private let coverage: CoverageOrder?
  private let recalled: RecalledMixes
  /// What the prompts say of nodes that were drawn before.
  private let told = RecentValues<NodeID, JSON>(most: 1 << 14)

  /// Takes sources whose strategies name only nodes that are there.
  ///
  /// - Parameters:
  ///   - sources: What is drawn from.
  ///   - randomSeed: Another one gives other mixes.
  ///   - order: How numbered slots get their mixes.
  ///   - usesWholeTaxonomies: False stops at the first level below each factor.
  ///   - recalled: The mixes that slots must not get.
  package init(
    _ sources: Sources, randomSeed: Int, order: StrategyKnobs.Order = .weighted,
    usesWholeTaxonomies: Bool = true, recalled: RecalledMixes = [:]
  ) {
    self.randomSeed = randomSeed
    self.recalled = recalled
    strategies = sources.strategies
    choices = sources.strategies.enumerated().map { StrategyChoice($1, place: $0) }
    branches = DrawnBranches(sources.taxonomies, deepest: usesWholeTaxonomies ? .max : 1)
    coverage =
      order == .weighted
      ? nil : CoverageOrder(strategies, branches: branches, randomSeed: randomSeed)
  }

  package init(_ sources: Sources, recipe: Recipe, recalled: RecalledMixes = [:]) {
    self.init(
      sources, randomSeed: recipe.randomSeed, order: recipe.strategy.order,
      usesWholeTaxonomies: recipe.arm.usesWholeTaxonomies, recalled: recalled)
  }

  /// The mix of a numbered slot.
  package func mix(slot: Int) throws(SimulaError) -> Mix { try mix(of: .numbered(slot)) }

  /// The mix of a slot: a pure function of the random seed, the slot, and the ids and weights.
  ///
  /// - Throws: ``SimulaError`` with code `sources` when no draw avoids the pairs that must never
  ///   combine, and with `recalled` when none is another than those that are recalled.
  package func mix(of slot: Slot) throws(SimulaError) -> Mix {
    switch slot {
    case .numbered(let number):
      // Only a slot whose own mix is recalled leaves the order: the others keep theirs.
      if let coverage, case let mix = try coverage.mix(number), !isRecalled(mix) { return mix }
      return try draw(slot, from: choices, covering: nil)
    case .gap(let node, _):
      return try draw(
        slot, from: choices.filter { branches.root(of: node, in: strategies[$0.place]) != nil },
        covering: node)
    }
  }

  /// The leaves that slots may get, in the order of the sources.
  package var leaves: [NodeID] {
    var seen = Set<NodeID>()
    return strategies.flatMap { $0.roots.flatMap(branches.leaves) }
      .filter { seen.insert($0).inserted }
  }

  /// What the recipe or its strategy says of the samples of a mix.
  package func strategy(of mix: Mix) -> Strategy? { strategies.first { $0.id == mix.strategy } }

  private func draw(
    _ slot: Slot, from choices: [StrategyChoice], covering node: NodeID?
  ) throws(SimulaError) -> Mix {
    let place = slot.description
    var hasRecalled = false
    for redraw in 0...Self.redraws {
      let chance = ChoiceChance(randomSeed, "mix", place, String(redraw))
      guard
        let choice = Chance.choose(
          choices, weight: \.choice.weight, chance: { chance.uniform($0.choice) })
      else {
        throw SimulaError(
          .sources, "strategies.yaml has no strategy" + (node.map { " for node '\($0)'" } ?? ""),
          hint: "add one, or run 'stemma run' anew")
      }
      let strategy = strategies[choice.place]
      let covered = node.flatMap { branches.root(of: $0, in: strategy) }
      let nodes = strategy.roots.map { root in
        root == covered ? node ?? root : branches.descend(from: root, chance: chance.uniform)
      }
      if branches.areAllowed(nodes, strategy) {
        let mix = Mix(slot: slot, strategy: strategy.id, nodes: nodes)
        if !isRecalled(mix) { return mix }
        hasRecalled = true
      }
    }
    guard !hasRecalled else {
      throw SimulaError(
        .recalled,
        "slot \(slot) finds no mix in \(Self.redraws) redraws but those that are recalled",
        hint: "add nodes with 'stemma taxonomy edit add', or remove lines from \(Recalls.path)")
    }
    throw SimulaError(
      .sources,
      "slot \(slot) finds no mix in \(Self.redraws) redraws that avoids the 'never' pairs",
      hint: "remove some pairs from strategies.yaml")
  }

  private func isRecalled(_ mix: Mix) -> Bool {
    recalled[mix.slot]?.contains(mix.record.id) ?? false
  }

  /// A strategy to choose, and its place in the list.
  private struct StrategyChoice: Sendable {
    let choice: DrawnBranches.Choice
    let place: Int

    init(_ strategy: Strategy, place: Int) {
      choice = DrawnBranches.Choice(strategy.id, weight: strategy.weight)
      self.place = place
    }
  }

  /// What the prompts say of a mix: for each node its factor, name and path.
  func requirements(_ mix: Mix) -> JSON {
    .array(
      mix.nodes.compactMap { id in
        if let told = told[id] { return told }
        let path = branches.path(to: id)
        guard let factor = path.first, let node = path.last else { return nil }
        let requirement: JSON = [
          "factor": .string(factor.name), "name": .string(node.name),
          "path": .string(path.dropFirst().map(\.name).joined(separator: " > ")),
        ]
        told.keep(requirement, for: id)
        return requirement
      })
  }
}
