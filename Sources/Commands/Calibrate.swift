import ArgumentParser
import ArtifactStore
import Foundation
import Logging
import Simula
import Teachers

struct Calibrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "calibrate",
    abstract: "Measure how far the critics can be relied on",
    discussion: """
      The double critic judges answers known to be right and answers known to be wrong, in the form \
      that the recipe has. From how often it accepts either, and from the share of attempts that it \
      accepted in this version, follows how many of the accepted answers are right. The requirement \
      critic judges samples beside their own requirements and beside those of another slot.

      Right answers come from --gold, a file of JSON lines with the sample's question and answer. \
      Without it the accepted samples are taken for right, which is circular: the critic's own \
      errors count as truth. No other source of right answers is used, since no code can tell for \
      questions in general which answers are right.

      Wrong answers are the generator's own to the gold questions where there are 30 of them, else \
      also a model's small changes of right answers, and where it gives none, other choices, other \
      numbers or answers to other questions. The rate depends on that, so each source is shown.

      Only calls are written, so that the same calibration asks nothing the next time. Ctrl-C stops \
      and keeps every answer.

      EXAMPLES
        stemma calibrate --gold right-answers.jsonl
        stemma calibrate --gold right-answers.jsonl --count 400
        stemma calibrate --json

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Option(
    help: ArgumentHelp(
      "Questions with right answers, as JSON lines; - is standard input.",
      valueName: "file"))
  var gold: String?

  @Option(
    help: ArgumentHelp(
      "The most right answers, wrong answers and samples to judge.", valueName: "n"))
  var count = CalibrationRun.defaultCount

  func validate() throws {
    guard CalibrationRun.countLimits.contains(count) else {
      throw ValidationError("'--count \(count)' is outside \(CalibrationRun.countLimits)")
    }
  }

  func run() async throws {
    let store = try dataset.store()
    let reporter = RunReporter()
    MissingCalls.warn(store)
    let (gold, count) = (gold, count)
    let report = try await TeacherFactory.withFactory { factory in
      defer { reporter.end() }
      let calibration = CalibrationRun(store, observer: reporter) { settings in
        try factory.make(settings)
      }
      return try await Interruption.stopping {
        guard let gold else { return try await calibration.run(count: count) }
        return try await calibration.run(count: count) { form in
          let file = try InputFile(gold)
          return try GoldReader.read(file.descriptor, name: file.name, form: form)
        }
      }
    }
    CalibrationSummary(report).print(asJSON: form.isJSON)
    Housekeeping(store).tidy()
  }
}
