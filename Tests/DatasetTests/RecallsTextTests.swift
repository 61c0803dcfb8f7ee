import ArtifactStore
import Dataset
import Testing

@Suite("The text of recalls")
struct RecallsTextTests {
  private static let id = RecordID(digest: Digest(of: Array("call".utf8)))
  private static let node = NodeID(bornUnder: nil, name: "Setting")
  private static let entries: [Recalls.Entry] = [
    Recalls.Entry(
      .call(id, key: Digest(of: Array("key".utf8)), task: "generate"), excerpt: "a \"sum\": 3, {4}",
      reason: "wrong # unit"),
    Recalls.Entry(.call(id, key: nil, task: nil)),
    Recalls.Entry(.node(node), excerpt: "Setting > Bäckerei 🥖"),
    Recalls.Entry(.mix(id, .numbered(12))), Recalls.Entry(.mix(id, .gap(node, 0))),
    Recalls.Entry(.model(.openai, "gpt: 4 # mini", revision: nil)),
    Recalls.Entry(.model(.embedded, "e", revision: "2025"), reason: "- {x: y}"),
    Recalls.Entry(.template(task: "generate", Digest(of: []))),
    Recalls.Entry(.run("20250101T000000Z-0badcafe"), reason: "line\nfeed\u{1B}"),
  ]

  private func content(_ recalls: Recalls) -> [Recalls.Entry] {
    recalls.entries.map { Recalls.Entry($0.subject, excerpt: $0.excerpt, reason: $0.reason) }
  }

  private func errors(_ text: String) throws -> [SourceError] {
    try #require(throws: SourceErrors.self) { try RecallsText.decode(Array(text.utf8)) }.errors
  }

