import ArtifactStore
import Dataset
import Foundation
import Simula
import Testing

/// One hundred thousand slots, with pairs that never combine, so that some are drawn again.
@Suite("Sampling many mixes")
struct LargeSamplingTests {
  private static let count = 100_000
  private static let fruit = Grove.taxonomy(
    """
    Fruit
      Sweet *2
        Round
          Apple
          Melon *3
        Long *2
          Banana
          Pear *2
      Sour
        Yellow
          Lemon
          Quince *0.5
        Green
          Lime *2
          Gooseberry
    """)
  private static let place = Grove.taxonomy("Place\n  Bakery\n  Zoo *4\n  Ferry *2")
  private static let free = Sources(
    taxonomies: [fruit, place],
    strategies: [Grove.strategy([fruit.root.id, place.root.id])])
  private static let never = [("Long", "Ferry"), ("Lime", "Bakery"), ("Quince", "Place")]
  private static let bound: Sources = {
    var sources = free
    sources.strategies[0].never = never.map {
      Strategy.Pair(free.id($0.0), free.id($0.1))
    }
    return sources
  }()

  private static func nodes(_ sources: Sources) throws -> [[NodeID]] {
    let sampler = MixSampler(sources, randomSeed: 7)
    return try (0..<count).map { slot in try sampler.mix(slot: slot).nodes }
  }

  private static let before = Result { try nodes(bound) }

  /// The share of each leaf of a taxonomy: the product of the shares on its path.
  private func shares(_ taxonomy: Taxonomy) -> [(leaf: Taxonomy.Node, share: Double)] {
    taxonomy.leaves.map { leaf in
      let path = taxonomy.path(to: leaf.id).dropFirst()
      let share = path.reduce(1) { share, node in
        let siblings = taxonomy.children(of: node.parent ?? node.id)
        return share * node.weight / siblings.reduce(0) { $0 + $1.weight }
      }
      return (leaf, share)
    }
  }

  private static let forbidden: Set<[NodeID]> = {
    let mixes = fruit.leaves.flatMap { fruit in place.leaves.map { (fruit.id, $0.id) } }
    let isForbidden = { (first: NodeID, second: NodeID) in
      let names = (fruit.path(to: first).map(\.name), place.path(to: second).map(\.name))
      return never.contains { names.0.contains($0.0) && names.1.contains($0.1) }
    }
    return Set(mixes.filter(isForbidden).map { [$0.0, $0.1] })
  }()

  private func isForbidden(_ nodes: [NodeID]) -> Bool { Self.forbidden.contains(nodes) }

