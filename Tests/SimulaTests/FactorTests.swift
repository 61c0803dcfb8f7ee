import ArtifactStore
import CanonicalJSON
import Dataset
import Simula
import Teachers
import Testing

@Suite("Finding factors")
struct FactorTests {
  private func teacher(
    _ proposals: [[String]], _ edits: [String: (action: String, target: String)] = [:]
  ) -> ScriptedTeacher {
    ScriptedTeacher { request throws(TeacherError) in
      guard request.task == "propose-factors" else { return GrowthScript.review(request, edits) }
      let number = Int(request.draw.split(separator: " ").last ?? "") ?? 0
      return .stop((["factors": .array(proposals[number].map { .string($0) })] as JSON).text)
    }
  }

  private func factors(
    _ bench: Bench, _ teacher: ScriptedTeacher, given: [String]? = nil
  ) async throws -> (names: [String], log: GrowthLog) {
    var recipe = bench.recipe
    recipe.factors = given
    recipe.taxonomy.factorCount = 2...3
    let log = GrowthLog()
    let asker = try bench.asker(teacher, recipe: recipe)
    return (try await FactorStage(asker, log: log).run(), log)
  }

  @Test("Factors that the recipe names are taken without a call")
  func given() async throws {
    try await Bench.with { bench in
      let teacher = teacher([])
      let found = try await factors(bench, teacher, given: ["Mood", "Place"])
      #expect(found.names == ["Mood", "Place"])
      #expect(teacher.requests.isEmpty)
      #expect(found.log.records.isEmpty)
    }
  }

  @Test("Proposals are united, the critic removes, and the most voted come first")
  func proposed() async throws {
    try await Bench.with { bench in
      let teacher = teacher(
        [["Mood", "Place", "Time", "Colour"], ["place", "Time"]], ["c3": ("remove", "")])
      let found = try await factors(bench, teacher)
      #expect(found.names == ["Place", "Time", "Colour"])
      #expect(teacher.requests.count == 3)
      #expect(found.log.records.map(\.kind) == [.proposals, .proposals, .edits])
    }
  }

  @Test("A critic that leaves too few factors is overruled by the votes")
  func tooFew() async throws {
    try await Bench.with { bench in
      let teacher = teacher(
        [["Mood", "Place", "Time"], ["Place", "Time"]],
        ["c1": ("remove", ""), "c2": ("remove", ""), "c3": ("remove", "")])
      let found = try await factors(bench, teacher)
      #expect(found.names == ["Place", "Time"])
      #expect(found.log.notices.count == 1)
    }
  }

  @Test("Too few proposed factors stop the run")
  func none() async throws {
    try await Bench.with { bench in
      for proposals in [[["Mood"], ["mood"]], [[], []]] {
        let error = await #expect(throws: SimulaError.self) {
          _ = try await factors(bench, teacher(proposals))
        }
        #expect(error?.code == .unusableAnswers)
      }
    }
  }
}
