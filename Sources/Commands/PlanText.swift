import CanonicalJSON
import Foundation
import Simula

/// What a run would ask and cost, for people and for programs.
struct PlanText {
  private static var figures: [KeyPath<RunEstimate.Stage, Likely?>] {
    [\.calls, \.inputTokens, \.outputTokens, \.money]
  }

  private let estimate: RunEstimate

  init(_ estimate: RunEstimate) { self.estimate = estimate }

  func print(asJSON isJSON: Bool) {
    if isJSON { printJSON() } else { printText() }
  }

  private func printText() {
    var rows = [["Stage", "State", "Calls", "Tokens in", "Tokens out", "Cost", "Answered"]]
    for stage in estimate.stages {
      let asks = (stage.calls?.high ?? 0) > 0
      rows.append(
        [stage.stage.rawValue, Status.word(stage.freshness)]
          + Self.figures.map { figure in
            asks ? Self.text(stage[keyPath: figure], isMoney: figure == \.money) : "-"
          } + [stage.cachedShare.map { "\(Int(($0 * 100).rounded(.down)))%" } ?? "-"])
    }
    rows.append(
      ["all", ""]
        + Self.figures.map { Self.text(estimate.total($0), isMoney: $0 == \.money) } + [""])
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      var line = ""
      for (cell, width) in zip(row, widths) {
        line += cell.padding(toLength: width + 2, withPad: " ", startingAt: 0)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      Output.line(line)
    }
    for stage in estimate.stages where (stage.calls?.high ?? 0) > 0 && !stage.basis.isEmpty {
      Output.line("\(stage.stage.rawValue): \(stage.basis)")
    }
    if estimate.total(\.calls)?.high == 0 {
      Output.line("A run asks nothing: every answer is there.")
    } else if estimate.total(\.outputTokens) == nil {
      Output.line("What an answer takes is not known yet; 'stemma plan --pilot 10' measures it.")
    }
    if !estimate.unpriced.isEmpty {
      let names = estimate.unpriced.map { "'\($0)'" }.joined(separator: ", ")
      Output.line("No cost is counted for \(names): 'prices' in recipe.yaml says nothing of it.")
    }
  }

  /// Such as `1200 (900-1700)`.
  private static func text(_ figure: Likely?, isMoney: Bool) -> String {
    guard let figure else { return "?" }
    func number(_ value: Double) -> String {
      if isMoney { return Money.text(value) }
      let step = pow(10, max(0, floor(log10(max(value, 1))) - 2))
      return String(format: "%.0f", (value / step).rounded() * step)
    }
    let value = number(figure.value)
    return figure.low == figure.high
      ? value : "\(value) (\(number(figure.low))-\(number(figure.high)))"
  }

  private func printJSON() {
    func json(_ figure: Likely?) -> JSON {
      figure.map {
        ["value": .number($0.value), "low": .number($0.low), "high": .number($0.high)]
      } ?? .null
    }
    Output.json(
      "plan",
      [
        ("wanted", JSON(estimate.wanted)),
        (
          "stages",
          .array(
            estimate.stages.map { stage in
              [
                "stage": .string(stage.stage.rawValue),
                "state": .string(Status.word(stage.freshness)), "calls": json(stage.calls),
                "input-tokens": json(stage.inputTokens),
                "output-tokens": json(stage.outputTokens), "money": json(stage.money),
                "answered-share": stage.cachedShare.map { .number($0) } ?? .null,
                "basis": .string(stage.basis),
              ]
            })
        ), ("calls", json(estimate.total(\.calls))),
        ("input-tokens", json(estimate.total(\.inputTokens))),
        ("output-tokens", json(estimate.total(\.outputTokens))),
        ("money", json(estimate.total(\.money))),
        ("unpriced", .array(estimate.unpriced.map { .string($0) })),
      ])
  }
}
