/// A place in a text that people edit; both count from 1.
struct TextPlace: Sendable, Hashable {
  var line: Int
  var column: Int

  static let start = TextPlace(line: 1, column: 1)
}

/// One thing wrong with a text, and where.
struct TextProblem: Error, Sendable, Hashable {
  let place: TextPlace
  let message: String
  let hint: String?

  init(_ place: TextPlace, _ message: String, hint: String? = nil) {
    self.place = place
    self.message = message
    self.hint = hint
  }
}

/// Collects what is wrong with one text, so that a person sees more than the first mistake.
final class ProblemLog {
  /// How many problems are told; the rest is noise.
  static let maximum = 20

  /// The keys of each mapping of the format, to say where a misplaced key belongs.
  let sections: [(section: String?, keys: [String])]
  private var found: [TextProblem] = []

  init(sections: [(section: String?, keys: [String])] = []) { self.sections = sections }

  var isEmpty: Bool { found.isEmpty }
  /// Whether more problems would not be told.
  var isFull: Bool { found.count >= ProblemLog.maximum }

  /// The problems in the order of the text.
  var problems: [TextProblem] {
    found.sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
  }

  func add(_ problem: TextProblem) {
    guard !isFull, !found.contains(problem) else { return }
    found.append(problem)
  }

  func add(_ place: TextPlace, _ message: String, hint: String? = nil) {
    add(TextProblem(place, message, hint: hint))
  }
}

/// Text from outside as it may stand in a message: short and on one line.
enum Quote {
  /// The text in single quotes.
  static func of(_ text: String, longest: Int = 60) -> String {
    "'" + plain(text, longest: longest) + "'"
  }

  static func plain(_ text: String, longest: Int) -> String {
    var short = ""
    for scalar in text.unicodeScalars.prefix(longest) {
      short.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return text.unicodeScalars.count > longest ? short + "…" : short
  }
}
