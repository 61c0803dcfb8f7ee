import CanonicalJSON
import Starters

@testable import ArtifactStore
@testable import Dataset

extension FuzzTarget {
  private static let yaml = [
    "- ", "? ", "{}", "[]", "|\n", ">-\n", "&a ", "*a", "!!str ", "<<: ", "---\n", "\u{FEFF}",
    "\r\n",
    "0x10", "1e9", ".5", "~", "true", "\u{2028}", "# ",
  ]

  static let recipe = FuzzTarget(
    name: "recipe",
    words: yaml + RecipeKeys.sections.flatMap(\.keys).map { "\($0): " } + [
      "$ref", "pattern", "type",
    ],
    seeds: {
      Starter.all.map { Array($0.recipe.utf8) }
        + [small, small.replacing("\n", with: "\r\n")].map {
          Array($0.utf8)
        }
    },
    check: { bytes in
      let recipe = try? Recipe(parsing: bytes) { path in path == "a.md" ? "a reference" : nil }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        return expect(recipe == nil, "a recipe that is not UTF-8 is read")
      }
      let json = try? Recipe.json(ofYAML: text)
      expect(recipe == nil || json != nil, "a recipe is no YAML")
      if let json { _ = expectNoThrow("YAML is JSON") { try JSON(parsing: json.text) } }
      guard let edited = try? Recipe.setting(path: ["samples"], to: "7", in: text) else { return }
      let again = expectNoThrow("an edited recipe is read") { try Recipe.json(ofYAML: edited) }
      expect(again["samples"]?.int == 7, "an edit is lost")
      guard var expected = recipe else { return }
      expected.sampleCount = 7
      let read = expectNoThrow("an edited recipe is one") {
        try Recipe(parsing: edited) { path in path == "a.md" ? "a reference" : nil }
      }
      expect(read == expected, "an edit changes something else")
    })

  private static let small = """
    stemma: 1
    description: "cats"
    samples: 3
    sample:
      schema: {type: object, properties: {q: {type: string, pattern: "^a+$"}, a: {enum: [1, 2]}},
        required: [q, a]}
      answer: a
    examples: [{q: aa, a: 1}]
    references: [a.md]
    factors: [Color, 'Size']
    teachers:
      default: {provider: openai, model: m, base-url: http://127.0.0.1:1/v1, timeout: 2.5}
      critic: {temperature: 0.1, max-tokens: 100}
    taxonomy: {depth: 2, children: [2, 3]}
    critics: {double: ask, refine: 1}

    """

  static let taxonomy = FuzzTarget(
    name: "taxonomy",
    words: yaml + [
      "id: ", "in: ", "name: ", "weight: ", "pin: ", "unexpanded: ", "nodes:\n", "factor: ",
    ],
    seeds: {
      Sources(taxonomies: [colors, sizes], strategies: [strategy]).encode().map {
        Array($0.text.utf8)
      }
        + [
          Array(
            "factor: 0123456789abcdef\nnodes: [{name: a}, {name: b, in: 0123456789abcdef}]".utf8)
        ]
    },
    check: { bytes in
      if let taxonomy = try? TaxonomyText.decode(bytes, path: "a.yaml") {
        let text = TaxonomyText.encode(taxonomy)
        let again = expectNoThrow("a taxonomy that was written is read") {
          try TaxonomyText.decode(Array(text.utf8), path: "a.yaml")
        }
        expect(again == taxonomy, "a taxonomy changes when it is written")
        expect(
          again.nodes.map { Array($0.name.utf8) } == taxonomy.nodes.map { Array($0.name.utf8) },
          "a name changes")
        expect(TaxonomyText.encode(again) == text, "a taxonomy is written in two ways")
        check(factors: [taxonomy])
      }
      _ = try? FactorsText.decode(bytes)
      guard let strategies = try? StrategyText.decode(bytes, in: [colors, sizes]) else { return }
      let text = StrategyText.encode(strategies, in: [colors, sizes])
      let again = expectNoThrow("strategies that were written are read") {
        try StrategyText.decode(Array(text.utf8), in: [colors, sizes])
      }
      expect(again == strategies, "strategies change when they are written")
    })

  private static func check(factors taxonomies: [Taxonomy]) {
    let entries = expectNoThrow("factors that were written are read") {
      try FactorsText.decode(Array(FactorsText.encode(taxonomies).utf8))
    }
    expect(entries.map(\.id) == taxonomies.map(\.root.id), "factors change when they are written")
  }

  private static func made(_ name: String, _ children: [String]) -> Taxonomy {
    let root = Taxonomy.Node(id: NodeID(bornUnder: nil, name: name), parent: nil, name: name)
    return Taxonomy(
      nodes: [root]
        + children.map {
          Taxonomy.Node(
            id: NodeID(bornUnder: root.id, name: $0), parent: root.id, name: $0, weight: 0.25,
            isPinned: true)
        })
  }
  private static let colors = made("Color", ["red \"dark\"", "é: blau"])
  private static let sizes = made("Size", ["small", "large"])
  private static let strategy = Strategy(
    id: Strategy.identity(bornOf: [colors.root.id, sizes.root.id]), name: "all", weight: 2,
    roots: [colors.root.id, sizes.root.id],
    never: [Strategy.Pair(colors.nodes[1].id, sizes.nodes[1].id)])

  static let trailers = FuzzTarget(
    name: "trailers", words: ["\n\n", ": ", "Run-Id: ", "\r\n", "\u{301}", "\u{2028}"],
    seeds: {
      let text = Trailers([("Run-Id", "1"), ("Stage", "a b"), ("Stage", "c\nd")]).text
      return ["title\n\n" + text, "title\n\nbody\n\n" + text + "\n", text].map { Array($0.utf8) }
    },
    check: { bytes in
      let trailers = Trailers(message: String(decoding: bytes, as: UTF8.self))
      let again = Trailers(message: "title\n\n" + trailers.text)
      expect(again == trailers, "trailers change when they are written")
      expect(again.entries.count == trailers.entries.count, "trailers are lost")
      expect(
        trailers.text.utf8.count { $0 == 0x0A } == trailers.entries.count, "a trailer has two lines"
      )
    })

  static let path = FuzzTarget(
    name: "path",
    words: [
      "/", "samples/", "taxonomies/", "/\u{301}", ".jsonl.zst", ".json.zst", "..", "\u{301}",
    ],
    seeds: {
      let digest = Digest(of: [1])
      return [
        ArtifactPath(kind: .samples, digest: digest).text,
        ArtifactPath(folder: ArtifactPath.taxonomies, object: digest).text, digest.hex,
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      if let digest = Digest(hex: text) {
        expect(digest.hex.utf8.elementsEqual(text.utf8), "a digest changes")
      }
      guard let path = ArtifactPath(text) else { return }
      expect(path.text.utf8.elementsEqual(text.utf8), "a path changes")
      expect(text.utf8.count { $0 == 0x2F } == 2, "a path has other folders")
    })
}
