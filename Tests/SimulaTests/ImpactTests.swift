import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Pipeline
import Simula
import TestSupport
import Testing

/// What descends from what, by looking at every record again and again.
private struct BruteForce {
  private var all: [RecordKind: [(id: RecordID, value: JSON)]] = [:]
  private let sources: Sources
  private(set) var found: [RecordKind: Set<RecordID>] = [:]
  private var nodes = Set<NodeID>()
  private var strategies = Set<NodeID>()
  /// Verdicts on these are found; what was only decided on is not followed so.
  private var drafts = Set<String>()
  private var refined = Set<RecordID>()

  init(_ version: Version, _ sources: Sources) throws {
    self.sources = sources
    for kind in RecordKind.versioned {
      all[kind] = try version.records(kind).map { ($0.id, try $0.value()) }
    }
  }

  mutating func start(calls: Set<String>) {
    for (kind, records) in all {
      for (id, value) in records where calls.contains(value["call"]?.string ?? "") {
        start(kind, id, value, isFound: true)
      }
    }
  }

  mutating func start(_ kind: RecordKind, _ id: RecordID) {
    guard let value = all[kind]?.first(where: { $0.id == id })?.value else { return }
    start(kind, id, value, isFound: false)
  }

  private mutating func start(_ kind: RecordKind, _ id: RecordID, _ value: JSON, isFound: Bool) {
    let before = found
    take(kind, id, value)
    if !isFound { found = before }
    if kind == .rejections { refined.insert(id) }
    guard kind == .verdicts, let draft = value["sample"]?.string else { return }
    for (id, value) in all[.rejections] ?? [] where value["sample"]?.string == draft {
      found[.rejections, default: []].insert(id)
      refined.insert(id)
    }
    for (id, _) in all[.samples] ?? [] where id.hex == draft {
      found[.samples, default: []].insert(id)
    }
  }

  mutating func start(nodes wanted: [NodeID]) { nodes.formUnion(wanted) }
  mutating func start(strategies wanted: [NodeID]) { strategies.formUnion(wanted) }

  /// Takes a record, and what makes others be found by it.
  private mutating func take(_ kind: RecordKind, _ id: RecordID, _ value: JSON) {
    found[kind, default: []].insert(id)
    followed.insert(id)
    let parent = value["node"]?.string.flatMap { NodeID($0) }
    func born(_ names: [JSON?]) -> [NodeID] {
      names.compactMap { $0?.string }.filter { !$0.isEmpty }
        .map { NodeID(bornUnder: parent, name: $0) }
        .filter { sources.taxonomy(holding: $0) != nil }
    }
    switch kind {
    case .proposals: nodes.formUnion(born(value["names"]?.array ?? []))
    case .edits:
      if value["outcome"]?.string == "applied" {
        nodes.formUnion(born([value["candidate"], value["target"]]))
      }
    case .plans:
      if let factor = value["factor"]?.string.flatMap({ NodeID($0) }),
        let tree = sources.taxonomy(holding: factor)
      {
        planned.formUnion(
          tree.nodes.filter { tree.level(of: $0.id) == value["level"]?.int }.map(\.id.text))
      } else {
        strategies.formUnion(sources.strategies.map(\.id))
      }
    case .samples: drafts.insert(id.hex)
    case .rejections:
      if let draft = value["sample"]?.string, !draft.isEmpty { drafts.insert(draft) }
    default: break
    }
  }

  private var followed = Set<RecordID>()
  private var planned = Set<String>()

  mutating func closure() -> [RecordKind: Set<RecordID>] {
    var isChanged = true
    while isChanged {
      let before = (found, followed, nodes, drafts, refined, planned)
      for taxonomy in sources.taxonomies {
        for node in taxonomy.nodes where node.parent.map(nodes.contains) == true {
          nodes.insert(node.id)
        }
      }
      for (kind, records) in all {
        for (id, value) in records where descends(kind, id, value) { take(kind, id, value) }
      }
      isChanged =
        before.0 != found || before.1 != followed || before.2 != nodes || before.3 != drafts
        || before.4 != refined || before.5 != planned
    }
    return found.filter { !$0.value.isEmpty }
  }