  @Test("Leaves and pairs of leaves come as often as their weights and the pairs say")
  func distribution() throws {
    var counts: [[NodeID]: Double] = [:]
    for nodes in try Self.before.get() { counts[nodes, default: 0] += 1 }
    // A forbidden mix is drawn again as if it had not been drawn.
    var expected: [[NodeID]: Double] = [:]
    for fruit in shares(Self.fruit) {
      for place in shares(Self.place) where !isForbidden([fruit.leaf.id, place.leaf.id]) {
        expected[[fruit.leaf.id, place.leaf.id]] = fruit.share * place.share
      }
    }
    let scale = Double(Self.count) / expected.values.reduce(0, +)
    #expect(Set(counts.keys) == Set(expected.keys))
    let pairs = expected.keys.sorted { $0.lexicographicallyPrecedes($1) }
    let wanted = pairs.map { (expected[$0] ?? 0) * scale }
    #expect(
      ChiSquare.probability(pairs.map { counts[$0] ?? 0 }, expected: wanted) > 1e-4)
    for factor in 0...1 {
      let leaves = Set(pairs.map { $0[factor] }).sorted()
      let found = leaves.map { leaf in
        pairs.reduce(0) { $0 + ($1[factor] == leaf ? counts[$1] ?? 0 : 0) }
      }
      let wanted = leaves.map { leaf in
        pairs.reduce(0) { $0 + ($1[factor] == leaf ? (expected[$1] ?? 0) * scale : 0) }
      }
      #expect(ChiSquare.probability(found, expected: wanted) > 1e-4)
      // The test would see a weight that is off by a tenth.
      var skewed = wanted
      skewed[0] *= 1.1
      #expect(ChiSquare.probability(found, expected: skewed) < 1e-4)
    }
  }

  @Test("Removing a leaf moves exactly the slots of which a draw used it")
  func removal() throws {
    let leaf = Self.free.id("Lime")
    let edit: (inout [Taxonomy.Node]) -> Void = { $0.removeAll { $0.id == leaf } }
    let less = Self.free.editing("Fruit", edit)
    let before = try Self.before.get()
    let after = try Self.nodes(Self.bound.editing("Fruit", edit))
    var expected = Set<Int>()
    var redraws = 0
    // A first draw that is not forbidden is what a sampler without pairs draws.
    for (slot, first) in try Self.nodes(Self.free).enumerated() {
      var draw = first
      var isRejectedWithLeaf = false
      var redraw = 0
      while isForbidden(draw) {
        isRejectedWithLeaf = isRejectedWithLeaf || draw[0] == leaf
        redraw += 1
        draw = Reference.draw(Self.free, slot: slot, redraw: redraw)
      }
      redraws += redraw
      if draw != before[slot] { Issue.record("slot \(slot) has another mix than it should") }
      if draw[0] == leaf {
        expected.insert(slot)
      } else if isRejectedWithLeaf {
        // Another leaf comes in its place, which may be forbidden too.
        let other = (0...).lazy.map { Reference.draw(less, slot: slot, redraw: $0) }
          .first { !isForbidden($0) }
        if other != before[slot] { expected.insert(slot) }
      }
    }
    #expect(redraws > 10_000)
    #expect(Set(before.indices.filter { before[$0] != after[$0] }) == expected)
    #expect(expected.count > before.count { $0[0] == leaf })
    #expect(!after.contains { $0[0] == leaf })
  }

  @Test("Adding a leaf moves its share of the slots, all of them to it")
  func addition() throws {
    let parent = Self.free.id("Round")
    let added = NodeID(bornUnder: parent, name: "Peach")
    let more = Self.bound.editing("Fruit") {
      $0.append(Taxonomy.Node(id: added, parent: parent, name: "Peach", weight: 2))
    }
    let before = try Self.before.get()
    let after = try Self.nodes(more)
    var moved = 0
    for slot in before.indices where before[slot] != after[slot] {
      moved += 1
      #expect(after[slot] == [added, before[slot][1]])
      #expect(Self.fruit.find(before[slot][0])?.parent == parent)
    }
    #expect(moved == after.count { $0[0] == added })
    let below = Double(before.count { Self.fruit.find($0[0])?.parent == parent })
    let deviation = (below * (2.0 / 6) * (4.0 / 6)).squareRoot()
    #expect(abs((Double(moved) - below * 2 / 6) / deviation) < 4)
  }

  @Test("What a release draws for a random seed stays the same in all releases")
  func golden() throws {
    var sources = Self.free
    sources.strategies[0].never = [("Long", "Zoo"), ("Lime", "Bakery"), ("Quince", "Place")].map {
      Strategy.Pair(Self.free.id($0.0), Self.free.id($0.1))
    }
    let sampler = MixSampler(sources, randomSeed: 7)
    var hash = FramedHash(domain: "test")
    for slot in 0..<500 {
      for node in try sampler.mix(slot: slot).nodes { hash.add(node.text) }
    }
    #expect(hash.finish().hex == "504f0c2364e85dd3d8c55359f29fe714834843df3ad7b6d91d7d4003877e37d0")
  }

  @Test("The tail of chi-square is that of tables")
  func tail() {
    for (freedom, value, probability) in [
      (1.0, 3.841, 0.05), (5, 15.086, 0.01), (10, 35.564, 0.0001), (23, 22.337, 0.5),
    ] {
      #expect(abs(ChiSquare.upperTail(freedom / 2, value / 2) / probability - 1) < 0.002)
    }
  }
}

/// Drawing as the documentation says it, written apart from the sampler.
private enum Reference {
  static func draw(_ sources: Sources, slot: Int, redraw: Int) -> [NodeID] {
    sources.taxonomies.map { taxonomy in
      var node = taxonomy.root
      while true {
        let keys = taxonomy.children(of: node.id).map { child in
          let hash = hash(7, ["mix", "\(slot)", "\(redraw)", child.id.text])
          return (-log((Double(hash >> 11) + 0.5) * 0x1p-53) / child.weight, child)
        }
        guard let least = keys.min(by: { $0.0 < $1.0 }) else { return node.id }
        node = least.1
      }
    }
  }

  /// SplitMix64 over the seed, and for each part its length and its bytes in words.
  private static func hash(_ seed: UInt64, _ parts: [String]) -> UInt64 {
    func step(_ word: UInt64) -> UInt64 {
      let sum = word &+ 0x9E37_79B9_7F4A_7C15
      let first = (sum ^ (sum >> 30)) &* 0xBF58_476D_1CE4_E5B9
      let second = (first ^ (first >> 27)) &* 0x94D0_49BB_1331_11EB
      return second ^ (second >> 31)
    }
    return parts.reduce(step(seed)) { state, part in
      let bytes = Array(part.utf8)
      let words = stride(from: 0, to: bytes.count, by: 8).map { start in
        bytes[start..<min(start + 8, bytes.count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
      return ([UInt64(bytes.count)] + words).reduce(state) { step($0 ^ $1) }
    }
  }
}
