import CanonicalJSON
import Dataset
import Foundation
import Simula
import Teachers

/// What a calibration came to, for people and for programs.
struct CalibrationSummary {
  private let report: CalibrationReport

  init(_ report: CalibrationReport) { self.report = report }

  func print(asJSON isJSON: Bool) {
    if isJSON {
      Output.json("calibration", CalibrationJSON(report).members)
    } else {
      printText()
    }
  }

  private func printText() {
    Output.line("Critic: \(report.criticModel)")
    if let double = report.double { printDouble(double) }
    if let requirements = report.requirements { printRequirements(requirements) }
    printComplexity()
    for notice in report.notices { Output.line("note: \(notice)") }
    let counts = report.counts
    Output.line(
      "Calls: \(counts.asked + counts.cached), of which \(counts.asked) asked and "
        + "\(counts.cached) reused from the cache.")
    for step in CalibrationAdvice(report).steps { Output.line("next: \(step)") }
  }

  private func printDouble(_ double: CalibrationReport.Double) {
    let estimate = double.estimate
    Output.line()
    heading("Double critic, '\(double.form.rawValue)'", of: "rate")
    row("a  right answers accepted", estimate.right, double.right, Self.name(double.rightSource))
    let wrong = double.wrong.values.reduce(AcceptanceCount(), +)
    row("b  wrong answers accepted", estimate.wrong, wrong, "")
    for source in WrongSource.allCases {
      guard let count = double.wrong[source] else { continue }
      row("     " + Self.name(source), nil, count, "")
    }
    row("S  attempts accepted", estimate.share, double.attempts, "of this version")
    row("a - b", estimate.difference, nil, "")
    row("m  accuracy before the critic", estimate.before, nil, "")
    row("   accuracy of what it accepts", estimate.after, nil, "")
    if let generator = double.generator {
      row("   generator on gold questions", nil, generator, "")
    }
    Output.line("Verdict: \(verdict(double))")
  }

  private func verdict(_ double: CalibrationReport.Double) -> String {
    switch double.estimate.verdict {
    case .helps: "the critic helps: it accepts right answers more often than wrong ones."
    case .hurts: "the critic does not help: it accepts wrong answers more often than right ones."
    case .notIdentifiable:
      "not identifiable: the interval of a - b holds 0, so that no accuracy can be given."
    }
  }

  private func printRequirements(_ rates: RequirementRates) {
    Output.line()
    heading("Requirement critic", of: "accepted")
    row("   samples with their own mix", rates.ownRate, rates.own, "should be near 1")
    row("   with another slot's mix", rates.otherRate, rates.other, "should be near 0")
    if let difference = rates.difference {
      Output.line(
        difference.low > 0
          ? "Verdict: it tells samples of another mix apart."
          : "Verdict: nothing shows that it tells samples of another mix apart.")
    }
  }

  private func printComplexity() {
    guard let complexity = report.complexity else { return }
    Output.line()
    heading("Attempts of this version", of: "accepted")
    row("   plain meta-prompts", complexity.plain, report.plain, "")
    row("   complexified meta-prompts", complexity.complexified, report.complexified, "")
    if let fraction = complexity.fraction {
      Output.line(
        "Complexified attempts are accepted less often: try 'complexity: {fraction: \(fraction)}', "
          + "which is \(report.fraction) now.")
    }
  }

  private func heading(_ title: String, of rate: String) {
    let space = String(repeating: " ", count: max(1, 39 - title.count - rate.count))
    Output.line("\(title)\(space)\(rate)  95% interval   accepted/judged")
  }

  private func row(
    _ label: String, _ estimate: Estimate?, _ count: AcceptanceCount?, _ remark: String
  ) {
    var line = label.padding(toLength: max(33, label.count + 1), withPad: " ", startingAt: 0)
    let rate = estimate?.value ?? count?.rate
    line += rate.map { String(format: "%6.3f", $0) } ?? "     -"
    let interval = estimate.map { String(format: "%.3f-%.3f", $0.low, $0.high) } ?? ""
    line += "  " + interval.padding(toLength: 13, withPad: " ", startingAt: 0)
    if let count {
      line += "  \(count.accepted)/\(count.judged)"
      if count.unjudged > 0 { line += ", \(count.unjudged) unjudged" }
    }
    if !remark.isEmpty { line += "  \(remark)" }
    while line.last == " " { line.removeLast() }
    Output.line(line)
  }

  static func name(_ source: CalibrationReport.RightSource) -> String {
    switch source {
    case .gold: "of the gold file"
    case .circular: "circular: accepted samples"
    }
  }

  static func name(_ source: WrongSource) -> String {
    switch source {
    case .generator: "the generator's own"
    case .altered: "altered by a model"
    case .changed: "changed by code"
    }
  }
}