  private func descends(_ kind: RecordKind, _ id: RecordID, _ value: JSON) -> Bool {
    func names(_ member: String) -> Bool {
      value[member]?.string.flatMap(RecordID.init(hex:)).map(followed.contains) ?? false
    }
    func isNode(_ value: JSON?) -> Bool {
      value?.string.flatMap { NodeID($0) }.map(nodes.contains) ?? false
    }
    switch kind {
    case .proposals, .edits:
      return isNode(value["node"]) || planned.contains(value["node"]?.string ?? "")
    case .plans: return isNode(value["factor"])
    case .mixes:
      return (value["nodes"]?.array ?? []).contains { isNode($0) }
        || value["strategy"]?.string.flatMap { NodeID($0) }.map(strategies.contains) == true
    case .metaPrompts: return names("mix") || names("from")
    case .samples, .rejections: return names("meta-prompt") || isLaterDraft(kind, id, value)
    case .verdicts: return drafts.contains(value["sample"]?.string ?? "")
    default: return false
    }
  }

  /// Whether a rejection that was started from is of an earlier draft of the same attempt.
  private func isLaterDraft(_ kind: RecordKind, _ id: RecordID, _ value: JSON) -> Bool {
    (all[.rejections] ?? []).contains { other in
      refined.contains(other.id) && other.value["reason"]?.string == "refined"
        && ["meta-prompt", "slot", "attempt"].allSatisfy { other.value[$0] == value[$0] }
        && round(other.value["sample"]?.string)
          < round(kind == .samples ? id.hex : value["sample"]?.string)
    }
  }

  private func round(_ draft: String?) -> Int {
    (all[.verdicts] ?? []).filter {
      $0.value["sample"]?.string == draft && $0.value["role"]?.string == "judge-requirements"
    }.compactMap { $0.value["round"]?.int }.min() ?? .max
  }
}

@Suite("What descends from something")
struct ImpactTests {
  private func lab(_ folder: URL, samples: Int = 8) async throws -> Lab {
    let lab = try Lab.make(
      in: folder,
      recipe: try Lab.recipe([
        (["samples"], "\(samples)"), (["teachers", "default", "wrong-answers"], "0.4"),
        (["teachers", "default", "rejects-drafts"], "0.5"), (["complexity", "fraction"], "0.5"),
      ]))
    try await lab.run()
    return lab
  }

  private func expectEqual(
    _ result: ImpactResult, _ expected: [RecordKind: Set<RecordID>], _ what: String
  ) {
    let found = result.records.mapValues(Set.init).filter { !$0.value.isEmpty }
    for kind in RecordKind.versioned {
      #expect(found[kind] == expected[kind], "\(what): \(kind.rawValue)")
      #expect(result.count(kind) == found[kind]?.count ?? 0, "\(what): \(kind.rawValue) twice")
    }
  }

