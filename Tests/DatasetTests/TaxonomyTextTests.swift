import Dataset
import Testing

@Suite("The text of a taxonomy")
struct TaxonomyTextTests {
  static let root = NodeID(bornUnder: nil, name: "Operation")
  static let addition = NodeID(bornUnder: root, name: "Addition")
  static let carrying = NodeID(bornUnder: addition, name: "Carrying")

  /// Lines 1 and 2 are `factor` and `nodes`; the nodes follow from line 3.
  static func text(_ nodes: String...) -> String {
    "factor: \(root)\nnodes:\n" + nodes.map { $0 + "\n" }.joined()
  }

  static func decode(_ text: String) throws -> Taxonomy {
    try TaxonomyText.decode(Array(text.utf8), path: "taxonomies/operation.yaml")
  }

  static let rootLine = "- {id: \(root), name: Operation}"
  static let additionLine = "-   {id: \(addition), in: \(root), name: \"Addition\", weight: 2}"

  @Test("A taxonomy is written one node a line, and reads back as it was")
  func encoding() throws {
    let taxonomy = Taxonomy(nodes: [
      .init(id: Self.root, parent: nil, name: "Operation"),
      .init(id: Self.addition, parent: Self.root, name: "Addition", weight: 2.5),
      .init(
        id: Self.carrying, parent: Self.addition, name: #"Say "carry" \ C:"#, isPinned: true,
        isUnexpanded: true),
    ])
    let text = TaxonomyText.encode(taxonomy)
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(
      lines == [
        "factor: \(Self.root)",
        "nodes:",
        "- {id: \(Self.root), name: \"Operation\"}",
        "-   {id: \(Self.addition), in: \(Self.root), name: \"Addition\", weight: 2.5}",
        "-     {id: \(Self.carrying), in: \(Self.addition), name: \"Say \\\"carry\\\" \\\\ C:\", "
          + "pin: true, unexpanded: true}",
      ])
    #expect(try Self.decode(text) == taxonomy)
  }

  @Test("Siblings keep the order of their lines, and a parent may stand below its child")
  func order() throws {
    let taxonomy = try Self.decode(
      Self.text(
        "- {id: \(Self.carrying), in: \(Self.addition), name: Carrying}",
        "- {id: 00000000000000bb, in: \(Self.root), name: Second}",
        Self.rootLine, Self.additionLine,
        "- {id: 00000000000000aa, in: \(Self.addition), name: First}"))
    #expect(taxonomy.nodes.map(\.name) == ["Operation", "Second", "Addition", "Carrying", "First"])
    #expect(taxonomy.level(of: Self.carrying) == 2)
  }

  @Test("A line that a person adds gets its id from its parent and its name")
  func addedLine() throws {
    let taxonomy = try Self.decode(
      Self.text(Self.rootLine, Self.additionLine, "- {in: \(Self.addition), name: Carrying}"))
    #expect(taxonomy.find(Self.carrying)?.parent == Self.addition)
    #expect(TaxonomyText.encode(taxonomy).contains("{id: \(Self.carrying), in: \(Self.addition)"))
  }

  @Test("A rename and a move keep the id")
  func renameAndMove() throws {
    let taxonomy = try Self.decode(
      Self.text(
        Self.rootLine, Self.additionLine, "- {id: \(Self.carrying), in: \(Self.root), name: New}"))
    #expect(taxonomy.find(Self.carrying)?.name == "New")
    #expect(taxonomy.find(Self.carrying)?.parent == Self.root)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let nodes: [String]
    let line: Int
    let message: String
    var hint: String?
    var testDescription: String { message }
  }

