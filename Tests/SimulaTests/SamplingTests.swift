import Dataset
import Foundation
import Simula
import Testing

@Suite("Sampling mixes")
struct SamplingTests {
  static let sources = Grove.sources(
    """
    Fruit
      Sweet *2
        Apple
        Pear *3
        Plum
      Sour
        Lemon
        Lime *2
    """,
    """
    Place
      Bakery
      Zoo *4
      Ferry *2
    """)

  private func mixes(_ sources: Sources, _ count: Int, seed: Int = 7) throws -> [Mix] {
    let sampler = MixSampler(sources, randomSeed: seed)
    return try (0..<count).map { slot in try sampler.mix(slot: slot) }
  }

  /// The critical value of chi-square at one in ten thousand, for 1 to 6 degrees of freedom.
  private static let critical = [15.14, 18.42, 21.11, 23.51, 25.74, 27.86]

  @Test("Leaves are drawn by their weights")
  func weights() throws {
    let count = 20_000
    let sources = Grove.sources("Fruit\n  Apple *1\n  Pear *2.5\n  Plum *4\n  Fig *0.5")
    var counts: [NodeID: Int] = [:]
    for mix in try mixes(sources, count) { counts[mix.nodes[0], default: 0] += 1 }
    let leaves = sources.taxonomies[0].leaves
    var statistic = 0.0
    for leaf in leaves {
      let expected = Double(count) * leaf.weight / 8
      let difference = Double(counts[leaf.id] ?? 0) - expected
      statistic += difference * difference / expected
    }
    #expect(counts.count == leaves.count)
    #expect(statistic < Self.critical[leaves.count - 2])
  }

  @Test("Levels are drawn one after the other, and taxonomies apart from each other")
  func independence() throws {
    let count = 1000
    var counts: [[NodeID]: Int] = [:]
    for mix in try mixes(Self.sources, count) { counts[mix.nodes, default: 0] += 1 }
    let shares = [
      "Apple": 2.0 / 15, "Pear": 6.0 / 15, "Plum": 2.0 / 15, "Lemon": 1.0 / 9, "Lime": 2.0 / 9,
    ]
    for (name, share) in shares {
      for (place, other) in [("Bakery", 1.0 / 7), ("Zoo", 4.0 / 7), ("Ferry", 2.0 / 7)] {
        let expected = Double(count) * share * other
        let found = Double(counts[[Self.sources.id(name), Self.sources.id(place)]] ?? 0)
        #expect(abs(found - expected) < 4.5 * expected.squareRoot(), "\(name), \(place)")
      }
    }
  }

  @Test("Strategies are drawn by their weights")
  func strategies() throws {
    let count = 1000
    var sources = Self.sources
    let roots = sources.taxonomies.map(\.root.id)
    sources.strategies = [
      Grove.strategy(roots, weight: 3), Grove.strategy([roots[0]], weight: 1),
    ]
    let first = try mixes(sources, count).count { $0.strategy == sources.strategies[0].id }
    #expect(abs(Double(first) - 750) < 4 * 187.5.squareRoot())
  }

  @Test("Removing a leaf moves only the slots that used it")
  func removal() throws {
    for name in ["Apple", "Pear", "Lime", "Zoo"] {
      let leaf = Self.sources.id(name)
      let factor = Self.sources.taxonomy(holding: leaf)?.root.name ?? ""
      let less = Self.sources.editing(factor) { $0.removeAll { $0.id == leaf } }
      for (before, after) in zip(try mixes(Self.sources, 250), try mixes(less, 250)) {
        if before.nodes.contains(leaf) {
          #expect(!after.nodes.contains(leaf))
          // The other factor keeps its node also in a slot that moves.
          #expect(Set(before.nodes).intersection(after.nodes).count == 1)
        } else {
          #expect(before == after)
        }
      }
    }
  }

  @Test("Adding a leaf moves only its share, and all that move go to it")
  func addition() throws {
    let count = 500
    let parent = Self.sources.id("Place")
    let added = NodeID(bornUnder: parent, name: "School")
    let more = Self.sources.editing("Place") {
      $0.append(Taxonomy.Node(id: added, parent: parent, name: "School", weight: 3))
    }
    var moved = 0
    for (before, after) in zip(try mixes(Self.sources, count), try mixes(more, count))
    where before != after {
      moved += 1
      #expect(after.nodes[1] == added)
      #expect(after.nodes[0] == before.nodes[0])
    }
    let expected = Double(count) * 3 / 10
    #expect(abs(Double(moved) - expected) < 4.5 * (expected * 0.7).squareRoot())
  }

