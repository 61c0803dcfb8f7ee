import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Pipeline
import Simula
import Teachers
import TestSupport
import Testing

/// What runs grow beside trees that people wrote, and what they leave alone.
@Suite("A person's own trees")
struct OwnTreesTests {
  private static let knobs = AttemptTests.steady + [(["samples"], "4")]
  private static let own = Grove.sources(
    "Setting\n  Home\n  Shop", "Operation\n  Adding\n  Taking away")
  private static let growing = ["propose-children", "review-children", "plan-level"]

  /// Lends a dataset whose trees a person wrote, and for which strategies were planned.
  private func withOwnTrees(
    _ sources: Sources = own, _ body: (Lab) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      var files = Dictionary(uniqueKeysWithValues: sources.encode())
      files["strategies.yaml"] = nil
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(Self.knobs), files: files)
      try await lab.run()
      try await body(lab)
    }
  }

  private func withGrownTrees(_ body: (Lab) async throws -> Void) async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(Self.knobs))
      try await lab.run()
      try await body(lab)
    }
  }

  /// The factors whose growth a teacher was asked for; fails when it was asked for more than growth.
  private func grown(_ teacher: ScriptedTeacher) -> Set<String> {
    #expect(teacher.requests.allSatisfy { Self.growing.contains($0.task) })
    return Set(teacher.requests.compactMap { $0.inputs?["factor"]?.string })
  }

  @Test("A bare factor is grown alone: hand-written trees, strategies and samples stay")
  func bareFactor() async throws {
    try await withOwnTrees { lab in
      let before = try #require(try lab.sources)
      let state = try lab.state()
      #expect(before.taxonomies == Self.own.taxonomies)
      try lab.apply { _ in .addFactor("Wording", children: []) }
      let stale = try lab.stale()
      #expect(stale[.taxonomies] == .missing)
      #expect(stale[.factors] == nil && stale[.strategies] == nil)
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates)
      try await lab.run(teacher: teacher)
      #expect(grown(teacher) == ["Wording"])
      let after = try #require(try lab.sources)
      #expect(Array(after.taxonomies.prefix(2)) == Self.own.taxonomies)
      #expect(after.strategies == before.strategies)
      #expect(after.names("Wording").count > 2)
      #expect(try lab.state() == state)
      #expect(try lab.stale() == [:])
      // A knob of the growth grows what models grew, and only that.
      try lab.set(["taxonomy", "depth"], to: "1")
      let second = ScriptedTeacher.embedded(AttemptTests.rates)
      try await lab.run(until: .taxonomies, teacher: second)
      #expect(grown(second).isSubset(of: ["Wording"]))
      let last = try #require(try lab.sources)
      #expect(Array(last.taxonomies.prefix(2)) == Self.own.taxonomies)
      #expect(last.taxonomies[2].nodes.allSatisfy { last.taxonomies[2].level(of: $0.id) < 2 })
    }
  }

  @Test("A bare factor before the first run puts nothing beside a hand-written child")
  func mixedStart() async throws {
    let mixed = Grove.sources("Operation", "Setting\n  Home")
    try await withOwnTrees(mixed) { lab in
      let sources = try #require(try lab.sources)
      #expect(sources.names("Setting") == ["Setting", "Home"])
      #expect(sources.names("Operation").count > 2)
      for depth in ["1", "2"] {
        try lab.set(["taxonomy", "depth"], to: depth)
        try await lab.run()
        #expect(try lab.sources?.names("Setting") == ["Setting", "Home"])
      }
    }
  }

  @Test("A factor that is added to grown ones is grown, and all else is fresh")
  func addedFactor() async throws {
    try await withGrownTrees { lab in
      let before = try #require(try lab.sources)
      let state = try lab.state()
      let plans = try lab.ids(.plans)
      try lab.apply { _ in .addFactor("Wording", children: []) }
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates)
      try await lab.run(teacher: teacher)
      #expect(grown(teacher) == ["Wording"])
      let after = try #require(try lab.sources)
      #expect(Array(after.taxonomies.dropLast()) == before.taxonomies)
      #expect(after.strategies == before.strategies)
      #expect(try lab.state() == state)
      #expect(try lab.ids(.plans).isSuperset(of: plans))
      // It is a person's factor that models divided: other factors do not remove it, and growing it
      // again does not double it.
      let wording = try #require(after.taxonomies.last)
      try lab.set(["factors"], to: "[Operation, Setting]")
      try await lab.run(until: .taxonomies)
      #expect(
        try lab.sources?.taxonomies.map(\.root.name) == ["Operation", "Setting", "Wording"])
      try lab.set(["taxonomy", "frontier-cap"], to: "63")
      try await lab.run(until: .taxonomies)
      #expect(try lab.sources?.taxonomies.last == wording)
    }
  }

  @Test("Stage by stage an added factor comes to the same")
  func stages() async throws {
    try await withGrownTrees { lab in
      try lab.apply { _ in .addFactor("Wording", children: []) }
      let strategies = try lab.sources?.strategies
      for stage in StageName.sources { try await lab.run(until: stage) }
      let sources = try #require(try lab.sources)
      #expect(sources.names("Wording").count > 2)
      #expect(sources.strategies == strategies)
      #expect(Set(try lab.stale().keys).isDisjoint(with: StageName.sources))
    }
  }

  @Test("Stage by stage trees that grow again are planned for as in one run")
  func plannedLater() async throws {
    try await withTemporaryDirectory { folder in
      var labs: [Lab] = []
      for name in ["whole", "stages"] {
        let lab = try Lab.make(in: folder, named: name, recipe: try Lab.recipe(Self.knobs))
        try await lab.run()
        try lab.set(["taxonomy", "children"], to: "[2, 4]")
        for stage in StageName.sources where name == "stages" { try await lab.run(until: stage) }
        try await lab.run()
        labs.append(lab)
      }
      #expect(try labs[0].sources == labs[1].sources)
      #expect(try labs[0].ids(.plans) == labs[1].ids(.plans))
      #expect(try labs[0].state() == labs[1].state())
    }
  }

  @Test(
    "A factor that a person reduced to its root stays that, and is fresh", arguments: [true, false])
  func reduced(isOwn: Bool) async throws {
    func check(_ lab: Lab) async throws {
      let sources = try #require(try lab.sources)
      let factor = sources.taxonomies[1]
      let children = Set(factor.children(of: factor.root.id).map(\.id))
      for child in children { try lab.apply { _ in .remove(child) } }
      let stale = try lab.stale()
      #expect(stale[.taxonomies] == nil)
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates)
      let report = try await lab.run(teacher: teacher)
      #expect(!teacher.requests.contains { Self.growing.contains($0.task) })
      #expect(report.versions.count == 1)
      #expect(try lab.stale() == [:])
      #expect(try await lab.run(teacher: teacher).isUpToDate)
      #expect(try lab.sources?.names(factor.root.name) == [factor.root.name])
      // Once it is gone and comes back, it is a new factor.
      try lab.apply { _ in .remove(factor.root.id) }
      try await lab.run(teacher: teacher)
      try lab.apply { _ in .addFactor(factor.root.name, children: []) }
      #expect(try lab.stale()[.taxonomies] == .missing)
      try await lab.run(until: .taxonomies)
      let regrown = try #require(try lab.sources)
      #expect(regrown.names(factor.root.name).count > 2)
      #expect(try lab.stale()[.taxonomies] == nil)
    }
    if isOwn { try await withOwnTrees(Self.own, check) } else { try await withGrownTrees(check) }
  }

  @Test("Planning again over hand-written trees replaces the last plan")
  func replan() async throws {
    try await withOwnTrees { lab in
      let roots = Self.own.taxonomies.map(\.root.id)
      for (name, number) in [("First", 1), ("Second", 2)] {
        let teacher = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
          guard request.task == "plan-strategies" else { return nil }
          let strategy: JSON = [
            "name": .string(name), "weight": JSON(number),
            "combine": ["Setting", "Operation > Adding"], "never": [],
          ]
          return .stop((["strategies": [strategy]] as JSON).text)
        }
        try await lab.run(until: .strategies, replans: true, teacher: teacher)
        let strategies = try #require(try lab.sources?.strategies)
        #expect(strategies.map(\.name) == [name])
        #expect(strategies.map(\.roots) == [[roots[0], Self.own.id("Adding")]])
      }
    }
  }

  @Test("Strategies lose what models no longer grow, and a person is told")
  func vanished() async throws {
    try await withGrownTrees { lab in
      let sources = try #require(try lab.sources)
      let child = try #require(
        sources.taxonomies[0].children(of: sources.taxonomies[0].root.id).first)
      let others = sources.taxonomies.dropFirst().map(\.root.id)
      var edited = sources
      edited.strategies = [
        Strategy(
          id: Strategy.identity(bornOf: [child.id]), name: "Narrow", weight: 1,
          roots: [child.id] + others)
      ]
      try lab.write(edited)
      try await lab.run()
      // Other children, so that the strategy's root is gone.
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
        if request.task == "review-children" { return GrowthScript.review(request) }
        guard request.task == "propose-children" else { return nil }
        return GrowthScript.children([
          "\(GrowthScript.node(request)) A", "\(GrowthScript.node(request)) B",
        ])
      }
      try lab.set(["taxonomy", "children"], to: "[2, 4]")
      let notices = NoticeList()
      try await lab.run(until: .taxonomies, teacher: teacher, observer: notices)
      #expect(try lab.sources?.strategies.map(\.roots) == [Array(others)])
      #expect(
        notices.notices.contains {
          $0.contains("gone from strategies.yaml") && $0.contains(child.name)
        })
    }
  }
}