  static let mistakes: [Mistake] = [
    Mistake(
      nodes: [rootLine, rootLine], line: 4, message: "has the id of line 3", hint: "leave the 'id'"),
    Mistake(
      nodes: [rootLine, "- {name: Another, id: 0123456789abcdef}"], line: 4,
      message: "is a second root beside line 3", hint: "after 'in'"),
    Mistake(
      nodes: [rootLine, "- {in: 0123456789abcdef, name: A}"], line: 4,
      message: "is in '0123456789abcdef', which is not here"),
    Mistake(
      nodes: [
        rootLine, "- {id: 00000000000000aa, in: 00000000000000bb, name: A}",
        "- {id: 00000000000000bb, in: 00000000000000aa, name: B}",
      ], line: 4, message: "'A' is in a branch of its own nodes"),
    Mistake(
      nodes: [rootLine, "- {id: 00000000000000aa, in: 00000000000000aa, name: A}"], line: 4,
      message: "'A' is in a branch of its own nodes"),
    Mistake(
      nodes: ["- {id: 00000000000000aa, in: 00000000000000aa, name: A}"], line: 1,
      message: "no node is the root"),
    Mistake(
      nodes: ["- {id: 0123456789abcdef, name: A}"], line: 3, message: "but 'factor' says",
      hint: "the same id in both"),
    Mistake(
      nodes: [rootLine, "- {in: \(root), name: A, weight: 0}"], line: 4,
      message: "the weight must be more than 0"),
    Mistake(
      nodes: [rootLine, "- {in: \(root), name: A, weight: -1}"], line: 4,
      message: "'weight' in 'nodes' must be a number from 0"),
    Mistake(
      nodes: [rootLine, "- {in: \(root), name: A, weight: .inf}"], line: 4,
      message: "'weight' in 'nodes' must be a number"),
    Mistake(
      nodes: [rootLine, "- {in: \(root)}"], line: 4, message: "'name' in 'nodes' is missing"),
    Mistake(
      nodes: [rootLine, "- {in: \(root), name: \" \"}"], line: 4, message: "is empty"),
    Mistake(
      nodes: [rootLine, "- {in: \(root), name: \"a\\nb\"}"], line: 4,
      message: "holds a control character"),
    Mistake(
      nodes: [rootLine, "- {in: \(root), name: \(String(repeating: "a", count: 201))}"], line: 4,
      message: "has more than 200 characters"),
    Mistake(
      nodes: [rootLine, "- {in: \(root), name: A, wieght: 2}"], line: 4,
      message: "unknown key 'wieght' in 'nodes'", hint: "did you mean 'weight'?"),
    Mistake(
      nodes: [rootLine, "- {id: 60303AE22B998861, in: \(root), name: A}"], line: 4,
      message: "not 16 hexadecimal digits"),
    Mistake(nodes: [rootLine, "- {in: \(root), name: A, pin: yes}"], line: 4, message: "'pin'"),
    Mistake(nodes: [rootLine, "- Addition"], line: 4, message: "'nodes' must be a mapping"),
    Mistake(nodes: ["- {id: 1"], line: 4, message: "no YAML"),
  ]

  @Test("A chain of very many nodes is written so that it can be read again")
  func chain() throws {
    var nodes = [Taxonomy.Node(id: NodeID(bornUnder: nil, name: "a"), parent: nil, name: "a")]
    for _ in 0..<5000 {
      let parent = nodes[nodes.count - 1].id
      nodes.append(
        Taxonomy.Node(id: NodeID(bornUnder: parent, name: "a"), parent: parent, name: "a"))
    }
    let text = TaxonomyText.encode(Taxonomy(nodes: nodes))
    #expect(text.utf8.count < 1 << 20)
    #expect(try Self.decode(text).nodes == nodes)
  }

  @Test("A mistake is told with its line", arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    let text = "factor: \(Self.root)\nnodes:\n" + mistake.nodes.map { $0 + "\n" }.joined()
    let errors = try #require(throws: SourceErrors.self) { _ = try Self.decode(text) }
    let error = try #require(errors.errors.first)
    #expect(error.line == mistake.line, "\(errors)")
    #expect(error.message.contains(mistake.message), "\(errors)")
    if let hint = mistake.hint { #expect(error.hint?.contains(hint) == true) }
    #expect(error.description.hasPrefix("taxonomies/operation.yaml:\(mistake.line): "))
  }
}
