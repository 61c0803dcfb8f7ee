import CanonicalJSON
import Dataset
import Simula
import Teachers

/// A calibration in the form that programs read.
struct CalibrationJSON {
  let report: CalibrationReport

  init(_ report: CalibrationReport) { self.report = report }

  var members: [(String, JSON)] {
    [
      ("critic", .string(report.criticModel)), ("generator", .string(report.generatorModel)),
      ("double", report.double.map(double) ?? .null),
      ("requirements", report.requirements.map(requirements) ?? .null),
      ("complexity", complexity),
      ("asked", JSON(report.counts.asked)), ("cached", JSON(report.counts.cached)),
      ("notices", .array(report.notices.map { .string($0) })),
      ("next", .array(CalibrationAdvice(report).steps.map { .string($0) })),
    ]
  }

  private func double(_ double: CalibrationReport.Double) -> JSON {
    let estimate = double.estimate
    let wrong = WrongSource.allCases.compactMap { source in
      double.wrong[source].map { count -> JSON in
        var object = JSONObject([("source", .string(source.rawValue))])
        for (name, value) in members(count) { object[name] = value }
        return .object(object)
      }
    }
    return [
      "form": .string(double.form.rawValue), "verdict": .string(estimate.verdict.rawValue),
      "right-source": .string(double.rightSource.rawValue), "right": rate(double.right),
      "wrong": .array(wrong),
      "attempts": rate(double.attempts),
      "outcomes": .object(
        JSONObject(double.outcomes.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })),
      "generator-on-gold": double.generator.map(rate) ?? .null,
      "a": json(estimate.right), "b": json(estimate.wrong), "s": json(estimate.share),
      "difference": json(estimate.difference), "m": json(estimate.before),
      "accuracy": json(estimate.after),
    ]
  }

  private func requirements(_ rates: RequirementRates) -> JSON {
    [
      "own-mix": rate(rates.own), "other-mix": rate(rates.other), "own-rate": json(rates.ownRate),
      "other-rate": json(rates.otherRate), "difference": json(rates.difference),
    ]
  }

  private var complexity: JSON {
    guard let advice = report.complexity else { return .null }
    return [
      "fraction": .number(report.fraction), "plain": rate(report.plain),
      "complexified": rate(report.complexified), "plain-rate": json(advice.plain),
      "complexified-rate": json(advice.complexified), "difference": json(advice.difference),
      "suggested-fraction": advice.fraction.map { .number($0) } ?? .null,
    ]
  }

  private func rate(_ count: AcceptanceCount) -> JSON {
    .object(JSONObject(members(count)))
  }

  private func members(_ count: AcceptanceCount) -> [(String, JSON)] {
    [
      ("accepted", JSON(count.accepted)), ("judged", JSON(count.judged)),
      ("unjudged", JSON(count.unjudged)),
    ]
  }

  private func json(_ estimate: Estimate?) -> JSON {
    guard let estimate else { return .null }
    return [
      "value": .number(estimate.value), "low": .number(estimate.low),
      "high": .number(estimate.high),
    ]
  }
}
