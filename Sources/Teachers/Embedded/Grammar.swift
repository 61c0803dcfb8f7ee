/// The sentences of ``SentenceTemplates``, ready to be written and to be recognised.
struct Grammar: Sendable {
  enum Kind: Int, CaseIterable {
    case objects, money, goal

    /// Most stories are about objects; takes a number below five.
    static func drawn(_ number: Int) -> Kind {
      number == 0 ? .goal : number == 1 ? .money : .objects
    }
  }

  enum Slot: String {
    case name = "N"
    case subject = "P"
    case second = "Q"
    case first = "n"
    case other = "m"
    case he, him, his, himself
    case obj, place, boxes, item, chore
    case verb = "do"
    case unit
  }

  enum Piece: Sendable {
    case text([UInt8])
    case slot(Slot)
  }

  struct Template: Sendable {
    let action: SentenceAction
    let pieces: [Piece]
    /// Whether a phrase such as "After lunch," may stand in front.
    let takesTime: Bool
  }

  static let shared = Grammar()

  private var templates: [[Template]]
  private var meanings: [UInt64: SentenceAction] = [:]
  /// Sentences that two actions share, of which there must be none.
  private(set) var conflicts: [String] = []

  private init() {
    templates = Array(
      repeating: [], count: Kind.allCases.count * SentenceAction.allCases.count)
    let sources = [SentenceTemplates.objects, SentenceTemplates.money, SentenceTemplates.goal]
    for (kind, source) in zip(Kind.allCases, sources) {
      for line in source.split(separator: "\n") { add(line, to: [kind]) }
    }
    for line in SentenceTemplates.anywhere.split(separator: "\n") { add(line, to: Kind.allCases) }
  }

  /// The sentences of one action in one kind of story.
  func templates(_ kind: Kind, _ action: SentenceAction) -> [Template] {
    templates[Grammar.place(kind, action)]
  }

  /// The meaning of a sentence with that skeleton, or nil when it is none of these sentences.
  func action(ofSkeleton skeleton: UInt64) -> SentenceAction? { meanings[skeleton] }

  private static let actions = Dictionary(
    uniqueKeysWithValues: SentenceAction.allCases.map { ("\($0)", $0) })
  private static let actionCount = SentenceAction.allCases.count

  private static func place(_ kind: Kind, _ action: SentenceAction) -> Int {
    kind.rawValue * actionCount + action.rawValue
  }

  private mutating func add(_ line: Substring, to kinds: [Kind]) {
    guard let colon = line.firstIndex(of: ":"),
      let action = Grammar.actions[String(line[..<colon])]
    else { preconditionFailure("a sentence template without action: \(line)") }
    var sentence = line[colon...].dropFirst(2)
    let takesTime = !sentence.hasPrefix("! ") && !line.hasPrefix("ask")
    if sentence.hasPrefix("! ") { sentence = sentence.dropFirst(2) }
    let template = Template(
      action: action, pieces: Grammar.pieces(of: sentence), takesTime: takesTime)
    for kind in kinds { templates[Grammar.place(kind, action)].append(template) }
    let skeleton = Grammar.skeleton(of: template)
    let meaning = action.asRead
    if let known = meanings[skeleton], known != meaning { conflicts.append(String(line)) }
    meanings[skeleton] = meaning
  }

  private static func pieces(of sentence: Substring) -> [Piece] {
    var pieces: [Piece] = []
    for (index, part) in sentence.split(separator: "{", omittingEmptySubsequences: false)
      .enumerated()
    {
      var text = part
      if index > 0 {
        guard let brace = part.firstIndex(of: "}"),
          let slot = Slot(rawValue: String(part[..<brace]))
        else { preconditionFailure("an unknown slot in a sentence template: \(sentence)") }
        pieces.append(.slot(slot))
        text = part[brace...].dropFirst()
      }
      if !text.isEmpty { pieces.append(.text(Array(text.utf8))) }
    }
    return pieces
  }

  private static func skeleton(of template: Template) -> UInt64 {
    var text: [UInt8] = []
    for piece in template.pieces {
      switch piece {
      case .text(let bytes): text += bytes
      case .slot(.first), .slot(.other): text.append(UInt8(ascii: "1"))
      case .slot: break  // the words that stand here are skipped
      }
    }
    var scanner = WordScanner(text)
    var skeleton = Skeleton()
    while let token = scanner.next() { skeleton.add(token) }
    return skeleton.hash
  }
}

extension SentenceAction {
  /// The action that the reader takes: the beginning of a story adds to nothing.
  fileprivate var asRead: SentenceAction {
    switch self {
    case .open: .add
    case .openProduct: .addProduct
    case .colour: .distraction
    case .convert: .multiply
    default: self
    }
  }
}

/// The words of a sentence without those that are filled in, hashed in their order.
struct Skeleton {
  private(set) var hash: UInt64 = 0
  private(set) var isEmpty = true

  mutating func add(_ token: WordScanner.Token) {
    switch token {
    case .word(let word):
      isEmpty = false
      if FillerTable.shared.meaning(of: word) == nil { mix(word) }
    case .number:
      isEmpty = false
      mix(35)
    case .stop: break
    }
  }

  private mutating func mix(_ value: UInt64) {
    hash = WordScanner.mixed(hash &+ 0x9E37_79B9_7F4A_7C15, value)
    hash ^= hash >> 29
  }
}
