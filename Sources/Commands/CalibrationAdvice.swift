import Dataset
import Simula

/// What to do after a calibration.
struct CalibrationAdvice {
  let report: CalibrationReport

  init(_ report: CalibrationReport) { self.report = report }

  var steps: [String] {
    var steps: [String] = []
    if let double = report.double {
      if double.rightSource == .circular {
        steps.append("write some dozens of questions with right answers to a file: --gold FILE")
      }
      switch double.estimate.verdict {
      case .helps:
        if double.estimate.share == nil {
          steps.append("'stemma run' makes attempts, whose accuracy can then be estimated")
        } else if let after = double.estimate.after, after.high - after.low > 0.1 {
          steps.append("a higher --count, or more gold answers, make the interval narrower")
        }
      case .hurts: steps.append(Self.better(double.form))
      case .notIdentifiable:
        steps.append("try a higher --count; if that does not help, " + Self.better(double.form))
      }
    }
    if let difference = report.requirements?.difference, difference.low <= 0 {
      steps.append(
        "for the requirements use a stronger critic ('teachers: {critic: ...}'), or none "
          + "('critics: {requirements: false}')")
    }
    return steps
  }

  private static func better(_ form: CriticKnobs.Double) -> String {
    "use a stronger critic ('teachers: {critic: ...}')"
      + (form == .ask ? ", or 'critics: {double: solve}' where code can compare answers" : "")
  }
}
