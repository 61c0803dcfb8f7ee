import Dataset
import Simula
import Teachers
import TestSupport
import Testing

@Suite("What an edit of the sources asks")
struct TaxonomyEditTests {
  /// Each with the names that it changes.
  private static let edits: [(name: String, edit: @Sendable (Sources) -> Sources)] = [
    ("a leaf is removed", { $0.removing("Museum", from: "Setting") }),
    ("a branch is removed", { $0.removing("Outdoors", from: "Setting") }),
    (
      "a leaf is added",
      { sources in
        let parent = sources.id("Operation")
        return sources.editing("Operation") { nodes in
          let id = NodeID(bornUnder: parent, name: "Division")
          nodes.append(Taxonomy.Node(id: id, parent: parent, name: "Division", weight: 2))
        }
      }
    ),
    ("a leaf is renamed", { $0.changing("Ferry", in: "Setting") { $0.name = "Steamer" } }),
    ("a branch is renamed", { $0.changing("Indoors", in: "Setting") { $0.name = "Inside" } }),
    ("a leaf is reweighted", { $0.changing("Park", in: "Setting") { $0.weight = 9 } }),
    ("a branch is reweighted", { $0.changing("Outdoors", in: "Setting") { $0.weight = 0.5 } }),
    (
      "a leaf is moved",
      { sources in
        sources.changing("Zoo", in: "Setting") { $0.parent = sources.id("Indoors") }
      }
    ),
    (
      "a pair never combines",
      { sources in
        var sources = sources
        sources.strategies[0].never = [
          Strategy.Pair(sources.id("Addition"), sources.id("Outdoors"))
        ]
        return sources
      }
    ),
    (
      "a strategy is reweighted",
      { sources in
        var sources = sources
        sources.strategies[0].weight = 5
        return sources
      }
    ),
  ]

  @Test(
    "Exactly the slots whose mix or wording changed are asked again, and nothing on the way back",
    arguments: edits.indices)
  func edit(_ index: Int) async throws {
    let (name, edit) = Self.edits[index]
    try await Garden.with { garden in
      let before = try garden.lab.state()
      let edited = edit(Garden.sources)
      let changed = try Garden.changed(Garden.sources, edited)
      #expect(changed.isEmpty == (name == "a strategy is reweighted"), "\(name)")
      #expect(changed.count < 12, "\(name)")
      try garden.lab.write(edited)
      #expect(try await garden.asked() == Garden.questions(Garden.all, changed), "\(name)")
      try garden.lab.write(Garden.sources)
      #expect(try await garden.asked().isEmpty, "\(name)")
      #expect(try garden.lab.state() == before, "\(name)")
    }
  }

  @Test("Other knobs of a strategy ask for its slots alone, as the effect says")
  func strategyKnobs() async throws {
    var sources = Garden.sources
    sources.strategies.append(
      Grove.strategy([sources.id("Operation"), sources.id("Outdoors")], weight: 1))
    try await Garden.with(sources: sources) { garden in
      let sampler = MixSampler(sources, randomSeed: 7)
      let slots = try (0..<12).filter {
        try sampler.mix(slot: $0).strategy == sources.strategies[1].id
      }
      #expect(slots.count > 1 && slots.count < 11)
      var edited = sources
      edited.strategies[1].overrides.candidates = 3
      let recipe = try Snapshot(workingDirectory: garden.lab.root).recipe
      let effect = try SourceEffect(
        from: sources, to: edited, recipe: recipe,
        use: try SlotUse(try garden.lab.head(), instances: 1))
      #expect(effect.staleSlots.map(\.slot.number) == slots)
      #expect(effect.staleSamples == slots.count)
      #expect(effect.estimatedCalls == slots.count * Garden.all.count)
      try garden.lab.write(edited)
      #expect(try await garden.asked() == Garden.questions(Garden.all, slots))
      try garden.lab.write(sources)
      #expect(try await garden.asked().isEmpty)
    }
  }

  @Test("A leaf that is removed from grown taxonomies re-plans and proposes nothing")
  func grown() async throws {
    try await Garden.with([(["samples"], "20")], sources: nil) { garden in
      let sources = try #require(try garden.lab.sources)
      let named = Set(
        sources.strategies.flatMap { $0.roots + $0.never.flatMap { [$0.first, $0.second] } })
      let taxonomy = sources.taxonomies[0]
      let used = Set(try garden.slots().values.flatMap(\.wording))
      let leaf = try #require(
        taxonomy.leaves.first { leaf in
          !named.contains(leaf.id) && used.contains(taxonomy.path(to: leaf.id).map(\.name))
        })
      let edited = sources.editing(taxonomy.root.name) { $0.removeAll { $0.id == leaf.id } }
      try garden.lab.write(edited)
      let changed = try Garden.changed(sources, edited, count: 20)
      #expect(!changed.isEmpty)
      #expect(try await garden.asked() == Garden.questions(Garden.all, changed))
    }
  }

  @Test("Sources that a person wrote are never grown over, whatever changes in the recipe")
  func handwritten() async throws {
    try await Garden.with([(["samples"], "3")]) { garden in
      let recipe = try garden.lab.read("recipe.yaml")
      for change in [
        ("everyday life", "daily life"), ("depth: 2", "depth: 3"),
        ("\nteachers:\n", "\nteachers:\n  planner: {provider: embedded, removes-planted: 0.5}\n"),
      ] {
        let edited = recipe.replacing(change.0, with: change.1)
        #expect(edited != recipe)
        try garden.lab.write("recipe.yaml", edited)
        let asked = try await garden.asked()
        #expect(!asked.contains { $0.hasPrefix("p") || $0.hasPrefix("review") }, "\(change.1)")
        #expect(try garden.lab.sources == Garden.sources, "\(change.1)")
      }
    }
  }

  @Test("Only what is missing beside a person's text is made")
  func missingText() async throws {
    try await withTemporaryDirectory { folder in
      let roots = Garden.sources.taxonomies.map { Taxonomy(nodes: [$0.root]) }
      for (number, taxonomies) in [Garden.sources.taxonomies, roots].enumerated() {
        var written = Dictionary(
          uniqueKeysWithValues: Sources(taxonomies: taxonomies, strategies: []).encode())
        written["strategies.yaml"] = nil
        let lab = try Lab.make(
          in: folder, named: "data\(number)",
          recipe: try Lab.recipe(AttemptTests.steady + [(["samples"], "2")]), files: written)
        let teacher = ScriptedTeacher.embedded(AttemptTests.rates)
        try await lab.run(teacher: teacher)
        #expect(teacher.count("propose-factors") == 0)
        #expect((teacher.count("propose-children") == 0) == (number == 0))
        #expect(teacher.count("plan-strategies") == 1)
        let sources = try #require(try lab.sources)
        #expect(sources.taxonomies.map(\.root) == Garden.sources.taxonomies.map(\.root))
        if number == 0 { #expect(sources.taxonomies == Garden.sources.taxonomies) }
        let report = try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
        #expect(report.isUpToDate)
      }
    }
  }
}

extension Sources {
  fileprivate func removing(_ name: String, from factor: String) -> Sources {
    let node = id(name)
    return editing(factor) { $0.removeAll { $0.id == node } }
  }

  fileprivate func changing(
    _ name: String, in factor: String, _ change: (inout Taxonomy.Node) -> Void
  ) -> Sources {
    let node = id(name)
    return editing(factor) { nodes in
      for place in nodes.indices where nodes[place].id == node { change(&nodes[place]) }
    }
  }
}
