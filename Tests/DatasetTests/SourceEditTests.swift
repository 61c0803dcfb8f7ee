import Testing

@testable import Dataset

@Suite("Editing the sources by a command")
struct SourceEditTests {
  private let sources = Orchard.sources

  private func error(_ edit: SourceEdit, isForced: Bool = false) -> SourceEditError? {
    #expect(throws: SourceEditError.self) { try edit.apply(to: sources, isForced: isForced) }
  }

  @Test("Rename, move and weight keep ids and all else")
  func identities() throws {
    let apple = sources.id("Apple")
    let stone = sources.id("Stone")
    var edited = try SourceEdit.rename(apple, to: "Red apple").apply(to: sources).sources
    edited = try SourceEdit.move(apple, under: stone).apply(to: edited).sources
    edited = try SourceEdit.weigh(apple, 3).apply(to: edited).sources
    edited = try SourceEdit.pin(apple, true).apply(to: edited).sources
    #expect(
      edited.node(apple)
        == Taxonomy.Node(id: apple, parent: stone, name: "Red apple", weight: 3, isPinned: true))
    #expect(edited.names(under: stone) == ["Plum", "Pear", "Red apple"])
    #expect(edited.names(under: sources.id("Pome")) == ["Pear"])
    #expect(edited.strategies == sources.strategies)
    #expect(edited.taxonomies[1] == sources.taxonomies[1])
  }

  @Test("A merge moves children, adds weights, joins equal names and follows in strategies")
  func merge() throws {
    let pome = sources.id("Pome")
    let stone = sources.id("Stone")
    let edited = try SourceEdit.merge(pome, into: stone).apply(to: sources).sources
    #expect(edited.names(under: stone) == ["Apple", "Plum", "Pear"])
    #expect(edited.node(stone)?.weight == 2)
    let pear = NodeID(bornUnder: stone, name: "Pear")
    #expect(edited.node(pear)?.weight == 2)
    #expect(edited.node(NodeID(bornUnder: pome, name: "Pear")) == nil)
    #expect(edited.strategies[0].roots == [stone, sources.id("Place")])
    #expect(edited.strategies[0].never == sources.strategies[0].never)
  }

  @Test("A node that is merged into its own ancestor adds no weight there")
  func mergeUpwards() throws {
    let pome = sources.id("Pome")
    let fruit = sources.id("Fruit")
    let edited = try SourceEdit.merge(pome, into: fruit).apply(to: sources).sources
    #expect(edited.node(fruit)?.weight == 1)
    #expect(edited.names(under: fruit) == ["Apple", "Pear", "Stone", "Fig"])
  }

  @Test("What strategies name is removed only by force, and is told")
  func removal() throws {
    let refusal = error(.remove(sources.id("Apple")))
    #expect(refusal?.message.contains("'Fruit > Pome > Apple' with 'Place > Shop'") == true)
    let forced = try SourceEdit.remove(sources.id("Pome")).apply(to: sources, isForced: true)
    #expect(forced.sources.strategies[0].roots == [sources.id("Place")])
    #expect(forced.sources.strategies[0].never == [])
    #expect(forced.dropped.count == 2)
    #expect(forced.sources.names(under: sources.id("Fruit")) == ["Stone", "Fig"])
    let free = try SourceEdit.remove(sources.id("Fig")).apply(to: sources)
    #expect(free.dropped == [])
    let factor = try SourceEdit.remove(sources.id("Place")).apply(to: sources, isForced: true)
    #expect(factor.sources.taxonomies.map(\.root.name) == ["Fruit"])
  }

  @Test("A new node gets an id that no other has, also at the birthplace of one that went")
  func fresh() throws {
    let pome = sources.id("Pome")
    let apple = sources.id("Apple")
    var edited = try SourceEdit.rename(apple, to: "Quince").apply(to: sources).sources
    edited = try SourceEdit.add("Apple", under: pome, weight: 2, isPinned: false)
      .apply(to: edited).sources
    let new = try #require(edited.taxonomies[0].children(of: pome).last)
    #expect(new.name == "Apple" && new.weight == 2 && new.id != apple)
    let factor = try SourceEdit.addFactor("Weather", children: ["Rain", "Sun"]).apply(to: edited)
    #expect(factor.sources.names(under: factor.sources.id("Weather")) == ["Rain", "Sun"])
    #expect(factor.notes.contains { $0.contains("--replan") })
  }

  @Test("What makes no sense is refused with a reason")
  func refusals() {
    let (pome, place) = (sources.id("Pome"), sources.id("Place"))
    #expect(error(.move(pome, under: sources.id("Farm")))?.message.contains("factor") == true)
    #expect(error(.move(pome, under: sources.id("Apple")))?.message.contains("branch") == true)
    #expect(error(.move(place, under: pome)) != nil)
    #expect(error(.merge(pome, into: sources.id("Apple"))) != nil)
    #expect(error(.rename(pome, to: "STONE!")) != nil)
    #expect(error(.rename(place, to: "fruit")) != nil)
    #expect(error(.rename(pome, to: "a\u{7}b"))?.message.contains("control") == true)
    #expect(error(.weigh(pome, 0)) != nil)
    #expect(error(.weigh(pome, .nan)) != nil)
    #expect(error(.add("Pear", under: pome, weight: 1, isPinned: false)) != nil)
    #expect(error(.addFactor("place", children: [])) != nil)
    for edit in [
      SourceEdit.rename(pome, to: "A > B"), .addFactor("A > B", children: []),
      .add("A > B", under: pome, weight: 1, isPinned: false), .addFactor("A", children: ["B > C"]),
    ] {
      #expect(error(edit)?.message.contains("separates names of a path") == true)
    }
  }

  @Test("A path leads to a node whose name holds the separator, as models may give it")
  func separatorInName() throws {
    let tree = Orchard.taxonomy("Size\n  Under > 10\n    Few\n  Over\n    10\n      Few")
    let nodes = NodeReference(Sources(taxonomies: [tree], strategies: []))
    for (path, place) in [
      ("Size > Under > 10", 1), ("Under > 10 > Few", 2), ("size > under>10 > few", 2),
      ("Under > 10", 1), ("Size > Over > 10", 4), ("Over > 10 > Few", 5),
    ] {
      #expect(try nodes.find(path).node == tree.nodes[place], "\(path)")
    }
  }

  @Test("A node is found by id, path or name; what several mean lists them")
  func references() throws {
    let nodes = NodeReference(sources)
    let apple = sources.id("Apple")
    for text in [
      String(apple.text.prefix(8)), apple.text, "Fruit > Pome > Apple", "pome>apple", "APPLE",
    ] {
      #expect(try nodes.find(text).node.id == apple, "\(text)")
    }
    let ambiguous = #expect(throws: SourceEditError.self) { try nodes.find("Pear") }
    #expect(ambiguous?.hint?.contains("Fruit > Stone > Pear") == true)
    #expect(ambiguous?.hint?.contains("Fruit > Pome > Pear") == true)
    let missing = #expect(throws: SourceEditError.self) { try nodes.find("Aple") }
    #expect(missing?.hint?.contains("'Apple'") == true)
  }
}

