import Dataset
import Testing

@testable import Simula

@Suite("Branches that are drawn from")
struct DrawnBranchesTests {
  private static let sources = Grove.sources(
    "Fruit\n  Sweet\n    Apple\n    Pear\n  Sour\n    Lemon", "Place\n  Bakery\n  Zoo")
  private static func id(_ name: String) -> NodeID { sources.id(name) }

  /// The leaf that is reached by the choices of greatest chance, by name.
  private func leaf(_ branches: DrawnBranches, below root: NodeID, likes names: String...) -> NodeID
  {
    let liked = names.map(Self.id)
    return branches.descend(from: root) { liked.contains($0.id) ? 0.9 : 0.1 }
  }

  @Test("One goes down from a tree's root, from a node inside, and from a leaf")
  func descends() {
    let branches = DrawnBranches(Self.sources.taxonomies, deepest: .max)
    #expect(leaf(branches, below: Self.id("Fruit"), likes: "Sweet", "Pear") == Self.id("Pear"))
    #expect(leaf(branches, below: Self.id("Fruit"), likes: "Sour") == Self.id("Lemon"))
    #expect(leaf(branches, below: Self.id("Sweet"), likes: "Apple") == Self.id("Apple"))
    #expect(leaf(branches, below: Self.id("Lemon")) == Self.id("Lemon"))
    #expect(leaf(branches, below: Self.id("Place"), likes: "Zoo") == Self.id("Zoo"))
    #expect(branches.leaves(below: Self.id("Fruit")) == ["Apple", "Pear", "Lemon"].map(Self.id))
  }

  @Test("No further than the last level that is drawn, and from an unknown node nowhere")
  func bounds() {
    let branches = DrawnBranches(Self.sources.taxonomies, deepest: 1)
    #expect(leaf(branches, below: Self.id("Fruit"), likes: "Sour") == Self.id("Sour"))
    #expect(leaf(branches, below: Self.id("Sweet"), likes: "Pear") == Self.id("Sweet"))
    #expect(branches.leaves(below: Self.id("Fruit")) == ["Sweet", "Sour"].map(Self.id))
    let unknown = NodeID(bornUnder: nil, name: "unknown")
    #expect(leaf(branches, below: unknown) == unknown)
    #expect(branches.leaves(below: unknown) == [unknown])
  }
}
