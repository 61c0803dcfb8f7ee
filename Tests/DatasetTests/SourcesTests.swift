import Dataset
import Testing

@Suite("Sources as files")
struct SourcesTests {
  typealias Files = [String: String]

  static func files(of sources: Sources) -> Files {
    Dictionary(uniqueKeysWithValues: sources.encode().map { ($0.path, $0.text) })
  }

  static func decode(_ files: Files) throws -> Sources? {
    try Sources.decode { path in files[path].map { Array($0.utf8) } }
  }

  private static func taxonomy(_ name: String, _ leaves: [String]) -> Taxonomy {
    let root = NodeID(bornUnder: nil, name: name)
    return Taxonomy(
      nodes: [.init(id: root, parent: nil, name: name)]
        + leaves.map { .init(id: NodeID(bornUnder: root, name: $0), parent: root, name: $0) })
  }

  static let sample: Sources = {
    let operation = taxonomy("Operation", ["Addition", "Division"])
    let setting = taxonomy("Setting", ["Shop", "Farm"])
    let roots = [operation.nodes[1].id, setting.root.id]
    let pair = Strategy.Pair(operation.nodes[2].id, setting.nodes[1].id)
    let strategy = Strategy(
      id: Strategy.identity(bornOf: roots), name: "Everyday", weight: 3, roots: roots, never: [pair]
    )
    return Sources(taxonomies: [operation, setting], strategies: [strategy])
  }()

