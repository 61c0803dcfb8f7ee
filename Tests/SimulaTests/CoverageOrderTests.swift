import Dataset
import Simula
import Testing

@Suite("Coverage first")
struct CoverageOrderTests {
  private static let fruit =
    "Fruit\n  Sweet\n    Apple\n    Pear\n    Plum\n  Sour\n    Lemon\n    Lime"
  private static let place = "Place\n  Bakery *9\n  Zoo\n  Ferry"
  private static let people = "People\n  Two\n  One"
  private static let sources = Grove.sources(fruit, place, people)

  private func mixes(_ sources: Sources, _ count: Int, seed: Int = 7) throws -> [Mix] {
    let sampler = MixSampler(sources, randomSeed: seed, order: .coverageFirst)
    return try (0..<count).map { slot in try sampler.mix(slot: slot) }
  }

  /// Below, at and above the 5 x 3 x 2 = 30 distinct mixes.
  @Test("No mix comes twice before all came", arguments: [1, 7, 29, 30, 31, 60, 75])
  func distinct(count: Int) throws {
    let found = try mixes(Self.sources, count).map(\.nodes)
    #expect(Set(found).count == min(count, 30))
    var uses: [[NodeID]: Int] = [:]
    for nodes in found { uses[nodes, default: 0] += 1 }
    #expect((uses.values.max() ?? 0) - (uses.count < 30 ? 0 : uses.values.min() ?? 0) <= 1)
  }

  @Test(
    "Each run of as many slots as the longest list has leaves holds every leaf", arguments: 0..<8)
  func everyLeaf(seed: Int) throws {
    let leaves = Set(Self.sources.taxonomies.flatMap { $0.leaves.map(\.id) })
    let found = try mixes(Self.sources, 30, seed: seed)
    for start in stride(from: 0, to: 30, by: 5) {
      #expect(Set(found[start..<(start + 5)].flatMap(\.nodes)) == leaves)
    }
  }

  @Test("The order depends on the random seed and not on how many slots there are")
  func prefix() throws {
    let long = try mixes(Self.sources, 60)
    for count in [1, 10, 30, 59] {
      #expect(try mixes(Self.sources, count) == Array(long[..<count]))
    }
    #expect(try mixes(Self.sources, 30, seed: 8) != Array(long[..<30]))
    // Slots that are asked for in another order get the same.
    let sampler = MixSampler(Self.sources, randomSeed: 7, order: .coverageFirst)
    for slot in [59, 3, 30, 0] { #expect(try sampler.mix(slot: slot) == long[slot]) }
  }

  @Test("Strategies take turns by weight, and one that has given all lets the others go on")
  func strategies() throws {
    var sources = Self.sources
    let roots = sources.taxonomies.map(\.root.id)
    sources.strategies = [
      Grove.strategy(roots, weight: 3), Grove.strategy([roots[1], roots[2]], weight: 1),
    ]
    let found = try mixes(sources, 72)
    #expect(Set(found[..<36].map { [$0.strategy] + $0.nodes }).count == 36)
    #expect(Set(found[36...].map { [$0.strategy] + $0.nodes }).count == 36)
    let share = found[..<12].count { $0.strategy == sources.strategies[0].id }
    #expect(share > 4)
  }

  @Test("Strategies that overlap give no leaf and no mix twice before all came", arguments: 0..<12)
  func overlap(seed: Int) throws {
    var sources = Grove.sources("Fruit\n  Apple\n  Pear", "Place\n  Zoo\n  Ferry\n  Bakery *5")
    let roots = sources.taxonomies.map(\.root.id)
    sources.strategies = [
      Grove.strategy(roots, weight: 1), Grove.strategy([sources.id("Apple"), roots[1]], weight: 9),
    ]
    let found = try mixes(sources, 12, seed: seed).map { Set($0.nodes) }
    #expect(Set(found[..<6]).count == 6)
    #expect(Set(found[6...]).count == 6)
    let leaves = Set(sources.taxonomies.flatMap { $0.leaves.map(\.id) })
    var covered = Set<NodeID>()
    for nodes in found where covered != leaves {
      #expect(!nodes.isSubset(of: covered))
      covered.formUnion(nodes)
    }
    #expect(covered == leaves)
  }

  @Test("Pairs that must never combine are left out, and all others still come")
  func never() throws {
    let free = Self.sources
    var bound = free
    bound.strategies = [
      Grove.strategy(
        free.taxonomies.map(\.root.id),
        never: [Strategy.Pair(free.id("Sweet"), free.id("Zoo"))])
    ]
    let found = try mixes(bound, 24).map(\.nodes)
    #expect(Set(found).count == 24)
    let sweet = Set(["Apple", "Pear", "Plum"].map(free.id))
    #expect(!found.contains { sweet.contains($0[0]) && $0[1] == free.id("Zoo") })
  }

  @Test("Pairs that leave no mix are an error, and no strategy is one")
  func impossible() throws {
    var sources = Grove.sources(
      "Fruit\n  Apple\n  Pear", "Place\n  Zoo\n  Ferry", never: [("Fruit", "Place")])
    #expect(throws: SimulaError.self) { _ = try mixes(sources, 1) }
    sources.strategies = []
    #expect(throws: SimulaError.self) { _ = try mixes(sources, 1) }
  }

  @Test("More mixes than can be counted are no trouble")
  func huge() throws {
    let leaves = (0..<200).map { "  Leaf \($0)" }.joined(separator: "\n")
    let sources = Grove.sources("A\n" + leaves, "B\n" + leaves, "C\n" + leaves, "D\n" + leaves)
    let many = Sources(
      taxonomies: sources.taxonomies + (0..<8).map { Grove.taxonomy("E\($0)\n" + leaves) },
      strategies: [])
    let joined = Sources(
      taxonomies: many.taxonomies,
      strategies: [Grove.strategy(many.taxonomies.map(\.root.id))])
    let found = try mixes(joined, 2000)
    #expect(Set(found.map(\.nodes)).count == 2000)
    for place in 0..<12 { #expect(Set(found[..<200].map { $0.nodes[place] }).count == 200) }
    // Two leaves of different factors meet about as often as chance has it.
    var pairs: [[NodeID]: Int] = [:]
    for mix in found { pairs[[mix.nodes[0], mix.nodes[1]], default: 0] += 1 }
    #expect(pairs.count > 1800)
  }

  @Test("A fixed order of numbers has each once", arguments: [1, 2, 3, 10, 255, 256, 257, 1000])
  func permutation(count: Int) {
    for key in 0..<3 as Range<UInt64> {
      let shuffle = Permutation(count: UInt64(count), key: key)
      let values = (0..<count).map { shuffle[UInt64($0)] }
      #expect(values.sorted() == (0..<count).map { UInt64($0) })
      if count > 100 { #expect(values != values.sorted()) }
    }
  }
}
