import CanonicalJSON
import Dataset
import Simula
import Teachers
import Testing

@Suite("Planning strategies")
struct StrategyTests {
  private static let forest = Grove.sources(
    "Fruit\n  Apple\n  Pear", "Place\n  Zoo\n  Ferry", "Mood\n  Glad\n  Sad")

  private func strategy(
    _ combine: [String], never: [(String, String)] = [], weight: JSON = 3
  ) -> JSON {
    [
      "name": "Some", "weight": weight, "combine": .array(combine.map { .string($0) }),
      "never": .array(never.map { ["first": .string($0.0), "second": .string($0.1)] }),
    ]
  }

  private func plan(
    _ answers: [[JSON]], taxonomies: [Taxonomy] = forest.taxonomies
  ) async throws -> (strategies: [Strategy], requests: [CallRequest], log: GrowthLog) {
    try await Bench.with([(["strategy", "strategies"], "[1, 3]")]) { bench in
      let teacher = ScriptedTeacher { request throws(TeacherError) in
        let values = answers[min(request.attempt, answers.count - 1)]
        return .stop((["strategies": .array(values)] as JSON).text)
      }
      let log = GrowthLog()
      let stage = StrategyStage(try bench.asker(teacher), log: log, taxonomies: taxonomies)
      return (try await stage.run(), teacher.requests, log)
    }
  }

  private var everything: [NodeID] { Self.forest.taxonomies.map(\.root.id) }

  @Test("Paths that were not offered, and second ones of a factor, are dropped")
  func unknownPaths() async throws {
    let found = try await plan([
      [
        strategy(
          ["Mood", "Nowhere", "Place > Zoo", "Fruit", "Fruit > Apple"],
          never: [
            ("Fruit > Apple", "Mood > Sad"), ("Nowhere", "Mood"), ("Fruit > Apple", "Fruit > Pear"),
          ])
      ]
    ])
    let forest = Self.forest
    #expect(found.requests.count == 1)
    let roots = ["Fruit", "Zoo", "Mood"].map(forest.id)
    #expect(found.strategies.map(\.roots) == [roots])
    #expect(found.strategies[0].never == [Strategy.Pair(forest.id("Apple"), forest.id("Sad"))])
    #expect(found.log.notices == [])
  }

  @Test("A pair that would forbid all mixes of its strategy is dropped")
  func impossiblePair() async throws {
    let found = try await plan([
      [
        strategy(
          ["Mood", "Place > Zoo", "Fruit"],
          never: [("Place", "Mood"), ("Place > Zoo", "Fruit"), ("Place > Zoo", "Mood > Glad")])
      ]
    ])
    let forest = Self.forest
    #expect(found.strategies[0].never == [Strategy.Pair(forest.id("Zoo"), forest.id("Glad"))])
  }

  @Test("Every factor is used: the planner is asked again, then one strategy joins all")
  func coverage() async throws {
    let two = [strategy(["Fruit", "Place"])]
    let found = try await plan([two])
    #expect(found.requests.map(\.attempt) == [0, 1, 2])
    #expect(found.requests[1].messages.last?.text.contains("no strategy uses 'Mood'") == true)
    #expect(found.strategies.map(\.roots) == [Array(everything.prefix(2)), everything])
    #expect(found.log.notices.count == 1)

    let mended = try await plan([two, two + [strategy(["Mood", "Fruit"])]])
    #expect(mended.requests.count == 2)
    #expect(mended.strategies.count == 2)
    #expect(mended.log.notices == [])
  }

  @Test("Without a usable strategy one joins all factors, and the run goes on")
  func fallback() async throws {
    for answer in [[], [strategy(["Fruit"])], [strategy(["Nowhere", "Else"])], [.string("text")]] {
      let found = try await plan([answer])
      #expect(found.strategies.map(\.roots) == [everything])
      #expect(found.requests.count == 3)
      #expect(found.log.notices.count == 1)
    }
  }

  @Test("Strategies of the same roots are one, and weights are kept within 1 to 10")
  func weights() async throws {
    let found = try await plan([
      [
        strategy(["Fruit", "Place", "Mood"], weight: 99),
        strategy(["Mood", "Fruit", "Place"], weight: 2),
        strategy(["Mood > Sad", "Fruit"], weight: -3), strategy(["Place", "Mood"], weight: 1),
      ]
    ])
    // At most three answers are read, of which two are the same.
    #expect(found.strategies.map(\.weight) == [10, 1])
  }

  @Test("Of too many paths the first levels that fit are offered, the smallest first")
  func manyPaths() async throws {
    func tree(_ name: String, _ count: Int) -> Taxonomy {
      Grove.taxonomy(([name] + (0..<count).map { "  \(name) \($0)" }).joined(separator: "\n"))
    }
    let wide = [tree("Wide", 60), tree("Small", 3), tree("Wider", 70), tree("Middle", 20)]
    let found = try await plan(
      [[strategy(["Wide", "Small > Small 1", "Wider", "Middle"])]], taxonomies: wide)
    let paths = found.requests[0].inputs?["paths"]?.array?.compactMap { $0["path"]?.string } ?? []
    // The roots, and 60, 3 and 20 below them.
    #expect(paths.count == 87)
    #expect(!paths.contains { $0.hasPrefix("Wider >") })
    #expect(found.strategies[0].roots[1] == wide[1].children(of: wide[1].root.id)[1].id)
    #expect(found.log.notices.count == 1)
    #expect(found.log.notices[0].contains("'Wider'") && !found.log.notices[0].contains("'Wide',"))
  }

  @Test("A name that holds the separator gives no path twice")
  func separatorInName() async throws {
    let trees = ["A\n  B\n  C", "A > B\n  D\n  E"].map(Grove.taxonomy)
    let found = try await plan([[strategy(["A", "A > B > D"])]], taxonomies: trees)
    let paths = found.requests[0].inputs?["paths"]?.array?.compactMap { $0["path"]?.string } ?? []
    #expect(Set(paths).count == paths.count)
  }

  @Test("The roots and the first level are offered")
  func offers() async throws {
    let found = try await plan([[strategy(["Fruit", "Place", "Mood"])]])
    let paths = found.requests[0].inputs?["paths"]?.array?.compactMap { $0["path"]?.string }
    #expect(
      paths == [
        "Fruit", "Fruit > Apple", "Fruit > Pear", "Place", "Place > Zoo", "Place > Ferry", "Mood",
        "Mood > Glad", "Mood > Sad",
      ])
  }
}
