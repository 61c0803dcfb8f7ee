import Dataset

/// What everybody knows about one question: its true answer, and the one wrong answer to it.
struct QuestionFacts {
  let working: Working
  private let seed: UInt64

  /// Takes the problem's own text, which all else is a function of.
  init(problem: String, working: Working) {
    self.working = working
    var fields = SeedFields("embedded question")
    fields.add(problem)
    seed = fields.seed()
  }

  /// Reads the first line that is a whole problem, or gives nil when there is none.
  ///
  /// A line may begin with a label such as `question:`.
  init?(question: String) {
    let bytes = Array(question.utf8)
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      if let range = QuestionFacts.problem(in: bytes[start..<end]),
        let working = QuestionFacts.working(bytes, range)
      {
        let problem =
          range.count == bytes.count ? question : String(decoding: bytes[range], as: UTF8.self)
        self.init(problem: problem, working: working)
        return
      }
      start = end + 1
    }
    return nil
  }

  var answer: Int { working.answer ?? 0 }

  /// Whether the generator answers this question wrong.
  func isMissed(_ rates: EmbeddedRates) -> Bool {
    var chance = Chance(seed, "missed")
    return chance.happens(rates.wrongAnswers)
  }

  /// The one wrong answer that is ever given to this question.
  var slip: Working.Slip {
    var chance = Chance(seed, "slip")
    return working.slip(&chance)
  }

  /// The line without its label and the blanks around it.
  private static func problem(in line: ArraySlice<UInt8>) -> Range<Int>? {
    let colon = line.prefix(40).firstIndex(of: UInt8(ascii: ":"))
    let isBlank = { (byte: UInt8) in byte <= 0x20 }
    let rest = line[(colon.map { $0 + 1 } ?? line.startIndex)...]
    guard let start = rest.firstIndex(where: { !isBlank($0) }),
      let last = rest.lastIndex(where: { !isBlank($0) })
    else { return nil }
    return start..<(last + 1)
  }

  private static func working(_ bytes: [UInt8], _ range: Range<Int>) -> Working? {
    var scanner = WordScanner(bytes, from: range.lowerBound, to: range.upperBound)
    var state = StoryState()
    var skeleton = Skeleton()
    var numbers: [Int] = []
    while true {
      let token = scanner.next()
      switch token {
      case nil, .stop:
        if !skeleton.isEmpty {
          guard let action = Grammar.shared.action(ofSkeleton: skeleton.hash),
            state.apply(action, numbers)
          else { return nil }
          skeleton = Skeleton()
          numbers.removeAll(keepingCapacity: true)
        }
        if token == nil { return state.working.asked == nil ? nil : state.working }
      case .number(let number):
        guard let number else { return nil }
        numbers.append(number)
        skeleton.add(.number(number))
      case .word(let word): skeleton.add(.word(word))
      }
    }
  }
}
