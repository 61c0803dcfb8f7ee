import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Simula
import Teachers
import TestSupport
import Testing

@Suite("Incremental equals from scratch")
struct IncrementalTests {
  @Test(
    "After any sequence of edits a run gives what a new dataset with the same texts gives",
    arguments: [11, 12, 13])
  func edits(_ seed: Int) async throws {
    try await withTemporaryDirectory { folder in
      var random = SplitMix(seed)
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "8")]))
      try await lab.run()
      var history: [String] = []
      for step in 0..<5 {
        for _ in 0..<Int.random(in: 1...2, using: &random) {
          let edit = RandomEdit.random(&random)
          history.append("\(edit)")
          try edit.apply(to: lab, &random)
        }
        try await lab.run()
        let fresh = try Lab.make(
          in: folder, named: "fresh-\(step)", recipe: "", files: try lab.inputs())
        try await fresh.run()
        let differences = try lab.state().differences(fresh.state())
        #expect(differences == [], "seed \(seed): \(history.joined(separator: "; "))")
        #expect(try lab.sources == fresh.sources)
        guard differences.isEmpty else { return }
      }
      #expect(try Verification(lab.store).damages == [])
    }
  }

  @Test("Knobs of the growth give the sources and the data of a new dataset, there and back")
  func growth() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "3")]))
      try await lab.run()
      let first = try lab.state()
      let edits: [(path: [String], value: String)] = [
        (["taxonomy", "proposals"], "3"), (["taxonomy", "depth"], "1"),
        (["factors"], "[Operation, Setting]"), (["strategy", "strategies"], "[1, 3]"),
        (["taxonomy", "level-plans"], "false"), (["factors"], "[Operation, Setting, Numbers]"),
        (["taxonomy", "level-plans"], "true"), (["strategy", "strategies"], "[2, 2]"),
        (["taxonomy", "depth"], "2"), (["taxonomy", "proposals"], "2"),
      ]
      for (step, edit) in edits.enumerated() {
        try lab.set(edit.path, to: edit.value)
        try await lab.run()
        let fresh = try Lab.make(
          in: folder, named: "fresh-\(step)", recipe: try lab.read("recipe.yaml"))
        try await fresh.run()
        #expect(try lab.sources == fresh.sources, "step \(step): \(edit)")
        #expect(try lab.state().differences(fresh.state()) == [], "step \(step): \(edit)")
        for kind in [RecordKind.proposals, .edits, .plans] {
          #expect(try lab.ids(kind) == fresh.ids(kind), "step \(step): \(kind.rawValue)")
        }
        #expect(try sourceFiles(lab) == sourceFiles(fresh), "step \(step): \(edit)")
      }
      #expect(try lab.state() == first)
    }
  }

  /// The paths and objects of all sources in the version.
  private func sourceFiles(_ lab: Lab) throws -> Set<String> {
    let head = try lab.head()
    return Set(
      try lab.store.repository.files(inTree: head.tree).map { "\($0.path) \($0.entry.id)" }
        .filter {
          $0.hasPrefix("factors.yaml") || $0.hasPrefix("strategies.yaml")
            || $0.hasPrefix("taxonomies/")
        })
  }

  @Test("Sources that a person wrote are taken as they are, without a call for them")
  func handwritten() async throws {
    try await withTemporaryDirectory { folder in
      let sources = Grove.sources(
        "Operation\n  Adding *2\n  Taking away", "Setting\n  Bakery\n  Zoo\n  Ferry")
      var files = ["recipe.yaml": try Lab.recipe()]
      for (path, text) in sources.encode() { files[path] = text }
      let lab = try Lab.make(in: folder, recipe: "", files: files)
      let teacher = ScriptedTeacher.embedded()
      try await lab.run(teacher: teacher)
      #expect(try lab.sources == sources)
      #expect(teacher.requests.allSatisfy { !$0.task.hasPrefix("propose") })
      #expect(teacher.count("plan-strategies") == 0)
      #expect(try lab.ids(.samples).count == 12)
      let report = try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
      #expect(report.versions.isEmpty)
    }
  }

  @Test("A person's edits stay when the sources grow again, and again")
  func editsSurviveGrowth() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "4")]))
      try await lab.run(until: .strategies)
      guard let grown = try lab.sources else { return }
      let used = Set(
        grown.strategies.flatMap { $0.roots + $0.never.flatMap { [$0.first, $0.second] } })
      let leaves = grown.taxonomies[0].leaves.filter { !used.contains($0.id) }
      let (renamed, removed, weighed) = (leaves[0].id, leaves[1].id, leaves[2].id)
      let factor = grown.taxonomies[0].root.name
      let edited = grown.editing(factor) { nodes in
        nodes.removeAll { $0.id == removed }
        for place in nodes.indices {
          if nodes[place].id == renamed { nodes[place].name = "A person's name" }
          if nodes[place].id == weighed { nodes[place].weight = 7 }
        }
      }
      try lab.write(edited)
      // Each of these makes the taxonomies grow again: first with the same nodes, then with others.
      let knobs = [
        ("frontier-cap", "63"), ("frontier-cap", "62"), ("frontier-cap", "61"),
        ("level-plans", "false"), ("level-plans", "true"), ("level-plans", "false"),
      ]
      for (knob, value) in knobs {
        try lab.set(["taxonomy", knob], to: value)
        let report = try await lab.run(until: .strategies)
        #expect(report.versions.count == 1)
        let taxonomy = try lab.sources?.taxonomies.first
        #expect(taxonomy?.find(renamed)?.name == "A person's name", "\(knob) \(value)")
        #expect(taxonomy?.find(weighed)?.weight == 7, "\(knob) \(value)")
        if knob == "frontier-cap" { #expect(taxonomy?.find(removed) == nil, "\(knob) \(value)") }
      }
    }
  }

  @Test("A factor that a person adds is grown and planned for, and stays when all grows again")
  func addedFactor() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "4")]))
      try await lab.run(until: .factors)
      guard var sources = try lab.sources else { return }
      let added = Grove.taxonomy("Weather")
      sources.taxonomies.append(added)
      try lab.write(sources)
      for plans in ["true", "false", "true"] {
        try lab.set(["taxonomy", "level-plans"], to: plans)
        try await lab.run(until: .strategies)
        let now = try #require(try lab.sources)
        #expect(now.taxonomies.count == 4, "level-plans \(plans)")
        let grown = now.taxonomies.first { $0.root.id == added.root.id }
        #expect((grown?.nodes.count ?? 0) > 2, "level-plans \(plans)")
        #expect(
          now.strategies.contains { strategy in
            strategy.roots.contains { grown?.find($0) != nil }
          }, "level-plans \(plans)")
      }
      try await lab.run()
      #expect(try lab.ids(.samples).count == 4)
    }
  }

  @Test("A branch that a person adds may be planned for, and stays when all grows again")
  func addedBranch() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "4")]))
      try await lab.run(until: .strategies)
      guard let grown = try lab.sources else { return }
      let root = grown.taxonomies[0].root
      let added = NodeID(bornUnder: root.id, name: "Measuring")
      try lab.write(
        grown.editing(root.name) {
          $0.append(Taxonomy.Node(id: added, parent: root.id, name: "Measuring"))
        })
      let teacher = ScriptedTeacher.embedded { request throws(TeacherError) in
        guard request.task == "plan-strategies" else { return nil }
        let paths = request.inputs?["paths"]?.array?.compactMap { $0["path"]?.string } ?? []
        let own = paths.filter { $0.hasSuffix("> Measuring") } + paths.filter { !$0.contains(">") }
        let strategy: JSON = [
          "name": "S", "weight": 1, "combine": .array(own.map { .string($0) }), "never": [],
        ]
        return .stop((["strategies": [strategy]] as JSON).text)
      }
      for strategies in ["[1, 2]", "[1, 3]", "[2, 2]"] {
        try lab.set(["strategy", "strategies"], to: strategies)
        try await lab.run(until: .strategies, teacher: teacher)
        let now = try #require(try lab.sources)
        #expect(now.taxonomies[0].find(added) != nil)
        #expect(now.strategies.contains { $0.roots.contains(added) })
      }
    }
  }
}
