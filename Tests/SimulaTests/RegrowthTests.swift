import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula
import Synchronization
import Teachers
import TestSupport
import Testing

@Suite("Regrowing a branch")
struct RegrowthTests {
  private static let knobs: Lab.Knobs = [
    (["taxonomy", "depth"], "3"), (["taxonomy", "proposals"], "2"),
    (["taxonomy", "children"], "[2, 3]"), (["factors"], "[Operation, Setting]"),
  ]

  /// Names children after the node and the draw, so that a regrowth gives others but for one.
  private static func teacher(
    _ script: @escaping @Sendable (CallRequest) throws(TeacherError) -> Void = { _ in }
  ) -> ScriptedTeacher {
    ScriptedTeacher { request throws(TeacherError) in
      try script(request)
      switch request.task {
      case "propose-children":
        let node = GrowthScript.node(request)
        let time = request.draw.hasPrefix("regrowth") ? request.draw.split(separator: " ")[1] : "0"
        return GrowthScript.children(["\(node) a", "\(node) b \(time)", "\(node) c \(time)"])
      case "plan-level": return .stop("{\"plan\":\"as even as can be\"}")
      case "plan-strategies":
        return .stop(
          "{\"strategies\":[{\"name\":\"\(request.draw)\",\"weight\":1,\"combine\":"
            + "[\"Operation\",\"Setting\"],\"never\":[]}]}")
      default: return GrowthScript.review(request)
      }
    }
  }

