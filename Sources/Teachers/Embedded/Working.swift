/// How an answer follows from the numbers of a problem, step by step.
struct Working {
  /// An operation, by its sign in ASCII.
  enum Operation: UInt8 {
    case add = 43
    case subtract = 45
    case multiply = 42
    case divide = 47
  }

  enum Term: Equatable {
    case number(Int)
    /// The result of an earlier step.
    case result(Int)
  }

  struct Step {
    let operation: Operation
    let left: Term
    let right: Term
  }

  /// A step that was done wrong, and what came out of it; no step when only the end was misread.
  struct Slip {
    let step: Int?
    let value: Int
    /// The answer that follows from it.
    let answer: Int
  }

  /// All amounts stay below this.
  static let limit = 1_000_000_000

  private(set) var steps: [Step] = []
  private(set) var results: [Int] = []
  /// The term that the problem asks for.
  var asked: Term?

  init() {
    steps.reserveCapacity(10)
    results.reserveCapacity(10)
  }

  /// The answer, or nil as long as nothing is asked.
  var answer: Int? { asked.map(value) }

  func value(of term: Term) -> Int { Working.value(of: term, in: results) }

  /// Takes one more step, unless its result is negative, too large or no whole number.
  mutating func step(_ operation: Operation, _ left: Term, _ right: Term) -> Term? {
    let result = Working.compute(operation, value(of: left), value(of: right))
    guard let result else { return nil }
    steps.append(Step(operation: operation, left: left, right: right))
    results.append(result)
    return .result(results.count - 1)
  }

  /// A plausible wrong answer: one step goes wrong, and the later ones carry it on.
  ///
  /// The chance must be a function of the question alone, so that everyone finds the same slip.
  func slip(_ chance: inout Chance) -> Slip {
    let truth = answer ?? 0
    for _ in 0..<8 where !steps.isEmpty {
      let place = chance.below(steps.count)
      guard let value = wrongResult(of: place, &chance),
        let wrong = carrying(value, from: place), wrong != truth
      else { continue }
      return Slip(step: place, value: value, answer: wrong)
    }
    let wrong = truth + 1 < Working.limit ? truth + 1 : truth - 1
    return Slip(step: nil, value: wrong, answer: wrong)
  }

  /// The steps as text, one on each line, the last with the answer.
  func explanation(with slip: Slip?, _ chance: inout Chance) -> String {
    var results = results
    if let slip, let place = slip.step { _ = carry(slip.value, from: place, in: &results) }
    var lines: [UInt8] = []
    lines.reserveCapacity(256)
    let style = chance.below(3)
    for (index, step) in steps.enumerated() {
      switch style {
      case 0:
        lines += "Step ".utf8
        lines.append(decimal: index + 1)
        lines += ": ".utf8
      case 1:
        let isLast = index == steps.count - 1
        lines += (index == 0 ? "First, " : isLast ? "Finally, " : "Then, ").utf8
      default: lines += (index == 0 ? "Start with " : "Next comes ").utf8
      }
      lines.append(decimal: Working.value(of: step.left, in: results))
      lines += [UInt8(ascii: " "), step.operation.rawValue, UInt8(ascii: " ")]
      lines.append(decimal: Working.value(of: step.right, in: results))
      lines += " = ".utf8
      lines.append(decimal: results[index])
      lines += ".\n".utf8
    }
    lines += "The answer is ".utf8
    lines.append(decimal: slip?.answer ?? answer ?? 0)
    lines.append(UInt8(ascii: "."))
    return String(decoding: lines, as: UTF8.self)
  }

  private static func value(of term: Term, in results: [Int]) -> Int {
    switch term {
    case .number(let number): number
    case .result(let index): results[index]
    }
  }

  private static func compute(_ operation: Operation, _ left: Int, _ right: Int) -> Int? {
    let result: Int
    switch operation {
    case .add: result = left + right
    case .subtract: result = left - right
    case .multiply: result = left * right  // both are below 10^9
    case .divide:
      guard right > 0, left % right == 0 else { return nil }
      result = left / right
    }
    return (0..<limit).contains(result) ? result : nil
  }

  private func wrongResult(of place: Int, _ chance: inout Chance) -> Int? {
    let step = steps[place]
    let kind = chance.below(6)
    let confused: Operation =
      switch step.operation {
      case .add: .subtract
      case .subtract, .multiply: .add
      case .divide: .subtract
      }
    let wrong: Int? =
      switch kind {
      case 0: results[place] + 1
      case 1: results[place] - 1
      case 2: results[place] + 10
      case 3: results[place] - 10
      default: Working.compute(confused, value(of: step.left), value(of: step.right))
      }
    guard let wrong, (0..<Working.limit).contains(wrong), wrong != results[place] else {
      return nil
    }
    return wrong
  }

  private func carrying(_ value: Int, from place: Int) -> Int? {
    var results = results
    guard carry(value, from: place, in: &results) else { return nil }
    return asked.map { Working.value(of: $0, in: results) }
  }

  /// Recomputes what follows a wrong result; false when that gives no whole amounts.
  private func carry(_ value: Int, from place: Int, in results: inout [Int]) -> Bool {
    results[place] = value
    for index in (place + 1)..<max(steps.count, place + 1) {
      let step = steps[index]
      let left = Working.value(of: step.left, in: results)
      let right = Working.value(of: step.right, in: results)
      guard let result = Working.compute(step.operation, left, right) else { return false }
      results[index] = result
    }
    return true
  }
}
