import ArgumentParser
import ArtifactStore
import Foundation
import Simula
import Teachers

struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "plan",
    abstract: "Estimate what a run would ask and cost",
    discussion: """
      Nothing is asked, unless a pilot is: it asks for some samples and measures them. Their answers \
      are kept, so that the run does not ask for them again. Each figure has bounds that hold what the \
      run comes to 19 times of 20. Costs need 'prices' in recipe.yaml.

      EXAMPLES
        stemma plan
        stemma plan --pilot 10
        stemma plan --json

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Option(help: ArgumentHelp("Ask for so many samples, to measure them.", valueName: "n"))
  var pilot: Int?

  func validate() throws {
    if let pilot, !PlanRun.pilotLimits.contains(pilot) {
      throw ValidationError("'--pilot \(pilot)' is outside \(PlanRun.pilotLimits)")
    }
  }

  func run() async throws {
    let store = try dataset.store()
    let reporter = RunReporter()
    MissingCalls.warn(store)
    let count = pilot ?? 0
    let estimate = try await TeacherFactory.withFactory { factory in
      defer { reporter.end() }
      reporter.follow(factory.client)
      let plan = PlanRun(store, observer: reporter) { settings in try factory.make(settings) }
      return try await Interruption.stopping { try await plan.run(pilotCount: count) }
    }
    PlanText(estimate).print(asJSON: form.isJSON)
  }
}