  @Test("What is written is read again, one entry a line, at once or one by one")
  func roundTrip() throws {
    let text = try RecallsText.adding(Self.entries, to: nil)
    #expect(content(try RecallsText.decode(text)) == Self.entries)
    var slowly: [UInt8]?
    for entry in Self.entries { slowly = try RecallsText.adding([entry], to: slowly) }
    #expect(slowly == text)
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("- {") } == Self.entries.count)
    let recalls = try RecallsText.decode(text)
    #expect(recalls.nodes == [Self.node])
    #expect(recalls.mixes == [.numbered(12): [Self.id], .gap(Self.node, 0): [Self.id]])
    #expect(recalls.entry(ofModel: "e", .embedded, revision: "2025") != nil)
    #expect(recalls.entry(ofModel: "e", .embedded, revision: "2024") == nil)
    #expect(recalls.entry(ofModel: "gpt: 4 # mini", .openai, revision: "any") != nil)
    #expect(recalls.entry(ofModel: "gpt: 4 # mini", .gemini, revision: nil) == nil)
    #expect(recalls.entry(ofTemplate: "generate", []) != nil)
    #expect(recalls.entry(ofTemplate: "generate", [1]) == nil)
    #expect(recalls.entry(ofTemplate: "refine", []) == nil)
  }

  @Test(
    "What a person wrote stays as it is",
    arguments: [
      "# mine\nrecalls: # why\n# first\n- {node: 0123456789abcdef} # keep\n\n# last",
      "recalls:\n  - {node: 0123456789abcdef}\n", "recalls:\n  - node: 0123456789abcdef\n", "",
      "\n",
      "# nothing\n", "recalls:\n", "recalls: []\n", "recalls:\r\n- {node: 0123456789abcdef}\r\n",
    ])
  func comments(text: String) throws {
    let before = try RecallsText.decode(Array(text.utf8))
    let added = try RecallsText.adding(Self.entries, to: Array(text.utf8))
    let all = content(before) + Self.entries
    #expect(content(try RecallsText.decode(added)) == all)
    let kept = text.replacing(" []", with: "")
    #expect(String(decoding: added, as: UTF8.self).hasPrefix(kept))
  }

  @Test(
    "A form to which no line can be added is refused, and stays",
    arguments: [
      "recalls: [{node: 0123456789abcdef}]\n", "{recalls: [{node: 0123456789abcdef}]}\n",
      "recalls:\n-    {node: 0123456789abcdef}\n",
    ])
  func otherForms(text: String) throws {
    #expect(throws: SourceErrors.self) {
      try RecallsText.adding(Self.entries, to: Array(text.utf8))
    }
    #expect(try RecallsText.decode(Array(text.utf8)).nodes.count == 1)
  }

  @Test(
    "An error names the line and what was probably meant",
    arguments: [
      ("recals:\n- {node: 0123456789abcdef}", 1, "unknown key 'recals'", "'recalls'"),
      ("recalls:\n- {nod: 0123456789abcdef}", 2, "unknown key 'nod' in 'recalls'", "'node'"),
      ("recalls:\n\n- {reason: x}", 3, "an entry names nothing that is recalled", "call, node"),
      (
        "recalls:\n- {node: 0123456789abcdef, run: x}", 2, "an entry names a node and a run",
        "one of"
      ),
      ("recalls:\n- {node: 12}", 2, "'node' in 'recalls' is '12'", "id"),
      ("recalls:\n- {call: zz}", 2, "'call' in 'recalls' is 'zz'", "whole id"),
      ("recalls:\n- {call: ''}", 2, "'call' in 'recalls' is ''", "whole id"),
      ("recalls:\n- {node: 0123456789abcdef, slot: 1}", 2, "unknown key 'slot'", "node, was"),
      ("recalls:\n- {model: m}", 2, "'provider' in 'recalls' is missing", ""),
      (
        "recalls:\n- {model: m, provider: opena}", 2, "'provider' in 'recalls' is 'opena'", "openai"
      ),
      ("recalls:\n- {template: generate}", 2, "'digest' in 'recalls' is missing", "sha256"),
      ("recalls:\n- {run: [a]}", 2, "'run' in 'recalls' must be text", ""),
      ("recalls:\n- x", 2, "'recalls' must be a mapping", ""),
      ("recalls: x", 1, "'recalls' must be a list", ""),
      ("- x", 1, "the text must be a mapping", ""),
      ("recalls:\n- &a {run: x}\n- *a", 2, "anchors and aliases are not supported", ""),
      ("recalls:\n- {run: x, run: y}", 2, "a key stands twice", ""),
    ] as [(String, Int, String, String)])
  func errors(_ text: String, line: Int, message: String, hint: String) throws {
    let error = try #require(try errors(text).first)
    #expect(error.path == "recalls.yaml")
    #expect(error.line == line, "\(error)")
    #expect(error.message.hasPrefix(message), "\(error)")
    if !hint.isEmpty { #expect(error.hint?.contains(hint) == true, "\(error.hint ?? "")") }
  }

  @Test("A slot must be one", arguments: ["-1", "1.5", "gap", "gap/x/0", "''"])
  func slots(_ slot: String) throws {
    let text = "recalls:\n- {mix: \(Self.id), slot: \(slot)}"
    #expect(try errors(text).first?.line == 2)
    #expect(try errors("recalls:\n- {mix: \(Self.id)}").first?.message.contains("slot") == true)
  }

  @Test("Bytes that are no text, nesting without end and too long a text are refused")
  func hostile() throws {
    for text in [
      Array("recalls:\n".utf8) + [0xFF], Array(String(repeating: "[", count: 5000).utf8),
      [UInt8](repeating: 0x61, count: (16 << 20) + 1),
    ] {
      #expect(throws: SourceErrors.self) { try RecallsText.decode(text) }
    }
  }

  @Test("The same may stand there twice, as after a merge")
  func twice() throws {
    let line = "- {node: 0123456789abcdef}\n"
    #expect(try RecallsText.decode(Array("recalls:\n\(line)\(line)".utf8)).nodes.count == 1)
  }

  @Test("Sources without nodes lose their branches and pairs, and nothing else")
  func without() {
    func node(_ name: String, _ parent: NodeID?) -> Taxonomy.Node {
      Taxonomy.Node(
        id: NodeID(bornUnder: parent, name: name), parent: parent, name: name, weight: 3)
    }
    let root = node("A", nil)
    let (left, right) = (node("left", root.id), node("right", root.id))
    let leaf = node("leaf", left.id)
    let other = node("B", nil)
    let strategy = Strategy(
      id: root.id, name: "S", weight: 1, roots: [root.id, other.id],
      never: [.init(leaf.id, other.id), .init(right.id, other.id)])
    let sources = Sources(
      taxonomies: [Taxonomy(nodes: [root, left, leaf, right]), Taxonomy(nodes: [other])],
      strategies: [strategy])
    #expect(sources.without([]) == sources)
    #expect(sources.without([NodeID(bornUnder: nil, name: "nowhere")]) == sources)
    let rest = sources.without([left.id])
    #expect(rest.taxonomies.map(\.nodes) == [[root, right], [other]])
    #expect(rest.strategies[0].never == [.init(right.id, other.id)])
    #expect(sources.without([other.id]).taxonomies.map(\.root.id) == [root.id])
    #expect(sources.without([other.id]).strategies[0].roots == strategy.roots)
  }
}