  @Test("Raising a weight moves slots only to that node")
  func reweighting() throws {
    let node = Self.sources.id("Bakery")
    let heavier = Self.sources.editing("Place") { nodes in
      for place in nodes.indices where nodes[place].id == node { nodes[place].weight = 5 }
    }
    for (before, after) in zip(try mixes(Self.sources, 250), try mixes(heavier, 250))
    where before != after {
      #expect(after.nodes == [before.nodes[0], node])
    }
  }

  @Test("Renaming and moving text about changes no mix")
  func names() throws {
    let renamed = Self.sources.editing("Fruit") { nodes in
      for place in nodes.indices { nodes[place].name += " (new)" }
      nodes.reverse()
    }
    #expect(try mixes(renamed, 100) == mixes(Self.sources, 100))
  }

  @Test("A mix depends on its slot and the random seed, not on how many slots there are")
  func prefix() throws {
    let long = try mixes(Self.sources, 120)
    #expect(try Array(long.prefix(50)) == mixes(Self.sources, 50))
    #expect(long.map(\.slot) == (0..<120).map { .numbered($0) })
    let other = try mixes(Self.sources, 120, seed: 8)
    #expect(zip(long, other).count { $0.nodes != $1.nodes } > 60)
  }

  @Test("Pairs that must never combine do not, nor do their branches")
  func never() throws {
    let free = Self.sources
    let pairs = [
      Strategy.Pair(free.id("Sweet"), free.id("Zoo")),
      Strategy.Pair(free.id("Lemon"), free.id("Bakery")),
    ]
    var bound = free
    bound.strategies = [Grove.strategy(free.taxonomies.map(\.root.id), never: pairs)]
    let isForbidden = { (mix: Mix) in
      let names = mix.nodes.compactMap { id in free.taxonomy(holding: id)?.find(id)?.name }
      return (["Apple", "Pear", "Plum"].contains(names[0]) && names[1] == "Zoo")
        || (names[0] == "Lemon" && names[1] == "Bakery")
    }
    var redrawn = 0
    for (before, after) in zip(try mixes(free, 400), try mixes(bound, 400)) {
      #expect(!isForbidden(after))
      // The strategy has another life, so only nodes are compared.
      if isForbidden(before) { redrawn += 1 } else { #expect(before.nodes == after.nodes) }
    }
    #expect(redrawn > 80)
  }

  @Test("Removing a leaf moves, beside its own, only slots whose redraws met it")
  func removalWithRedraws() throws {
    var bound = Self.sources
    bound.strategies = [
      Grove.strategy(
        bound.taxonomies.map(\.root.id),
        never: [Strategy.Pair(bound.id("Pear"), bound.id("Zoo"))])
    ]
    let leaf = bound.id("Plum")
    let less = bound.editing("Fruit") { $0.removeAll { $0.id == leaf } }
    // Pear and Zoo were drawn first where they meet in a sampler that forbids nothing.
    let free = try mixes(Self.sources, 400)
    for (slot, (before, after)) in zip(try mixes(bound, 400), try mixes(less, 400)).enumerated()
    where !before.nodes.contains(leaf) && before != after {
      let first = free[slot].nodes
      #expect(first == [bound.id("Pear"), bound.id("Zoo")] || first.contains(leaf))
    }
  }

  @Test("Pairs that leave no mix are an error that says what to change")
  func impossible() throws {
    let sources = Grove.sources(
      "Fruit\n  Apple\n  Pear", "Place\n  Zoo\n  Ferry", never: [("Fruit", "Place")])
    let error = #expect(throws: SimulaError.self) { _ = try mixes(sources, 1) }
    #expect(error?.code == .sources)
    #expect(error?.message.contains("'never' pairs") == true)
    #expect(error?.hint?.contains("strategies.yaml") == true)
  }

  @Test("No strategy is an error that says what to change")
  func noStrategy() throws {
    var sources = Self.sources
    sources.strategies = []
    let error = #expect(throws: SimulaError.self) { _ = try mixes(sources, 1) }
    #expect(error?.code == .sources)
  }
}
