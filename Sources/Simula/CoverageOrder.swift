import Dataset
import Synchronization

/// Gives slots mixes so that leaves come first which no slot has yet, and no nodes come together twice
/// before all that may have come.
///
/// The order does not depend on how many slots there are. The strategy whose next mix has most new
/// leaves goes first; then strategies take turns by their weights. When one has given all its mixes
/// the others go on, and when all have, all start again.
final class CoverageOrder: Sendable {
  static let codeVersion = 2

  private struct State {
    /// The strategy and the rank in its grid, by slot.
    var given: ContiguousArray<(strategy: Int, rank: UInt64)> = []
    /// The next rank of each strategy in this round.
    var next: [UInt64]
    /// Hashes of the nodes that came together in this round; none where there is one strategy only.
    var nodes = Set<UInt64>()
    /// The leaves that no slot has yet.
    var uncovered: Set<NodeID>
    /// Whether this round has given anything.
    var hasGiven = false
  }

  /// So many mixes in a row that must not be are taken for all of them.
  private static let maximumSkips = 100_000

  private let strategies: [Strategy]
  private let grids: [LeafGrid]
  private let branches: DrawnBranches
  private let randomSeed: Int
  private let state: Mutex<State>

  init(_ strategies: [Strategy], branches: DrawnBranches, randomSeed: Int) {
    self.strategies = strategies
    self.branches = branches
    self.randomSeed = randomSeed
    grids = strategies.map { strategy in
      LeafGrid(
        strategy.roots.map { branches.leaves(below: $0) }, randomSeed: randomSeed,
        name: strategy.id.text)
    }
    let leaves = strategies.flatMap { $0.roots.flatMap(branches.leaves) }
    state = Mutex(State(next: strategies.map { _ in 0 }, uncovered: Set(leaves)))
  }

  func mix(_ slot: Int) throws(SimulaError) -> Mix {
    let (strategy, rank) = try state.withLock { (state) throws(SimulaError) in
      while state.given.count <= slot { try give(&state) }
      return state.given[slot]
    }
    return Mix(
      slot: .numbered(slot), strategy: strategies[strategy].id, nodes: grids[strategy][rank])
  }

  private func give(_ state: inout State) throws(SimulaError) {
    while true {
      let open = strategies.indices.filter { skip(&state, $0) }
      guard let chosen = choice(of: open, state) else {
        guard state.hasGiven else { throw nothing() }
        state.next = strategies.map { _ in 0 }
        state.nodes = []
        state.hasGiven = false
        continue
      }
      let rank = state.next[chosen]
      state.next[chosen] += 1
      state.given.append((chosen, rank))
      state.uncovered.subtract(grids[chosen][rank])
      if strategies.count > 1 { state.nodes.insert(hash(grids[chosen][rank])) }
      state.hasGiven = true
      return
    }
  }

  /// Which strategy gives the next mix.
  private func choice(of open: [Int], _ state: borrowing State) -> Int? {
    var open = open
    if !state.uncovered.isEmpty, open.count > 1 {
      let news = open.map { strategy in
        grids[strategy][state.next[strategy]].count { state.uncovered.contains($0) }
      }
      let most = news.max() ?? 0
      // Each strategy has all its leaves in the first ranks; later ones find no new one.
      let better =
        most > 0
        ? zip(open, news).filter { $0.1 == most }.map(\.0)
        : open.filter { state.next[$0] < UInt64(grids[$0].longestCount) }
      if !better.isEmpty { open = better }
    }
    let slot = String(state.given.count)
    return Chance.choose(
      open, weight: { strategies[$0].weight },
      chance: { Chance.uniform(randomSeed, "coverage", slot, strategies[$0].id.text) })
  }

  /// Goes on to the next mix of a strategy that may be given, or returns false when it has no more.
  private func skip(_ state: inout State, _ strategy: Int) -> Bool {
    let grid = grids[strategy]
    var skips = 0
    while state.next[strategy] < grid.count, skips < Self.maximumSkips {
      let nodes = grid[state.next[strategy]]
      if branches.areAllowed(nodes, strategies[strategy]),
        strategies.count == 1 || !state.nodes.contains(hash(nodes))
      {
        return true
      }
      state.next[strategy] += 1
      skips += 1
    }
    state.next[strategy] = grid.count
    return false
  }

  /// The same in every program run, so that so is a clash, which would skip a mix.
  private func hash(_ nodes: [NodeID]) -> UInt64 {
    nodes.sorted().reduce(0) { Shingles.mixed($0 &+ $1.value) }
  }

  private func nothing() -> SimulaError {
    strategies.isEmpty
      ? SimulaError(
        .sources, "strategies.yaml has no strategy", hint: "add one, or run 'stemma run' anew")
      : SimulaError(
        .sources, "no mix avoids the 'never' pairs",
        hint: "remove some pairs from strategies.yaml")
  }
}
