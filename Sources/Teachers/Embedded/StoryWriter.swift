/// Writes one word problem, sentence by sentence, and keeps account of its amounts.
struct StoryWriter {
  /// The most steps of a problem.
  static let stepLimit = 6

  private var chance: Chance
  private let wishes: StoryWishes
  private let cast: StoryCast
  private var kind: Grammar.Kind
  private var text: [UInt8] = []
  private var state = StoryState()
  private var numbers: [Int] = []
  private var hasNamedSecond = false

  init(seed: UInt64, wishes: StoryWishes) {
    chance = Chance(seed, "story")
    self.wishes = wishes
    cast = StoryCast(wishes, &chance)
    let draw = chance.below(5)
    kind = wishes.kind ?? Grammar.Kind.drawn(draw)
    text.reserveCapacity(640)
  }

  /// The problem's text, and how its answer follows.
  static func write(seed: UInt64, wishes: StoryWishes) -> (problem: String, working: Working) {
    var writer = StoryWriter(seed: seed, wishes: wishes)
    writer.tell()
    return (String(decoding: writer.text, as: UTF8.self), writer.state.working)
  }

  /// A short heading, such as "Muffins at the bakery".
  static func heading(seed: UInt64, wishes: StoryWishes) -> String {
    let cast = StoryWriter(seed: seed, wishes: wishes).cast
    return cast.object.prefix(1).uppercased() + cast.object.dropFirst() + " " + cast.place
  }

  private mutating func tell() {
    var steps = wishes.steps ?? 2 + chance.below(3)
    if wishes.isHarder { steps += 2 }
    steps = min(max(steps, 2), StoryWriter.stepLimit)
    open()
    let closing = closing(within: steps - state.stepCount)
    let middle = steps - closing.cost
    var wanted = wishes.operation
    var distractions = wishes.isHarder ? 1 + chance.below(2) : chance.below(6) / 5
    while state.stepCount < middle {
      if distractions > 0, chance.happens(0.5) {
        distractions -= 1
        distract()
      } else if chance.happens(0.15) {
        sentence(.colour, [])
      }
      continueStory(wanted, steps: middle - state.stepCount)
      wanted = nil
    }
    for _ in 0..<distractions { distract() }
    close(closing.kind)
  }

  // MARK: Beginning and end

  private mutating func open() {
    let divisor = wishes.operation == .divide ? chance.within(2...9) : 1
    if chance.happens(wishes.operation == .multiply ? 0.8 : 0.35) {
      sentence(.openProduct, [divisor == 1 ? factor() : divisor, factor()])
    } else {
      sentence(.open, [max(quantity(), 4) * divisor])
    }
  }

  private enum Closing { case current, oneMoreStep, second, twoPeople }

  /// How the problem ends, and how many steps the end takes of those that are left.
  private mutating func closing(within steps: Int) -> (kind: Closing, cost: Int) {
    let draw = chance.uniform()
    let room = wishes.operation == nil ? steps : steps - 1
    if room >= 2, wishes.comparesPeople || draw < 0.2 { return (.twoPeople, 2) }
    if room >= 1, draw < 0.5 { return (.oneMoreStep, 1) }
    if room >= 1, draw < 0.6 { return (.second, 1) }
    return (.current, 0)
  }

  private mutating func close(_ closing: Closing) {
    switch closing {
    case .current: sentence(.askCurrent, [])
    case .oneMoreStep: askAfterStep()
    case .second:
      compare()
      sentence(.askSecond, [])
    case .twoPeople:
      compare()
      let apart = kind != .goal && chance.happens(0.15)
      sentence(apart ? .askApart : .askTogether, [])
    }
  }

  private mutating func askAfterStep() {
    let amount = state.amount
    switch chance.below(5) {
    case 0 where kind != .goal: sentence(.askMissing, [amount + quantity()])
    case 1 where kind == .objects && amount < 100_000: sentence(.askMultiplied, [factor()])
    case 2 where amount > 3: sentence(.askReduced, [part(of: amount)])
    case 3: sentence(.askIncreased, [quantity()])
    default:
      if let divisor = divisor(of: amount) {
        sentence(.askDivided, [divisor])
      } else {
        sentence(.askIncreased, [quantity()])
      }
    }
  }

  private mutating func compare() {
    let amount = state.amount
    switch chance.below(3) {
    case 0 where amount > 3: sentence(.fewer, [part(of: amount)])
    case 1 where amount < 100_000: sentence(.times, [factor()])
    default: sentence(.more, [quantity()])
    }
  }