  private func withLab(
    _ more: Lab.Knobs = [], _ body: (Lab) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(Self.knobs + more))
      try await lab.run(until: .strategies, teacher: Self.teacher())
      try await body(lab)
    }
  }

  @Test("Only the branch changes; equal names keep ids, and the rest is asked otherwise")
  func branch() async throws {
    try await withLab { lab in
      let before = try #require(try lab.sources)
      let node = before.id("Setting b 0")
      let teacher = Self.teacher()
      let report = try await lab.regrow(node, teacher: teacher)
      let after = try #require(try lab.sources)
      #expect(report.versions.count == 1)
      // The node and its three children: two proposals and a review each, and a plan between.
      #expect(teacher.requests.count == 4 * 3 + 1)
      #expect(teacher.requests.allSatisfy { $0.draw.hasPrefix("regrowth 1 of \(node) ") })
      let children = after.taxonomies[1].children(of: node)
      #expect(children.map(\.name) == ["Setting b 0 a", "Setting b 0 b 1", "Setting b 0 c 1"])
      #expect(children[0].id == before.id("Setting b 0 a"))
      #expect(after.taxonomies[0] == before.taxonomies[0])
      #expect(after.strategies == before.strategies)
      let regrown = try lab.records(.proposals).filter { $0["regrowth"]?.int == 1 }
      #expect(regrown.count == 8)
      #expect(regrown.allSatisfy { $0["regrown"]?.string == node.text })
      #expect(try lab.head().commit.message.hasPrefix("Regrow 'Setting b 0'"))
      // Again: other questions, and no other growth since the version's records count.
      let again = Self.teacher()
      try await lab.regrow(node, teacher: again)
      #expect(again.requests.allSatisfy { $0.draw.hasPrefix("regrowth 2 of ") })
      #expect(again.requests.count == teacher.requests.count)
      #expect(try lab.sources?.names("Setting").contains("Setting b 0 b 2") == true)
      #expect(try lab.sources?.names("Setting").contains("Setting b 0 b 1") == false)
    }
  }

  @Test("A root grows down to the depth, with new plans for its levels")
  func root() async throws {
    try await withLab { lab in
      let root = try #require(try lab.sources).id("Setting")
      let teacher = Self.teacher()
      try await lab.regrow(root, teacher: teacher)
      #expect(teacher.count("plan-level") == 2)
      // The first node, its 3 children and their 9: two proposals and a review each.
      #expect(teacher.requests.count == 13 * 3 + 2)
      #expect(
        teacher.requests.filter { $0.task == "plan-level" }.allSatisfy {
          $0.draw.hasPrefix("regrowth 1 of ")
        })
    }
  }

  @Test(
    "Of nodes with equal votes the frontier cap takes that of most weight", arguments: [9, 0.1])
  func frontierWeight(_ weight: Double) async throws {
    try await withLab([(["taxonomy", "frontier-cap"], "1")]) { lab in
      let node = try #require(try lab.sources).id("Setting a")
      try lab.apply { _ in .weigh(node, weight) }
      let teacher = Self.teacher()
      try await lab.regrow(try #require(try lab.sources).id("Setting"), teacher: teacher)
      let divided = Set(
        teacher.requests.filter { $0.task == "propose-children" }.map(GrowthScript.node))
      #expect(divided.contains("Setting a") == (weight > 1))
      #expect(divided.count == 3)
      let tree = try #require(try lab.sources?.taxonomies[1])
      for child in tree.children(of: tree.root.id) where tree.isLeaf(child.id) {
        #expect(child.isCapped)
      }
      #expect(tree.find(node)?.isCapped == (weight < 1))
    }
  }

  @Test("What a person pinned, made or changed stays, and so does what strategies name")
  func person() async throws {
    try await withLab { lab in
      var sources = try #require(try lab.sources)
      let node = sources.id("Setting")
      let pinned = sources.id("Setting b 0 c 0")
      let renamed = sources.id("Setting c 0 b 0")
      sources = try SourceEdit.pin(pinned, true).apply(to: sources).sources
      sources = try SourceEdit.rename(renamed, to: "Mine").apply(to: sources).sources
      sources = try SourceEdit.add(
        "Own", under: sources.id("Setting a"), weight: 1, isPinned: false
      ).apply(to: sources).sources
      let named = sources.id("Setting c 0")
      sources.strategies.append(
        Strategy(
          id: Strategy.identity(bornOf: [named]), name: "Narrow", weight: 1,
          roots: [sources.id("Operation"), named]))
      try lab.write(sources)
      for _ in 0..<2 {
        try await lab.regrow(node, teacher: Self.teacher())
        let after = try #require(try lab.sources)
        for id in [pinned, renamed, sources.id("Own"), named, sources.id("Setting b 0")] {
          #expect(after.taxonomies[1].find(id)?.name == sources.taxonomies[1].find(id)?.name)
        }
        #expect(after.taxonomies[1].find(named)?.isPinned == false)
        #expect(after.strategies == sources.strategies)
        #expect(after.taxonomies[1].find(sources.id("Setting b 0 b 0")) == nil)
      }
    }
  }

  @Test("A person's own node is regrown, and stays a person's")
  func ownNode() async throws {
    try await withLab { lab in
      let before = try #require(try lab.sources)
      let sources = try SourceEdit.add(
        "Own", under: before.id("Setting"), weight: 1, isPinned: false
      ).apply(to: before).sources
      try lab.write(sources)
      let own = sources.id("Own")
      try await lab.regrow(own, teacher: Self.teacher())
      try await lab.regrow(own, teacher: Self.teacher())
      #expect(
        try lab.sources?.taxonomies[1].children(of: own).map(\.name)
          == ["Own a", "Own b 2", "Own c 2"])
      try await lab.regrow(before.id("Setting"), teacher: Self.teacher())
      #expect(try lab.sources?.taxonomies[1].find(own)?.name == "Own")
    }
  }

  @Test("Nothing is written when nobody agrees, and asking again costs nothing")
  func declined() async throws {
    try await withLab { lab in
      let node = try #require(try lab.sources).id("Setting")
      let head = try lab.head().commit.id
      let before = try lab.inputs()
      let report = try await lab.regrow(node, teacher: Self.teacher()) { result in
        #expect(!result.added.isEmpty && !result.removed.isEmpty)
        return false
      }
      #expect(report.versions == [] && report.counts.asked > 0)
      #expect(try lab.head().commit.id == head)
      #expect(try lab.inputs() == before)
      let again = try await lab.regrow(node, teacher: Self.teacher())
      #expect(again.counts.asked == 0 && again.counts.cached == report.counts.asked)
      #expect(again.versions.count == 1)
    }
  }

  @Test("A later growth does not undo a regrowth")
  func laterGrowth() async throws {
    try await withLab { lab in
      let node = try #require(try lab.sources).id("Setting b 0")
      try await lab.regrow(node, teacher: Self.teacher())
      let regrown = try #require(try lab.sources)
      let more = try SourceEdit.addFactor("Weather", children: []).apply(to: regrown).sources
      try lab.write(more)
      let report = try await lab.run(until: .strategies, teacher: Self.teacher())
      #expect(report.versions.count == 1)
      let after = try #require(try lab.sources)
      #expect(Array(after.taxonomies.prefix(2)) == regrown.taxonomies)
      #expect(after.taxonomies[2].nodes.count > 1)
      #expect(try GrowthRecords(try lab.head()).regrowthCount(of: node) == 1)
    }
  }

  @Test("A node at the recipe's depth, and stale taxonomies, are refused")
  func refusals() async throws {
    try await withLab { lab in
      let sources = try #require(try lab.sources)
      let leaf = try #require(sources.taxonomies[0].leaves.first)
      await #expect(throws: SimulaError.self) {
        try await lab.regrow(leaf.id, teacher: Self.teacher())
      }
      try lab.set(["taxonomy", "depth"], to: "2")
      let error = await #expect(throws: SimulaError.self) {
        try await lab.regrow(sources.id("Setting"), teacher: Self.teacher())
      }
      #expect(error?.hint?.contains("run --until taxonomies") == true)
    }
  }

  @Test("Strategies are asked for again, and a person's edits of them stay")
  func replan() async throws {
    try await withLab { lab in
      var sources = try #require(try lab.sources)
      #expect(sources.strategies.map(\.name) == ["strategies"])
      let first = Self.teacher()
      try await lab.replan(first)
      #expect(first.requests.map(\.draw) == ["strategies again 1"])
      sources = try #require(try lab.sources)
      #expect(sources.strategies.map(\.name) == ["strategies again 1"])
      sources.strategies[0].weight = 7
      try lab.write(sources)
      let second = Self.teacher()
      try await lab.replan(second)
      #expect(second.requests.map(\.draw) == ["strategies again 2"])
      #expect(try lab.sources?.strategies == sources.strategies)
      #expect(try lab.records(.plans).count { $0["task"]?.string == "plan-strategies" } == 3)
    }
  }
}

extension Lab {
  @discardableResult
  func regrow(
    _ node: NodeID, teacher: any Teacher,
    agrees: @Sendable (RegrowthResult) async throws -> Bool = { _ in true }
  ) async throws -> RunReport {
    try await GenerationRun(store, observer: NoticeList()) { _ in teacher }
      .regrow(node, agrees: agrees)
  }

  func replan(_ teacher: any Teacher) async throws {
    _ = try await GenerationRun(store, observer: NoticeList()) { _ in teacher }
      .run(until: .strategies, replans: true)
  }
}