  @Test("It is what a look at all records again and again finds, from every kind of root")
  func closure() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try await lab(folder)
      // A version with removed records, and then with rewritten shards.
      try lab.apply { sources in
        .remove(sources.taxonomies[0].nodes.last { sources.taxonomies[0].isLeaf($0.id) }!.id)
      }
      try await lab.run()
      _ = try Compaction(lab.store).run()
      let version = try lab.head()
      let sources = try #require(try lab.sources)
      let impact = try Impact(version)
      func expect(_ root: ImpactRoot, _ what: String, _ start: (inout BruteForce) -> Void) throws {
        var force = try BruteForce(version, sources)
        start(&force)
        expectEqual(try impact.descendants(of: root), force.closure(), what)
      }
      for kind in RecordKind.versioned {
        let records = try version.records(kind)
        for index in Set([0, records.count / 2, records.count - 1])
        where index >= 0 && !records.isEmpty {
          let id = records[index].id
          try expect(.record(kind, id), "\(kind.rawValue) \(id)") { $0.start(kind, id) }
        }
      }
      let refined = try version.records(.rejections).first {
        try $0.value()["reason"]?.string == "refined"
      }
      let sent = try #require(refined)
      try expect(.record(.rejections, sent.id), "refined") { $0.start(.rejections, sent.id) }
      let draft = try sent.value()["sample"]?.string
      let verdict = try #require(
        try version.records(.verdicts).first { try $0.value()["sample"]?.string == draft })
      try expect(.record(.verdicts, verdict.id), "objection") { $0.start(.verdicts, verdict.id) }
      for taxonomy in sources.taxonomies {
        for node in [
          taxonomy.nodes[0], taxonomy.nodes[1], taxonomy.nodes[taxonomy.nodes.count - 1],
        ] {
          try expect(.node(node.id), "node \(node.name)") { $0.start(nodes: [node.id]) }
        }
      }
      for strategy in sources.strategies {
        try expect(.strategy(strategy.id), strategy.name) { $0.start(strategies: [strategy.id]) }
      }
    }
  }

  @Test("It is the same from calls: one, several, those of a task, those of a model")
  func calls() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try await lab(folder, samples: 5)
      let version = try lab.head()
      let sources = try #require(try lab.sources)
      let impact = try Impact(version)
      let calls = try lab.store.calls().map { (id: $0.id, value: try $0.value()) }
      func expect(_ root: ImpactRoot, _ what: String, _ calls: Set<RecordID>) throws {
        var force = try BruteForce(version, sources)
        force.start(calls: Set(calls.map(\.hex)))
        expectEqual(try impact.descendants(of: root), force.closure(), what)
      }
      func task(_ value: JSON) -> String { value["request"]?["task"]?.string ?? "" }
      for (task, group) in Dictionary(grouping: calls, by: { task($0.value) }) {
        try expect(.call(group[0].id), "one of \(task)", [group[0].id])
        try expect(.template(task), task, Set(group.map(\.id)))
      }
      try expect(.calls(Set(calls.prefix(9).map(\.id))), "some", Set(calls.prefix(9).map(\.id)))
      let model = try #require(calls[0].value["request"]?["model"]?.string)
      #expect(try impact.models() == [model])
      try expect(.model(model), "the model", Set(calls.map(\.id)))
      #expect(try impact.descendants(of: .model("another")).isEmpty)
      #expect(try impact.descendants(of: .template("another")).isEmpty)
    }
  }

  @Test("A run's and a version's are what they had first, and what came of that")
  func runs() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try await lab(folder, samples: 4)
      let first = try lab.head()
      try lab.set(["samples"], to: "7")
      try await lab.run()
      let second = try lab.head()
      func ids(_ version: Version) throws -> [RecordKind: Set<RecordID>] {
        try RecordKind.versioned.reduce(into: [:]) { ids, kind in
          let live = Set(try version.live(kind).ids)
          if !live.isEmpty { ids[kind] = live }
        }
      }
      let (old, new) = (try ids(first), try ids(second))
      var added: [RecordKind: Set<RecordID>] = [:]
      for (kind, all) in new {
        let rest = all.subtracting(old[kind] ?? [])
        if !rest.isEmpty { added[kind] = rest }
      }
      let impact = try Impact(second)
      let run = try #require(second.memos["Run-Id"])
      expectEqual(try impact.descendants(of: .run(run)), added, "run")
      expectEqual(try impact.descendants(of: .version(second.commit.id)), added, "version")
      let firstRun = try #require(first.memos["Run-Id"])
      // All that is there came of the first run's sources.
      expectEqual(try impact.descendants(of: .run(firstRun)), new, "first run")
      #expect(try impact.descendants(of: .run("another")).isEmpty)
      let stages = try impact.descendants(of: .stages([.metaPrompts]))
      #expect(stages.records[.mixes] == nil && stages.records[.proposals] == nil)
      for kind in [RecordKind.metaPrompts, .samples, .rejections, .verdicts] {
        #expect(Set(stages.records[kind] ?? []) == new[kind] ?? [])
      }
      expectEqual(try impact.descendants(of: .stages([.factors])), new, "factors")
      #expect(try impact.descendants(of: .stages([])).isEmpty)
    }
  }

  @Test("A text means a record, call, node, strategy, prompt, model, run or version")
  func references() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try await lab(folder, samples: 2)
      let version = try lab.head()
      let sources = try #require(try lab.sources)
      let reference = try ImpactReference(version, tasks: PromptTask.allCases.map(\.rawValue))
      let sample = try #require(try version.records(.samples).first).id
      let call = try #require(try lab.store.calls().first)
      let key = try #require(try call.value()["key"]?.string)
      let tree = sources.taxonomies[1]
      let leaf = tree.nodes[tree.nodes.count - 1]
      let path = tree.path(to: leaf.id).map(\.name).joined(separator: " > ")
      let run = try #require(version.memos["Run-Id"])
      let model = try #require(try call.value()["request"]?["model"]?.string)
      let strategy = sources.strategies[0]
      let cases: [(String, ImpactRoot)] = [
        (sample.hex, .record(.samples, sample)),
        ("record:\(sample.hex.prefix(20))", .record(.samples, sample)),
        (call.id.hex, .call(call.id)), (String(key.prefix(30)), .calls([call.id])),
        ("call:\(key)", .calls([call.id])), (leaf.id.text, .node(leaf.id)), (path, .node(leaf.id)),
        ("node:\(leaf.id.text)", .node(leaf.id)), (strategy.id.text, .strategy(strategy.id)),
        ("strategy:\(strategy.name)", .strategy(strategy.id)),
        ("prompts/generate.mustache", .template("generate")),
        ("prompt:refine", .template("refine")),
        ("judge-requirements", .template("judge-requirements")),
        (String(run.prefix(18)), .run(run)), ("run:\(run)", .run(run)), (model, .model(model)),
        ("model:\(model.prefix(5))", .model(model)), ("HEAD", .version(version.commit.id)),
        ("version:HEAD~1", .version(version.commit.parents[0])),
      ]
      for (text, root) in cases { #expect(try reference.find(text).root == root, "\(text)") }
      for text in [
        "ffffffffffff", "nothing like it", "model:none", "run:2001", "version:v9", "prompt:x",
      ] {
        let error = #expect(throws: StoreError.self, "\(text)") { try reference.find(text) }
        #expect(error?.code == .notFound && error?.hint?.isEmpty == false, "\(text)")
      }
      #expect(throws: SourceEditError.self) { try reference.find("node:nowhere") }
    }
  }

  @Test("A key of the recipe is read by the stages whose identity another value changes")
  func recipeKeys() throws {
    let changes: [(String, String)] = [
      ("samples", "13"), ("random-seed", "99"), ("arm", "baseline"),
      ("taxonomy.factors", "[2, 3]"), ("taxonomy.depth", "3"), ("taxonomy.proposals", "3"),
      ("taxonomy.children", "[3, 4]"), ("taxonomy.level-plans", "false"),
      ("taxonomy.frontier-cap", "9"), ("taxonomy.children-cap", "9"),
      ("strategy.strategies", "[1, 1]"), ("strategy.order", "coverage-first"),
      ("meta-prompts.candidates", "3"), ("meta-prompts.instances", "2"),
      ("complexity.fraction", "0.9"),
      ("critics.double", "solve"), ("critics.refine", "0"), ("critics.requirements", "false"),
      ("slots.attempts", "3"), ("slots.extra", "0.1"), ("duplicates.near", "0.5"),
      ("gap-fill.minimum", "2"), ("teachers.default.wrong-answers", "0.3"),
      ("teachers.default.concurrency", "3"),
    ]
    // The factors of the usual recipe are its own, so that nobody is asked for them.
    func recipe(_ knobs: Lab.Knobs) throws -> String {
      try Lab.recipe(knobs).replacing(/(?m)^factors:.*$/, with: "")
    }
    let text = try recipe([])
    func keys(_ text: String) throws -> [StageName: Digest] {
      let recipe = try Recipe(parsing: Array(text.utf8), readReference: { _ in nil })
      let prompts = try Lab.prompts
      return Dictionary(
        uniqueKeysWithValues: StageName.allCases.map { ($0, $0.key(recipe, prompts).digest) })
    }
    let before = try keys(text)
    for (name, value) in changes {
      let path = name.split(separator: ".").map(String.init)
      #expect(Recipe.hasKey(path), "\(name)")
      let after = try keys(try recipe([(path, value)]))
      let changed = Set(StageName.allCases.filter { before[$0] != after[$0] })
      #expect(RecipeImpact.stages(reading: path) == changed, "\(name)")
    }
    let described = try keys(text.replacing("Grade-school", with: "Primary-school"))
    #expect(
      RecipeImpact.stages(reading: ["description"])
        == Set(StageName.allCases.filter { before[$0] != described[$0] }))
    #expect(!Recipe.hasKey(["complexity", "colour"]))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.hasPrefix("samples:") }) + 1
    #expect(try Recipe.path(ofLine: line, in: Array(text.utf8)) == ["samples"])
    #expect(try Recipe.path(ofLine: lines.count + 50, in: Array(text.utf8)) == nil)
  }
}
