/// What a scenario and its requirements ask of a problem; nil leaves it to chance.
struct StoryWishes {
  enum Scale { case small, twoDigits, large }

  var woman: Int?
  var man: Int?
  /// Whether the first person named is a woman.
  var startsWithWoman: Bool?
  var object: Int?
  var activity: Int?
  var place: Int?
  /// Which of the built-in settings, in the order of its factor's first level.
  var setting: Int?
  var steps: Int?
  var isHarder = false
  var kind: Grammar.Kind?
  var scale: Scale?
  var operation: Working.Operation?
  var comparesPeople = false

  /// The words with which ``Scenarios`` asks for a harder problem.
  static let harder = "Make it trickier:"

  init() {}

  init(scenario: String, requirementPaths: [String]) {
    for path in requirementPaths { take(requirement: path) }
    read(Array(scenario.utf8))
  }

  private static let harderWord = WordScanner.hash("trickier")
  private static let moneyWord = WordScanner.hash("money")
  private static let stepWords = [WordScanner.hash("steps"), WordScanner.hash("step")]

  private mutating func read(_ scenario: [UInt8]) {
    var scanner = WordScanner(scenario)
    var lastNumber: Int?
    while let token = scanner.next() {
      switch token {
      case .stop: lastNumber = nil
      case .number(let number): lastNumber = number
      case .word(let word):
        if let meaning = FillerTable.shared.meaning(of: word) {
          take(meaning)
        } else if word == StoryWishes.harderWord {
          isHarder = true
        } else if word == StoryWishes.moneyWord {
          kind = kind ?? .money
        } else if StoryWishes.stepWords.contains(word) {
          steps = steps ?? lastNumber
        }
        lastNumber = nil
      }
    }
  }

  private mutating func take(_ meaning: FillerTable.Meaning) {
    switch meaning {
    case .filler: break
    case .woman(let index):
      woman = woman ?? index
      startsWithWoman = startsWithWoman ?? true
    case .man(let index):
      man = man ?? index
      startsWithWoman = startsWithWoman ?? false
    case .object(let index):
      object = object ?? index
      kind = kind ?? .objects
    case .activity(let index):
      activity = activity ?? index
      kind = kind ?? .goal
    case .place(let index): place = place ?? index
    }
  }

  /// What the first-level nodes of the built-in tree ask for, by the hash of their names.
  private static let nodes: [UInt64: @Sendable (inout StoryWishes) -> Void] = {
    var nodes: [UInt64: @Sendable (inout StoryWishes) -> Void] = [
      nameHash("Addition"): { $0.operation = .add },
      nameHash("Subtraction"): { $0.operation = .subtract },
      nameHash("Multiplication"): { $0.operation = .multiply },
      nameHash("Division"): { $0.operation = .divide },
      nameHash("Small whole numbers"): { $0.scale = .small },
      nameHash("Two-digit numbers"): { $0.scale = .twoDigits },
      nameHash("Larger whole numbers"): { $0.scale = .large },
      nameHash("Money amounts"): { $0.kind = .money },
      nameHash("Measured amounts"): { $0.kind = .goal },
      nameHash("Comparison"): { $0.comparesPeople = true },
      nameHash("Find a total"): { $0.comparesPeople = true },
    ]
    for (index, setting) in EmbeddedTree.settings.enumerated() {
      nodes[nameHash(setting)] = { $0.setting = index }
    }
    return nodes
  }()

  /// Reads the second name of a path such as "Operation > Addition > Joining two amounts".
  private mutating func take(requirement path: String) {
    let bytes = Array(path.utf8)
    let arrow = UInt8(ascii: ">")
    guard let start = bytes.firstIndex(of: arrow) else { return }
    let end = bytes[(start + 1)...].firstIndex(of: arrow) ?? bytes.count
    StoryWishes.nodes[StoryWishes.nameHash(bytes, start + 1, end)]?(&self)
    guard setting != nil, place == nil else { return }
    var scanner = WordScanner(bytes, from: end)
    while let token = scanner.next() {
      if case .word(let word) = token, case .place(let index) = FillerTable.shared.meaning(of: word)
      {
        place = index
      }
    }
  }

  private static func nameHash(_ name: String) -> UInt64 {
    nameHash(Array(name.utf8), 0, name.utf8.count)
  }

  private static func nameHash(_ bytes: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
    var scanner = WordScanner(bytes, from: start, to: end)
    var hash: UInt64 = 1
    while case .word(let word) = scanner.next() { hash = WordScanner.mixed(hash, word) }
    return hash
  }
}
