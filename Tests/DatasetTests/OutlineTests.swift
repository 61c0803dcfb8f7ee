import Testing

@testable import Dataset

@Suite("Outlines that go in and out")
struct OutlineTests {
  private let sources = Orchard.sources

  private func read(_ text: String, _ format: Outline.Format) throws -> Outline {
    try Outline(Array(text.utf8), format: format, path: "tree")
  }

  /// The tree that an import leaves for a factor.
  private func imported(
    _ text: String, _ format: Outline.Format = .markdown, into sources: Sources? = nil,
    factor: String? = nil
  ) throws -> (result: OutlineImport, tree: Taxonomy) {
    let result = try OutlineImport(
      try read(text, format), into: sources ?? self.sources, factor: factor, path: "tree")
    return (result, try #require(result.sources.taxonomy(holding: result.factor)))
  }

  @Test("A tree comes back equal from each form", arguments: Outline.Format.allCases)
  func roundTrip(_ format: Outline.Format) throws {
    var edited = try SourceEdit.weigh(sources.id("Stone"), 2.5).apply(to: sources).sources
    edited = try SourceEdit.pin(sources.id("Fig"), true).apply(to: edited).sources
    for name in [
      "a \"b\" \\ c: #d", "\"quoted\"", "x (weight 3)", "- dash", "<!-- c -->", " inner  space ",
      "+", "1.5", "true", "~", "é 你好 😀",
    ] {
      edited = try SourceEdit.add(name, under: sources.id("Fig"), weight: 1, isPinned: false)
        .apply(to: edited).sources
    }
    let text = try Outline(edited.taxonomies[0]).text(format)
    let (result, tree) = try imported(text, format, into: edited)
    #expect(tree == edited.taxonomies[0])
    #expect(!result.isNew)
    #expect(Outline.Format(guessing: Array(text.utf8)) == format)
    // In another dataset the ids come along.
    let empty = Sources(taxonomies: [], strategies: [])
    #expect(try imported(text, format, into: empty).tree == edited.taxonomies[0])
  }

  @Test("Without ids, the same path of names keeps an id, and any other node is new")
  func paths() throws {
    let (result, tree) = try imported(
      "# fruit\n- Quince\n- POME (weight 2)\n  * apple\n  * Medlar\n", .markdown)
    #expect(!result.isNew)
    #expect(tree.root.name == "fruit" && tree.root.id == sources.id("Fruit"))
    #expect(tree.find(sources.id("Pome"))?.weight == 2)
    #expect(tree.find(sources.id("Apple"))?.name == "apple")
    #expect(tree.nodes.map(\.name) == ["fruit", "Quince", "POME", "apple", "Medlar"])
  }

  @Test("A name that people give holds no separator of paths; one that is there comes back")
  func separator() throws {
    for text in ["# Weather\n- Rain > Hail\n", "# A > B\n- Rain\n"] {
      let refused = #expect(throws: (any Error).self) { try imported(text) }
      #expect("\(refused.map { "\($0)" } ?? "")".contains("separates names of a path"))
    }
    let tree = Orchard.taxonomy("Size\n  Under > 10\n  Over")
    let known = Sources(taxonomies: [tree], strategies: [])
    let text = try Outline(tree).text(.markdown)
    #expect(try imported(text, into: known).tree == tree)
    #expect(try imported("# Size\n- Under > 10\n- Over\n", into: known).tree == tree)
  }

  @Test("A new factor says that no strategy uses it")
  func newFactor() throws {
    let (result, tree) = try imported("- Rain\n- Sun\n\t- Noon\n", factor: "Weather")
    #expect(result.isNew)
    #expect(tree.nodes.map(\.name) == ["Weather", "Rain", "Sun", "Noon"])
    #expect(result.notes.contains { $0.contains("no strategy uses 'Weather'") })
    #expect(result.sources.taxonomies.map(\.root.name) == ["Fruit", "Place", "Weather"])
    let single = try imported("- Weather\n  - Rain\n")
    #expect(single.tree.nodes.map(\.name) == ["Weather", "Rain"])
  }

  @Test(
    "What is wrong is told with its line",
    arguments: [
      ("- a\n    - b\n  - c\n", Outline.Format.markdown, 3, "indentation"),
      ("# f\n- a\n- b\n- A!\n", .markdown, 4, "line 2"),
      ("# f\n- a (weight 0)\n", .markdown, 2, "weight"),
      ("# f\n- a\u{7}b\n", .markdown, 2, "control"),
      ("# f\n1. a\n", .markdown, 2, "bullet"),
      ("# f\n- a\n# g\n", .markdown, 3, "heading"),
      ("", .markdown, 1, "bullet"),
      ("{\"name\": \"f\",\n \"children\": [\n  {\"name\": \"\"}]}", .json, 3, "empty"),
      ("{\"name\": \"f\",\n \"children\": [\"a\",\n \"a\"]}", .json, 3, "line 2"),
      ("{\"name\": \"f\",\n \"weight\": -1}", .json, 2, "weight"),
      ("{\"name\": \"f\",\n \"kids\": []}", .json, 2, "kids"),
      ("{\"name\": \"f\",\n}", .json, 2, "JSON"),
      ("name: f\nchildren:\n- name: a\n  id: 12\n", .yaml, 4, "16 hexadecimal"),
      ("name: f\nchildren:\n- &x {name: a}\n- *x\n", .yaml, 3, "anchors"),
      ("name: f\nchildren: 3\n", .yaml, 2, "list"),
      ("name: f\n\tchildren: 3\n", .yaml, 2, "tab"),
    ])
  func faults(_ text: String, _ format: Outline.Format, _ line: Int, _ words: String) {
    let error = #expect(throws: SourceErrors.self) { try read(text, format) }
    #expect(error?.errors.first?.line == line, "\(error?.description ?? "")")
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("Deep, long and endless texts are refused at once", arguments: Outline.Format.allCases)
  func hostile(_ format: Outline.Format) {
    let deep: String
    switch format {
    case .markdown:
      deep = (0..<40).map { String(repeating: " ", count: $0) + "- n\($0)\n" }.joined()
    case .json: deep = String(repeating: "{\"name\":\"a\",\"children\":[", count: 5000)
    case .yaml: deep = String(repeating: "{name: a, children: [", count: 3000)
    }
    #expect(throws: SourceErrors.self) { try read(deep, format) }
    let long = "# f\n" + String(repeating: "- a\n", count: 5 << 20)
    #expect(throws: SourceErrors.self) { try read(long, format) }
    let bomb = "a: &a [x,x]\nb: &b [*a,*a]\n" + String(repeating: "c: [*a,*b]\n", count: 50)
    #expect(throws: SourceErrors.self) { try read(bomb, format) }
  }

  @Test("An id of another factor, or one that stands twice, is refused with its line")
  func identities() throws {
    let farm = sources.id("Farm")
    let error = #expect(throws: SourceErrors.self) {
      try imported("# Fruit\n- Barn <!-- id:\(farm) -->\n")
    }
    #expect(error?.errors.first?.line == 2)
    #expect(error?.description.contains("in factor 'Place'") == true)
    #expect(throws: SourceErrors.self) {
      try imported("# Place\n- Barn <!-- \(farm) -->\n- Farm <!-- \(farm) -->\n")
    }
  }
}