@Suite("Writing edits into the files")
struct SourcePatchTests {
  private let sources = Orchard.sources

  private func patch(
    _ edit: SourceEdit, _ files: [String: [UInt8]], isForced: Bool = false
  ) throws -> [String: String?] {
    let outcome = try edit.apply(to: sources, isForced: isForced)
    let patch = try SourcePatch(from: sources, to: outcome.sources) { files[$0] }
    return Dictionary(
      uniqueKeysWithValues: patch.files.map { file in
        (file.path, file.bytes.map { String(decoding: $0, as: UTF8.self) })
      })
  }

  /// The texts with a person's comments in all of them.
  private var commented: [String: [UInt8]] {
    var files = sources.files
    for (path, bytes) in files {
      let text = String(decoding: bytes, as: UTF8.self)
        .replacing("\n- ", with: "\n# mine\n- ", maxReplacements: 2)
      files[path] = Array(text.utf8)
    }
    return files
  }

  @Test("Only the files that an edit concerns change")
  func scope() throws {
    #expect(
      try patch(.weigh(sources.id("Farm"), 2), commented).keys.sorted() == ["taxonomies/place.yaml"]
    )
    #expect(
      try patch(.remove(sources.id("Place")), commented, isForced: true).keys.sorted()
        == ["factors.yaml", "strategies.yaml", "taxonomies/place.yaml"])
  }

  @Test(
    "Comments beside a changed line stay",
    arguments: [
      SourceEdit.rename(Orchard.sources.id("Pome"), to: "Pomes"),
      .weigh(Orchard.sources.id("Pome"), 2), .remove(Orchard.sources.id("Fig")),
      .add("Quince", under: Orchard.sources.id("Pome"), weight: 1, isPinned: false),
      .move(Orchard.sources.id("Fig"), under: Orchard.sources.id("Stone")),
    ])
  func comments(_ edit: SourceEdit) throws {
    let text = try #require(try patch(edit, commented)["taxonomies/fruit.yaml"] ?? nil)
    #expect(text.matches(of: /# mine/).count == 2)
  }

  @Test("A renamed factor keeps its file, and factors.yaml follows")
  func factor() throws {
    let files = try patch(.rename(sources.id("Place"), to: "Scene"), commented)
    #expect(files["factors.yaml"]??.contains("\"Scene\", file: place.yaml") == true)
    #expect(files["factors.yaml"]??.contains("# mine") == true)
    #expect(files["taxonomies/place.yaml"]??.contains("\"Scene\"") == true)
  }
}
