import Dataset
import Testing

@Suite("Any sources survive their text")
struct SourcesPropertyTests {
  /// A small generator of random numbers with a seed (SplitMix64).
  struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let pieces = [
    "Addition", "a: b", "- x", "#no", "\"q\"", "'s'", "\\n", "{x}", "[y]", "&a", "*b", "!t", "%",
    "@", "`", "yes", "null", "1.5", "~", "é", "日本", "😀", "|", ">", "?", ",", "\u{200B}", "\u{A0}",
    "  ", "e\u{301}",
  ]

  private static func name(_ random: inout Random, _ number: Int) -> String {
    let count = Int.random(in: 1...4, using: &random)
    let words = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }
    return words.joined(separator: Bool.random(using: &random) ? " " : "") + "\(number)"
  }

  private static func taxonomy(_ random: inout Random, _ number: Int) -> Taxonomy {
    let rootName = name(&random, number)
    let root = NodeID(bornUnder: nil, name: rootName)
    var lines: [Taxonomy.Node] = [.init(id: root, parent: nil, name: rootName)]
    for index in 0..<Int.random(in: 0...30, using: &random) {
      let parent = lines.randomElement(using: &random)?.id ?? root
      let name = name(&random, index)
      lines.append(
        .init(
          id: NodeID(bornUnder: parent, name: "\(number) \(index)"), parent: parent, name: name,
          weight: [1, 2, 0.1, 1e-7, 12345.678, 1e15].randomElement(using: &random) ?? 1,
          isPinned: Bool.random(using: &random), isUnexpanded: Bool.random(using: &random),
          isCapped: Bool.random(using: &random)))
    }
    return Taxonomy(nodes: depthFirst(lines, under: nil))
  }

  private static func depthFirst(_ nodes: [Taxonomy.Node], under id: NodeID?) -> [Taxonomy.Node] {
    nodes.filter { $0.parent == id }.flatMap { [$0] + depthFirst(nodes, under: $0.id) }
  }

  private static func sources(_ random: inout Random) -> Sources {
    let taxonomies = (0..<Int.random(in: 1...4, using: &random)).map { taxonomy(&random, $0) }
    var strategies: [Strategy] = []
    for index in 0..<Int.random(in: 0...3, using: &random) {
      let roots = taxonomies.compactMap { $0.nodes.randomElement(using: &random)?.id }
      var never: [Strategy.Pair] = []
      if let first = taxonomies.first, let last = taxonomies.last, taxonomies.count > 1 {
        for _ in 0..<Int.random(in: 0...2, using: &random) {
          guard let a = first.nodes.randomElement(using: &random),
            let b = last.nodes.randomElement(using: &random)
          else { continue }
          // A pair of two whole roots would be refused.
          guard
            !([a, b].allSatisfy { node in
              taxonomies.contains { tree in
                roots.contains { tree.path(to: $0).contains { $0.id == node.id } }
              }
            })
          else { continue }
          never.append(Strategy.Pair(a.id, b.id))
        }
      }
      var strategy = Strategy(
        id: NodeID(bornUnder: nil, name: "s \(index)"), name: name(&random, index), weight: 0.25,
        roots: roots, never: never)
      strategy.overrides.candidates = [nil, 1, 20].randomElement(using: &random) ?? nil
      strategy.overrides.fraction = [nil, 0, 0.1, 1].randomElement(using: &random) ?? nil
      strategy.overrides.judgesRequirements =
        [nil, true, false].randomElement(using: &random) ?? nil
      strategy.overrides.refineRounds = [nil, 0, 10].randomElement(using: &random) ?? nil
      strategy.overrides.double = [nil, .off, .ask, .solve].randomElement(using: &random) ?? nil
      strategies.append(strategy)
    }
    return Sources(taxonomies: taxonomies, strategies: strategies)
  }

  @Test("What is written reads back equal and is written the same again", arguments: 0..<60)
  func roundTrip(seed: UInt64) throws {
    var random = Random(state: seed)
    let sources = Self.sources(&random)
    let files = SourcesTests.files(of: sources)
    let decoded = try #require(try SourcesTests.decode(files))
    #expect(decoded == sources)
    #expect(SourcesTests.files(of: decoded) == files)
    // Strings are equal up to canonical equivalence; bytes must be too.
    for (left, right) in zip(decoded.taxonomies, sources.taxonomies) {
      #expect(left.nodes.map { Array($0.name.utf8) } == right.nodes.map { Array($0.name.utf8) })
    }
  }
}
