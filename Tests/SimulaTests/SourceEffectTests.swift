import ArtifactStore
import Dataset
import TestSupport
import Testing

@testable import Simula

@Suite("The effect of an edit")
struct SourceEffectTests {
  private static let slots = 400

  private static let sources = Grove.sources(
    "Fruit\n  Pome\n    Apple *3\n    Pear\n  Stone *2\n    Plum\n    Cherry\n    Peach\n  Fig",
    "Place\n  Farm\n    Barn\n    Field\n  Shop\n    Bakery\n    Market",
    "Mood\n  Glad\n  Sad", never: [("Pear", "Shop"), ("Stone", "Barn")])

  /// The same by drawing every slot from the whole trees and comparing all that a request says.
  private func bruteForce(
    _ before: Sources, _ after: Sources
  ) throws -> (moved: Set<Int>, reworded: Set<Int>) {
    let old = MixSampler(before, randomSeed: 7)
    let new = MixSampler(after, randomSeed: 7)
    var moved = Set<Int>()
    var reworded = Set<Int>()
    for slot in 0..<Self.slots {
      let (first, second) = (try old.mix(slot: slot), try new.mix(slot: slot))
      if first.record != second.record {
        moved.insert(slot)
      } else if old.requirements(first) != new.requirements(second) {
        reworded.insert(slot)
      }
    }
    return (moved, reworded)
  }

  private func expectBruteForce(_ before: Sources, _ after: Sources, _ what: String) throws {
    let truth = try bruteForce(before, after)
    let found = try MixComparison(
      from: before, to: after, randomSeed: 7, slotCount: Self.slots
    ).changedSlots()
    #expect(found.moved.sorted() == truth.moved.sorted(), "\(what)")
    #expect(found.reworded.sorted() == truth.reworded.sorted(), "\(what)")
  }

  @Test("Removing a leaf moves exactly the slots whose mixes had it")
  func leaf() throws {
    let cherry = Self.sources.id("Cherry")
    let after = try SourceEdit.remove(cherry).apply(to: Self.sources).sources
    let sampler = MixSampler(Self.sources, randomSeed: 7)
    let using = try Set(
      (0..<Self.slots).filter { try sampler.mix(slot: $0).nodes.contains(cherry) })
    #expect(using.count > 10)
    let found = try MixComparison(
      from: Self.sources, to: after, randomSeed: 7, slotCount: Self.slots
    ).changedSlots()
    #expect(Set(found.moved) == using)
    #expect(found.reworded == [])
  }

