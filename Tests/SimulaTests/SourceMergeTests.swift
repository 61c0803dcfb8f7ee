import Dataset
import Testing

@testable import Simula

@Suite("Merging growth into a person's text")
struct SourceMergeTests {
  private static let base = Grove.sources("Fruit\n  Apple\n  Pear\n  Plum", "Place\n  Zoo\n  Ferry")

  private func merged(_ base: Sources?, _ ours: Sources?, _ theirs: Sources) -> Sources {
    let merge = SourceMerge(base: base, ours: ours)
    let roots = theirs.taxonomies.map { Taxonomy(nodes: [$0.root]) }
    let factors = merge.factors(roots)
    let taxonomies = factors.compactMap { factor in
      let grown = theirs.taxonomies.first { $0.root.id == factor.root.id }
      return grown.map { merge.taxonomy($0) } ?? factor
    }
    return merge.strategies(theirs.strategies, taxonomies: taxonomies)
  }

  @Test("Without a text the growth is taken as it is, and so is an unedited text's successor")
  func unedited() {
    let theirs = Grove.sources("Place\n  Ferry\n  Museum\n  Zoo", "Fruit\n  Fig\n  Apple")
    #expect(merged(nil, nil, theirs) == theirs)
    #expect(merged(Self.base, Self.base, theirs) == theirs)
  }

  @Test("Equal growth leaves a person's text as it is")
  func sameGrowth() {
    let ours = Self.base.editing("Fruit") { nodes in
      nodes.removeAll { $0.name == "Pear" }
      for place in nodes.indices where nodes[place].name == "Apple" {
        nodes[place].name = "Red apple"
        nodes[place].weight = 3
      }
      nodes.append(
        Taxonomy.Node(
          id: NodeID(bornUnder: nodes[0].id, name: "Fig"), parent: nodes[0].id, name: "Fig"))
    }
    #expect(merged(Self.base, ours, Self.base) == ours)
  }

  /// Who has a node: the base, the text, the new growth.
  struct Case: CustomTestStringConvertible {
    let base: Bool
    let ours: Bool
    let theirs: Bool
    let isThere: Bool
    var testDescription: String { "base \(base), ours \(ours), theirs \(theirs)" }
  }

  @Test(
    "A node is there unless either side removed it",
    arguments: [
      Case(base: false, ours: false, theirs: false, isThere: false),
      Case(base: false, ours: false, theirs: true, isThere: true),
      Case(base: false, ours: true, theirs: false, isThere: true),
      Case(base: false, ours: true, theirs: true, isThere: true),
      Case(base: true, ours: false, theirs: false, isThere: false),
      Case(base: true, ours: false, theirs: true, isThere: false),
      Case(base: true, ours: true, theirs: false, isThere: false),
      Case(base: true, ours: true, theirs: true, isThere: true),
    ])
  func nodes(_ entry: Case) {
    func tree(_ isThere: Bool) -> Sources {
      Grove.sources("Fruit\n  Apple\n  Pear" + (isThere ? "\n  Fig" : ""))
    }
    let result = merged(tree(entry.base), tree(entry.ours), tree(entry.theirs))
    #expect(result.names("Fruit").contains("Fig") == entry.isThere)
    #expect(result.names("Fruit").contains("Apple"))
  }

  @Test("A factor is there unless either side removed it")
  func factors() {
    let both = Grove.sources("Fruit\n  Apple\n  Pear", "Place\n  Zoo\n  Ferry")
    let fruit = Grove.sources("Fruit\n  Apple\n  Pear")
    let other = Grove.sources("Fruit\n  Apple\n  Pear", "Mood\n  Glad\n  Sad")
    func roots(_ sources: Sources) -> [String] { sources.taxonomies.map(\.root.name) }
    #expect(roots(merged(both, fruit, both)) == ["Fruit"])
    #expect(roots(merged(both, both, fruit)) == ["Fruit"])
    #expect(roots(merged(fruit, both, fruit)) == ["Fruit", "Place"])
    #expect(roots(merged(fruit, fruit, both)) == ["Fruit", "Place"])
    #expect(roots(merged(both, both, other)) == ["Fruit", "Mood"])
    #expect(roots(merged(nil, both, other)) == ["Fruit", "Place", "Mood"])
  }

  @Test("What a person changed stays, also when the new growth lacks it")
  func changedStays() {
    let ours = Self.base.editing("Fruit") { nodes in
      for place in nodes.indices where nodes[place].name == "Pear" { nodes[place].weight = 9 }
    }
    let theirs = Grove.sources("Fruit\n  Apple\n  Fig", "Place\n  Zoo\n  Ferry")
    let result = merged(Self.base, ours, theirs)
    #expect(Set(result.names("Fruit")) == ["Fruit", "Apple", "Fig", "Pear"])
    #expect(result.taxonomies[0].find(Self.base.id("Pear"))?.weight == 9)
  }

  @Test("A pinned node stays with its branch when the growth drops its parent")
  func pinned() {
    let base = Grove.sources("Fruit\n  Sweet\n    Apple\n    Pear\n  Sour\n    Lemon")
    let ours = base.editing("Fruit") { nodes in
      for place in nodes.indices where nodes[place].name == "Pear" { nodes[place].isPinned = true }
    }
    let theirs = Grove.sources("Fruit\n  Sour\n    Lemon\n  Bitter\n    Grapefruit")
    let names = merged(base, ours, theirs).names("Fruit")
    #expect(Set(names) == ["Fruit", "Sour", "Lemon", "Bitter", "Grapefruit", "Sweet", "Pear"])
  }

  @Test("A node that a person moved stays where it was put")
  func moved() {
    let base = Grove.sources("Fruit\n  Sweet\n    Apple\n    Pear\n  Sour\n    Lemon\n    Lime")
    let lemon = base.id("Lemon")
    let sweet = base.id("Sweet")
    let ours = base.editing("Fruit") { nodes in
      for place in nodes.indices where nodes[place].id == lemon { nodes[place].parent = sweet }
    }
    let result = merged(base, ours, base)
    #expect(result.taxonomies[0].find(lemon)?.parent == sweet)
    #expect(result.taxonomies[0].nodes.count == base.taxonomies[0].nodes.count)
  }

  @Test("Strategies merge by id, and lose roots and pairs that are gone")
  func strategies() {
    let base = Self.base
    var ours = base
    ours.strategies[0].weight = 6
    var theirs = Grove.sources("Fruit\n  Apple\n  Pear\n  Plum", "Place\n  Zoo\n  Ferry")
    theirs.strategies[0].name = "Planned again"
    theirs.strategies.append(Grove.strategy([theirs.id("Apple"), theirs.id("Zoo")]))
    let result = merged(base, ours, theirs)
    #expect(result.strategies.map(\.weight) == [6, 1])
    #expect(result.strategies[0].name == "S")
    #expect(merged(base, base, theirs).strategies[0].name == "Planned again")

    var without = ours.editing("Fruit") { $0.removeAll { $0.name == "Apple" } }
    without.strategies = base.strategies
    let left = merged(base, without, theirs).strategies
    #expect(left[1].roots == [theirs.id("Zoo")])
  }
}
