import Dataset
import Synchronization

/// Gives slots mixes so that every leaf comes as early as can be, and none twice before all came.
///
/// The order does not depend on how many slots there are. Strategies take turns by their weights;
/// when one has given all its mixes the others go on, and when all have, all start again.
final class CoverageOrder: Sendable {
  private struct State {
    /// The strategy and the rank in its grid, by slot.
    var given: ContiguousArray<(strategy: Int, rank: UInt64)> = []
    /// The next rank of each strategy in this round.
    var next: [UInt64]
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
    state = Mutex(State(next: strategies.map { _ in 0 }))
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
    let slot = String(state.given.count)
    while true {
      let open = strategies.indices.filter { state.next[$0] < grids[$0].count }
      let chosen = Chance.choose(
        open, weight: { strategies[$0].weight },
        chance: { Chance.uniform(randomSeed, "coverage", slot, strategies[$0].id.text) })
      guard let chosen else {
        guard state.hasGiven else { throw nothing() }
        state.next = strategies.map { _ in 0 }
        state.hasGiven = false
        continue
      }
      if let rank = nextRank(of: chosen, &state.next[chosen]) {
        state.given.append((chosen, rank))
        state.hasGiven = true
        return
      }
    }
  }

  /// The next mix of a strategy that may be, or nil when it has no more.
  private func nextRank(of strategy: Int, _ next: inout UInt64) -> UInt64? {
    var skips = 0
    while next < grids[strategy].count, skips < Self.maximumSkips {
      defer { next += 1 }
      if branches.areAllowed(grids[strategy][next], strategies[strategy]) { return next }
      skips += 1
    }
    next = grids[strategy].count
    return nil
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