  @Test("Any sequence of edits is counted as drawing every slot counts it", arguments: 0..<40)
  func random(_ seed: Int) throws {
    var random = SplitMix(seed)
    var after = Self.sources
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let nodes = after.taxonomies.flatMap(\.nodes)
      guard let node = nodes.randomElement(using: &random),
        let other = nodes.randomElement(using: &random)
      else { continue }
      let edits: [SourceEdit] = [
        .rename(node.id, to: "New \(node.name)"), .move(node.id, under: other.id),
        .merge(node.id, into: other.id), .remove(node.id),
        .add("Extra", under: node.id, weight: 2, isPinned: false),
        .weigh(node.id, Double(Int.random(in: 1...5, using: &random))),
      ]
      // An edit that makes no sense here is left out.
      if let edited = try? edits.randomElement(using: &random)?.apply(to: after, isForced: true),
        !edited.sources.strategies.isEmpty
      {
        after = edited.sources
      }
    }
    try expectBruteForce(Self.sources, after, "seed \(seed)")
  }

  @Test("Another order and shared mixes are counted as drawing every slot counts them")
  func orders() throws {
    var recipe = try Lab.parsed([(["samples"], "101"), (["meta-prompts", "instances"], "3")])
    let cherry = Self.sources.id("Cherry")
    let after = try SourceEdit.remove(cherry).apply(to: Self.sources).sources
    for order in StrategyKnobs.Order.allCases {
      recipe.strategy.order = order
      let (old, new) = (
        MixSampler(Self.sources, recipe: recipe), MixSampler(after, recipe: recipe)
      )
      let moved = try (0..<101).count { slot in
        try old.mix(slot: slot / 3).nodes != new.mix(slot: slot / 3).nodes
      }
      let effect = try SourceEffect(
        from: Self.sources, to: after, recipe: recipe, use: SlotUse())
      #expect(effect.slotCount == 101)
      #expect(effect.movedSlots == moved, "\(order)")
      #expect(moved > 5)
    }
  }

  @Test("Strategies and pairs count too")
  func strategies() throws {
    var after = Self.sources
    after.strategies[0].never.removeLast()
    try expectBruteForce(Self.sources, after, "a pair less")
    after = Self.sources
    after.strategies.append(
      Grove.strategy([after.id("Pome"), after.id("Mood")], weight: 2))
    try expectBruteForce(Self.sources, after, "another strategy")
    after.strategies[0].roots.reverse()
    try expectBruteForce(Self.sources, after, "another order of roots")
  }

  @Test("Samples, strategies and answers are told; without strategies all may move")
  func summary() async throws {
    let recipe = try Lab.parsed([(["samples"], "\(Self.slots)")])
    let before = Self.sources
    let none = try SourceEffect(from: before, to: before, recipe: recipe, use: SlotUse())
    #expect(none.isNothing && none.slotCount == Self.slots && none.estimatedCalls == nil)
    var empty = before
    empty.strategies = []
    let all = try SourceEffect(from: before, to: empty, recipe: recipe, use: SlotUse())
    #expect(all.plansAnew && all.movedSlots == Self.slots)
    #expect(all.strategies == ["strategy 'S' is gone"])
    let renamed = try SourceEdit.rename(before.id("Glad"), to: "Merry").apply(to: before).sources
    let effect = try SourceEffect(from: before, to: renamed, recipe: recipe, use: SlotUse())
    #expect(effect.movedSlots == 0 && effect.rewordedSlots > Self.slots / 4)
    #expect(effect.strategies == ["strategy 'S' draws from the changed branch 'Mood'"])
  }

  @Test("Other knobs of a strategy make all its slots stale, and no others")
  func knobs() throws {
    var recipe = try Lab.parsed([(["samples"], "\(Self.slots)")])
    var before = Self.sources
    let narrow = Grove.strategy([before.id("Stone"), before.id("Place")], weight: 2)
    before.strategies.append(narrow)
    var after = before
    after.strategies[1].overrides.candidates = recipe.metaPrompts.candidates + 1
    let sampler = MixSampler(before, randomSeed: recipe.randomSeed)
    let drawn = try (0..<Self.slots).filter { try sampler.mix(slot: $0).strategy == narrow.id }
    #expect(drawn.count > 50 && drawn.count < Self.slots - 50)
    for order in StrategyKnobs.Order.allCases {
      recipe.strategy.order = order
      let sampler = MixSampler(before, recipe: recipe)
      let drawn = try (0..<Self.slots).filter { try sampler.mix(slot: $0).strategy == narrow.id }
      let effect = try SourceEffect(from: before, to: after, recipe: recipe, use: SlotUse())
      #expect(effect.retunedSlots == drawn.count && !effect.isNothing, "\(order)")
      #expect(effect.staleSlots.map(\.slot) == drawn.map { .numbered($0) }, "\(order)")
      #expect(effect.staleSlots.allSatisfy { $0.reason == .knobs })
    }
    // What the recipe says anyway is no other knob.
    recipe.strategy.order = .weighted
    after.strategies[1].overrides.candidates = recipe.metaPrompts.candidates
    let same = try SourceEffect(from: before, to: after, recipe: recipe, use: SlotUse())
    #expect(same.retunedSlots == 0 && same.staleSlots == [])
  }

  @Test("The stale slots are listed in order, each with its reason")
  func list() throws {
    let recipe = try Lab.parsed([
      (["samples"], "\(Self.slots - 1)"), (["meta-prompts", "instances"], "3"),
    ])
    let before = Self.sources
    var after = try SourceEdit.remove(before.id("Cherry")).apply(to: before).sources
    after = try SourceEdit.rename(before.id("Glad"), to: "Merry").apply(to: after).sources
    let truth = try bruteForce(before, after)
    let effect = try SourceEffect(from: before, to: after, recipe: recipe, use: SlotUse())
    var expected: [SourceEffect.StaleSlot] = []
    for slot in 0..<(Self.slots - 1) {
      if truth.moved.contains(slot / 3) {
        expected.append(.init(slot: .numbered(slot), reason: .moved))
      } else if truth.reworded.contains(slot / 3) {
        expected.append(.init(slot: .numbered(slot), reason: .reworded))
      }
    }
    #expect(effect.staleSlots == expected)
    #expect(effect.movedSlots > 0 && effect.rewordedSlots > 0)
    #expect(effect.movedSlots + effect.rewordedSlots == expected.count)
  }

  @Test("What is grown besides is told, and so are stages that are stale for another reason")
  func besides() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe(AttemptTests.steady + [(["samples"], "4")]))
      try await lab.run()
      func effect(_ edit: SourceEdit) throws -> SourceEffect {
        let snapshot = try Snapshot(workingDirectory: lab.root)
        let before = try #require(snapshot.sources)
        let after = try edit.apply(to: before).sources
        return try SourceEffect(
          from: before, to: after, recipe: snapshot.recipe, use: SlotUse(),
          plan: try RunPlan(snapshot.with(after), base: try lab.head()))
      }
      let node = try #require(try lab.sources?.taxonomies[0].leaves.first).id
      let rename = try effect(.rename(node, to: "Another name"))
      #expect(rename.growths == [] && rename.otherStages == [])
      let added = try effect(.addFactor("Wording", children: []))
      #expect(added.growths.map(\.name) == ["Wording"])
      // Depth 2 and 2 or 3 children with 2 proposals: 1 + 3 nodes of 3 answers each, and a plan.
      #expect(added.growths.map(\.estimatedCalls) == [13])
      #expect(added.staleSlots == [] && !added.isNothing)
      #expect(try effect(.addFactor("Wording", children: ["A", "B"])).growths == [])
      try lab.set(["random-seed"], to: "8")
      #expect(try effect(.rename(node, to: "Another name")).otherStages == [.mixes])
      try lab.set(["taxonomy", "depth"], to: "3")
      #expect(try effect(.rename(node, to: "Another name")).otherStages == [.taxonomies, .mixes])
    }
  }

  @Test("Removing one of 512 equal leaves moves about that share of the slots")
  func large() throws {
    let wide = (0..<8).map { a in
      "  N\(a)\n"
        + (0..<8).map { b in
          "    N\(a)\(b)\n" + (0..<8).map { "      N\(a)\(b)\($0)" }.joined(separator: "\n")
        }.joined(separator: "\n")
    }.joined(separator: "\n")
    let before = Grove.sources("A\n" + wide, "B\n  X\n  Y", "C\n  V\n  W")
    let leaf = before.id("N333")
    let after = try SourceEdit.remove(leaf).apply(to: before).sources
    let count = 20_000
    let found = try MixComparison(
      from: before, to: after, randomSeed: 1, slotCount: count
    ).changedSlots()
    // One of 512 leaves of equal weight, within five standard deviations.
    #expect((8...72).contains(found.moved.count))
  }
}
