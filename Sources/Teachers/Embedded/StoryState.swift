/// The amounts that a story has told so far.
struct StoryState {
  private(set) var working = Working()
  private var current: Working.Term?
  private var second: Working.Term?

  /// The running amount; 0 before the story begins.
  var amount: Int { current.map(working.value) ?? 0 }

  var stepCount: Int { working.steps.count }

  /// Takes in one sentence; false when its numbers do not fit it or the story so far.
  ///
  /// Only the first one or two numbers of a list count, as many as the action needs.
  mutating func apply(_ action: SentenceAction, _ numbers: [Int]) -> Bool {
    guard working.asked == nil else { return action == .colour || action == .distraction }
    guard numbers.count == action.numberCount || action == .distraction else { return false }
    let first = Working.Term.number(numbers.first ?? 0)
    switch action {
    case .colour, .distraction: return true
    case .open, .add:
      guard let amount = current else { return begin(first) }
      return move(working.step(.add, amount, first))
    case .openProduct, .addProduct:
      guard let product = working.step(.multiply, first, .number(numbers[1])) else { return false }
      guard let amount = current else { return begin(product) }
      return move(working.step(.add, amount, product))
    case .subtractProduct:
      guard let amount = current,
        let product = working.step(.multiply, first, .number(numbers[1]))
      else { return false }
      return move(working.step(.subtract, amount, product))
    default: return applyStep(action, first)
    }
  }

  private mutating func applyStep(_ action: SentenceAction, _ number: Working.Term) -> Bool {
    guard let amount = current else { return false }
    switch action {
    case .subtract: return move(working.step(.subtract, amount, number))
    case .multiply, .convert: return move(working.step(.multiply, amount, number))
    case .double: return move(working.step(.multiply, amount, .number(2)))
    case .triple: return move(working.step(.multiply, amount, .number(3)))
    case .divide: return move(working.step(.divide, amount, number))
    case .halve: return move(working.step(.divide, amount, .number(2)))
    case .more: return meet(working.step(.add, amount, number))
    case .fewer: return meet(working.step(.subtract, amount, number))
    case .times: return meet(working.step(.multiply, amount, number))
    case .askCurrent: return ask(amount)
    case .askMissing: return ask(working.step(.subtract, number, amount))
    case .askDivided: return ask(working.step(.divide, amount, number))
    case .askMultiplied: return ask(working.step(.multiply, amount, number))
    case .askReduced: return ask(working.step(.subtract, amount, number))
    case .askIncreased: return ask(working.step(.add, amount, number))
    default: return applyToBoth(action, amount)
    }
  }

  private mutating func applyToBoth(_ action: SentenceAction, _ amount: Working.Term) -> Bool {
    guard let second else { return false }
    switch action {
    case .askSecond: return ask(second)
    case .askTogether: return ask(working.step(.add, amount, second))
    case .askApart:
      let isLess = working.value(of: second) < working.value(of: amount)
      return ask(
        isLess ? working.step(.subtract, amount, second) : working.step(.subtract, second, amount))
    default: return false
    }
  }

  private mutating func begin(_ term: Working.Term) -> Bool {
    current = term
    return true
  }

  private mutating func move(_ term: Working.Term?) -> Bool {
    guard let term, second == nil else { return false }
    current = term
    return true
  }

  private mutating func meet(_ term: Working.Term?) -> Bool {
    guard let term, second == nil else { return false }
    second = term
    return true
  }

  private mutating func ask(_ term: Working.Term?) -> Bool {
    working.asked = term
    return term != nil
  }
}

extension SentenceAction {
  /// How many numbers a sentence of this action holds; distractions hold any.
  var numberCount: Int {
    switch self {
    case .openProduct, .addProduct, .subtractProduct: 2
    case .double, .triple, .halve, .colour, .askCurrent, .askSecond, .askTogether, .askApart: 0
    default: 1
    }
  }
}
