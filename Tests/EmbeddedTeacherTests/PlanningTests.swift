import CanonicalJSON
import Dataset
import Teachers
import Testing

@Suite struct PlanningTests {
  private let teacher = EmbeddedTeacher(rates: EmbeddedRates())

  private static let paths: [(factor: String, path: String)] =
    ["A", "B", "C", "D"].flatMap { factor in
      [(factor, factor)] + (1...4).map { (factor, "\(factor) > node \($0)") }
    }

  private func strategies(_ minimum: Int, _ maximum: Int, draw: String) throws -> [JSON] {
    let rows = PlanningTests.paths.map { row -> JSON in
      ["factor": .string(row.factor), "path": .string(row.path)]
    }
    return try teacher.json(
      Requests.request(
        "plan-strategies",
        [
          "description": "sums", "paths": .array(rows), "minimum": JSON(minimum),
          "maximum": JSON(maximum),
        ], draw: draw))["strategies"]?.array ?? []
  }

  @Test("strategies use given paths, one for each factor, and leave no factor out")
  func validStrategies() throws {
    let factorOf = Dictionary(
      PlanningTests.paths.map { ($0.path, $0.factor) }, uniquingKeysWith: { first, _ in first })
    var pairs = 0
    for index in 0..<200 {
      let strategies = try strategies(2, 5, draw: "plan \(index)")
      #expect((2...4).contains(strategies.count))
      #expect(Set(strategies.compactMap { $0["name"]?.string }).count == strategies.count)
      var used = Set<String>()
      for strategy in strategies {
        let combined = strategy["combine"]?.array?.compactMap(\.string) ?? []
        let factors = combined.compactMap { factorOf[$0] }
        #expect(factors.count == combined.count && Set(factors).count == factors.count)
        #expect((1...10).contains(strategy["weight"]?.int ?? 0))
        used.formUnion(factors)
        for pair in strategy["never"]?.array ?? [] {
          pairs += 1
          let first = try #require(factorOf[pair["first"]?.string ?? ""])
          let second = try #require(factorOf[pair["second"]?.string ?? ""])
          // Both factors stay open, so that the pair forbids some mixes but not all.
          #expect(first != second && combined.contains(first) && combined.contains(second))
        }
      }
      #expect(used == ["A", "B", "C", "D"])
    }
    #expect(pairs > 0)
  }

  @Test("the number of strategies keeps to its limits", arguments: [1...1, 3...3, 7...9])
  func strategyCount(_ range: ClosedRange<Int>) throws {
    for index in 0..<10 {
      let strategies = try strategies(range.lowerBound, range.upperBound, draw: "plan \(index)")
      #expect(range.contains(strategies.count))
    }
  }

  @Test("a level plan is one or two sentences about the factor")
  func levelPlan() throws {
    let plan = try teacher.json(
      Requests.request(
        "plan-level",
        [
          "description": "maths", "factor": "Setting", "level": 1,
          "nodes": ["Setting > At home", "Setting > At school"],
        ], draw: "level 1"))["plan"]?.string
    #expect(plan?.contains("Setting") == true)
  }

  @Test("scenarios name the requirements, are distinct in a call and over calls")
  func scenarios() throws {
    var all: [String] = []
    for slot in 0..<500 {
      let scenarios = try teacher.strings(
        Requests.scenarios(count: 4, draw: "slot \(slot) attempt 0"), "scenarios")
      #expect(scenarios.count == 4)
      all += scenarios
    }
    #expect(all.allSatisfy { $0.contains("Taking away") && $0.contains("Bakery") })
    #expect(all.count - Set(all).count < 3)
    let many = try teacher.strings(Requests.scenarios(count: 200, draw: "x"), "scenarios")
    #expect(Set(many).count == 200)
  }
}
