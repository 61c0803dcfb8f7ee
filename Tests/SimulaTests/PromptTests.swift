import CanonicalJSON
import Foundation
import Prompts
import Simula
import Teachers
import Testing

@Suite("built-in prompts")
struct PromptTests {
  private static func text(_ task: PromptTask, _ inputs: JSONObject) throws -> String {
    let builtIn = try #require(BuiltInPrompt.all.first { $0.task == task.rawValue })
    let template = try PromptTemplate(task, bytes: Array(builtIn.text.utf8))
    return try #require(template.messages(inputs).last).text
  }

  @Test(
    "a plan is named only where there is one",
    arguments: [
      PromptTask.proposeChildren, .reviewChildren,
    ])
  func plan(task: PromptTask) throws {
    var inputs = JSONObject([
      ("node", "Boats"), ("path", "Vehicles > Boats"), ("plan", ""), ("siblings", []),
      ("hasSiblings", .bool(false)), ("minimum", 2), ("maximum", 4), ("candidates", []),
    ])
    #expect(!(try Self.text(task, inputs).contains("Plan")))
    inputs["plan"] = "By propulsion."
    #expect(try Self.text(task, inputs).contains("\nPlan for this level: By propulsion.\n"))
  }

  @Test("samples differ only behind what all of them share")
  func sharedStart() throws {
    func prompt(_ scenario: String) throws -> String {
      try Self.text(
        .generate,
        JSONObject([
          ("description", "Sums."), ("scenario", .string(scenario)), ("schema", "{}"),
          ("requirements", [["factor": "Place", "path": .string("Place > \(scenario)")]]),
          ("examples", ["{\"question\":\"1 + 1?\"}"]),
        ]))
    }
    let shared = try prompt("market").commonPrefix(with: prompt("harbour"))
    for part in ["Sums.", "{}", "1 + 1?"] { #expect(shared.contains(part)) }
    #expect(try prompt("harbour").contains("- Place: Place > harbour\nScenario: harbour\n"))
  }
}