  @Test("Sources read back as they were written, in files with settled names")
  func roundTrip() throws {
    let files = Self.sample.encode()
    #expect(
      files.map(\.path) == [
        "factors.yaml", "taxonomies/operation.yaml", "taxonomies/setting.yaml", "strategies.yaml",
      ])
    #expect(try Self.decode(Self.files(of: Self.sample)) == Self.sample)
    let strategies = try #require(files.last?.text)
    let operation = Self.sample.taxonomies[0]
    let setting = Self.sample.taxonomies[1]
    let expected = """
      strategies:
      - id: \(Self.sample.strategies[0].id)
        name: "Everyday"
        weight: 3
        roots:
        - {node: \(operation.nodes[1].id), path: "Operation > Addition"}
        - {node: \(setting.root.id), path: "Setting"}
        never:
        - {first: \(operation.nodes[2].id), second: \(setting.nodes[1].id), \
      paths: "Operation > Division / Setting > Shop"}

      """
    #expect(strategies.hasSuffix(expected), "\(strategies)")
  }

  @Test("Without factors.yaml there are no sources, without strategies.yaml no strategies")
  func missing() throws {
    #expect(try Self.decode([:]) == nil)
    var files = Self.files(of: Self.sample)
    files["strategies.yaml"] = nil
    #expect(try Self.decode(files)?.strategies.isEmpty == true)
  }

  @Test("A list without factors is an error that names the file and the way out")
  func noFactors() throws {
    let errors = #expect(throws: SourceErrors.self) {
      try Self.decode(Self.files(of: Sources(taxonomies: [], strategies: [])))
    }
    let error = try #require(errors?.errors.first)
    #expect(errors?.errors.count == 1 && error.path == "factors.yaml")
    #expect(error.message.contains("no factor is left"))
    #expect(error.hint?.contains("remove factors.yaml") == true)
  }

  @Test("A pair of all that a strategy draws from two factors is an error with its line")
  func deadStrategy() throws {
    let sample = Self.sample
    let (operation, setting) = (sample.taxonomies[0], sample.taxonomies[1])
    // The strategy joins Operation > Addition with Setting.
    func pair(_ first: NodeID, _ second: NodeID) throws -> [SourceError] {
      var sources = sample
      sources.strategies[0].never = [Strategy.Pair(first, second)]
      do {
        #expect(try Self.decode(Self.files(of: sources)) == sources)
        return []
      } catch let errors as SourceErrors {
        return errors.errors
      }
    }
    let addition = operation.nodes[1].id
    for (first, second) in [
      (addition, setting.root.id), (setting.root.id, operation.root.id),
      (operation.root.id, setting.root.id),
    ] {
      let errors = try pair(first, second)
      #expect(errors.count == 1 && errors.first?.path == "strategies.yaml")
      #expect(errors.first?.line ?? 0 > 10)
      #expect(errors.first?.message.contains("forbids every sample of the strategy") == true)
      #expect(errors.first?.hint?.contains("below one of the roots") == true)
    }
    #expect(try pair(addition, setting.nodes[1].id) == [])
    #expect(try pair(operation.nodes[2].id, setting.root.id) == [])
  }

  @Test("Factors whose names would share a file get the id into the file's name")
  func fileNames() throws {
    let names = ["Cat type", "?!", "Ünïts & 2 more", "factor", "Größe", "cat type 01234567"]
    let sources = Sources(taxonomies: names.map { Self.taxonomy($0, ["A"]) }, strategies: [])
    let paths = sources.encode().map(\.path)
    #expect(Set(paths).count == paths.count)
    let ids = sources.taxonomies.map { $0.root.id.text.prefix(8) }
    #expect(
      paths.dropFirst().dropLast() == [
        "taxonomies/cat-type.yaml", "taxonomies/factor-\(ids[1]).yaml",
        "taxonomies/n-ts-2-more.yaml", "taxonomies/factor-\(ids[3]).yaml", "taxonomies/gr-e.yaml",
        "taxonomies/cat-type-01234567-\(ids[5]).yaml",
      ])
    #expect(try Self.decode(Self.files(of: sources)) == sources)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let path: String
    let part: String
    let other: String
    let message: String
    var hint: String?
    var errorPath: String?
    var testDescription: String { message }
  }

  static let shop = NodeID(bornUnder: NodeID(bornUnder: nil, name: "Setting"), name: "Shop")
  static let addition = NodeID(
    bornUnder: NodeID(bornUnder: nil, name: "Operation"), name: "Addition")
  static let division = NodeID(
    bornUnder: NodeID(bornUnder: nil, name: "Operation"), name: "Division")
  static let setting = NodeID(bornUnder: nil, name: "Setting")

  static let mistakes: [Mistake] = [
    Mistake(
      path: "factors.yaml", part: "file: setting.yaml", other: "file: ../recipe.yaml",
      message: "is no name of a taxonomy's file", hint: "setting.yaml"),
    Mistake(
      path: "factors.yaml", part: "file: setting.yaml", other: "file: a/b.yaml",
      message: "is no name of a taxonomy's file"),
    Mistake(
      path: "factors.yaml", part: "file: setting.yaml", other: "file: lost.yaml",
      message: "has no file 'taxonomies/lost.yaml'", hint: "restore the file"),
    Mistake(
      path: "factors.yaml", part: "file: setting.yaml", other: "file: operation.yaml",
      message: "has the file of line"),
    Mistake(
      path: "factors.yaml", part: "name: \"Setting\"", other: "name: \"Place\"",
      message: "the factor 'Place' is 'Setting'", hint: "the same name in both"),
    Mistake(
      path: "factors.yaml", part: "id: \(setting)", other: "id: 0123456789abcdef",
      message: "the id '0123456789abcdef' is not that of"),
    Mistake(
      path: "factors.yaml", part: "- {id: \(setting)", other: "- {id: \(setting), x: 1",
      message: "unknown key 'x' in 'factors'"),
    Mistake(
      path: "strategies.yaml", part: "node: \(addition)", other: "node: 0123456789abcdef",
      message: "the node '0123456789abcdef' (Operation > Addition) is in no taxonomy",
      hint: "remove strategies.yaml"),
    Mistake(
      path: "strategies.yaml", part: "second: \(shop)", other: "second: 0123456789abcdef",
      message: "the node '0123456789abcdef' (Operation > Division / Setting > Shop)"),
    Mistake(
      path: "strategies.yaml", part: "second: \(shop)", other: "second: \(addition)",
      message: "is of one factor"),
    Mistake(
      path: "strategies.yaml", part: "node: \(setting)", other: "node: \(division)",
      message: "is of the same factor as that of line"),
    Mistake(
      path: "strategies.yaml", part: "weight: 3", other: "weight: 0",
      message: "the weight must be more than 0"),
    Mistake(
      path: "strategies.yaml", part: "name: \"Everyday\"", other: "name: \"\"",
      message: "is empty"),
    Mistake(
      path: "strategies.yaml", part: "second: \(shop)", other: "secnd: \(shop)",
      message: "unknown key 'secnd'", hint: "did you mean 'second'?"),
    Mistake(
      path: "taxonomies/setting.yaml", part: "id: \(shop)", other: "id: \(addition)",
      message: "has an id that is in 'taxonomies/operation.yaml' too"),
  ]

  @Test("A mistake is told with its file and line", arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    var files = Self.files(of: Self.sample)
    let text = try #require(files[mistake.path])
    #expect(text.contains(mistake.part))
    let before = text.split(separator: mistake.part, omittingEmptySubsequences: false).first ?? ""
    let line = before.count { $0.isNewline } + 1
    files[mistake.path] = text.replacing(mistake.part, with: mistake.other)
    let errors = try #require(throws: SourceErrors.self) { _ = try Self.decode(files) }
    let error = try #require(
      errors.errors.first { $0.message.contains(mistake.message) }, "\(errors)")
    #expect(error.path == mistake.path)
    #expect(error.line == line)
    if let hint = mistake.hint { #expect(error.hint?.contains(hint) == true, "\(errors)") }
  }

  @Test("A vanished leaf is told in each strategy that names it, with its line")
  func vanishedLeaf() throws {
    var files = Self.files(of: Self.sample)
    let text = try #require(files["taxonomies/setting.yaml"])
    files["taxonomies/setting.yaml"] = text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.contains(Self.shop.text) }.joined(separator: "\n")
    let errors = try #require(throws: SourceErrors.self) { _ = try Self.decode(files) }
    #expect(errors.errors.map(\.path) == ["strategies.yaml"])
    #expect(errors.errors[0].message.contains("Setting > Shop"))
  }

  @Test("A new strategy without an id gets one from its roots")
  func strategyWithoutID() throws {
    var files = Self.files(of: Self.sample)
    let id = Self.sample.strategies[0].id
    files["strategies.yaml"] = files["strategies.yaml"]?
      .replacing("- id: \(id)\n  name", with: "- name")
    #expect(try Self.decode(files) == Self.sample)
  }
}