  // MARK: Middle

  /// Tells one more thing that changes the amount, of at most that many steps.
  private mutating func continueStory(_ wanted: Working.Operation?, steps: Int) {
    let amount = state.amount
    let choice: Int =
      switch wanted {
      case .add: 0
      case .subtract: 20
      case .multiply: 60
      case .divide: 80
      case nil: chance.below(100)
      }
    let isLarge = amount > 100_000
    switch choice {
    case ..<18: sentence(.add, [quantity()])
    case ..<40 where amount > 3: sentence(.subtract, [part(of: amount)])
    case 40..<50 where steps >= 2: sentence(.addProduct, [factor(), factor()])
    case 50..<60 where steps >= 2 && amount > 12:
      let each = chance.within(2...min(9, amount / 4))
      sentence(.subtractProduct, [chance.within(2...min(9, amount / each - 1)), each])
    case 60..<68 where !isLarge: sentence(.multiply, [chance.within(2...5)])
    case 68..<74 where !isLarge: sentence(.double, [])
    case 74..<78 where !isLarge: sentence(.triple, [])
    case 78..<90:
      if let divisor = divisor(of: amount) { return sentence(.divide, [divisor]) }
      sentence(.add, [quantity()])
    case 90..<95 where amount > 3 && amount.isMultiple(of: 2): sentence(.halve, [])
    case 95... where kind == .objects && !isLarge:
      sentence(.convert, [chance.within(2...12)])
      kind = .money
    default: sentence(.add, [quantity()])
    }
  }

  private mutating func distract() {
    sentence(.distraction, [chance.within(7...59)])
  }

  // MARK: Numbers

  private mutating func quantity() -> Int {
    switch wishes.scale {
    case .small: chance.within(2...12)
    case .twoDigits: chance.within(10...99)
    case .large: chance.within(100...999)
    case nil: chance.happens(0.6) ? chance.within(3...60) : chance.within(20...180)
    }
  }

  private mutating func factor() -> Int {
    wishes.scale == .large ? chance.within(11...40) : chance.within(2...12)
  }

  /// A number that leaves at least 2 of an amount of at least 4, so that no word needs a singular.
  private mutating func part(of amount: Int) -> Int {
    let number = quantity()
    return number < amount - 1 ? number : 2 + chance.below(amount - 3)
  }

  private mutating func divisor(of amount: Int) -> Int? {
    guard amount > 3 else { return nil }
    let start = chance.below(11)
    for offset in 0..<11 {
      let divisor = 2 + (start + offset) % 11
      if divisor < amount, amount.isMultiple(of: divisor) { return divisor }
    }
    return nil
  }

  // MARK: Sentences

  private mutating func sentence(_ action: SentenceAction, _ numbers: [Int]) {
    let isFirst = text.isEmpty
    let template = chance.element(of: Grammar.shared.templates(kind, action))
    guard state.apply(action, numbers) else {
      preconditionFailure("a story of impossible amounts: \(action) \(numbers)")
    }
    if !isFirst { text.append(UInt8(ascii: " ")) }
    let start = text.count
    if !isFirst, template.takesTime, chance.happens(0.35) {
      text += chance.element(of: WordLists.times).utf8
      text += ", ".utf8
    }
    for piece in template.pieces {
      switch piece {
      case .text(let bytes): text += bytes
      case .slot(let slot): fill(slot, numbers)
      }
    }
    if text[start] &- UInt8(ascii: "a") < 26 { text[start] &-= 0x20 }
    if text.last != UInt8(ascii: "?"), text.last != UInt8(ascii: ".") {
      text.append(UInt8(ascii: "."))
    }
  }

  private mutating func fill(_ slot: Grammar.Slot, _ numbers: [Int]) {
    switch slot {
    case .first: text.append(decimal: numbers[0])
    case .other: text.append(decimal: numbers[1])
    case .item: text += chance.element(of: WordLists.items).utf8
    case .chore: text += chance.element(of: WordLists.chores).utf8
    case .subject: text += cast.words(for: chance.happens(0.5) ? .he : .name).utf8
    case .second where !hasNamedSecond:
      hasNamedSecond = true
      if chance.happens(0.6) {
        text += cast.words(for: .his).utf8
        text.append(UInt8(ascii: " "))
        text += cast.relation.utf8
        text.append(UInt8(ascii: " "))
      }
      text += cast.second.utf8
    default: text += cast.words(for: slot).utf8
    }
  }
}
