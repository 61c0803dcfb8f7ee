import CanonicalJSON
import Dataset

/// Names as models propose them.
enum Names {
  static let maximumLength = 80

  /// A name on one line without what models put around it, or nil when nothing useful is left.
  static func cleaned(_ name: String) -> String? {
    let words = name.split(whereSeparator: { $0.isWhitespace || $0.isNewline })
    var text = words.joined(separator: " ")
    text.removeAll { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } }
    while let last = text.last, ".,;:".contains(last) { text.removeLast() }
    guard text.count <= maximumLength, !NodeName.normalized(text).isEmpty else { return nil }
    return text
  }

  /// A candidate with how many proposals named it.
  struct Candidate: Sendable, Hashable {
    var name: String
    var votes: Int
    var normalized: String { NodeName.normalized(name) }
  }

  /// The union of proposals by normalised name, most votes first, then as first named.
  static func union(_ proposals: [[String]], excluding taken: Set<String>) -> [Candidate] {
    var places: [String: Int] = [:]
    var candidates: [Candidate] = []
    for proposal in proposals {
      var counted = Set<String>()
      for name in proposal.compactMap(cleaned) {
        let normalized = NodeName.normalized(name)
        guard !taken.contains(normalized), counted.insert(normalized).inserted else { continue }
        if let place = places[normalized] {
          candidates[place].votes += 1
        } else {
          places[normalized] = candidates.count
          candidates.append(Candidate(name: name, votes: 1))
        }
      }
    }
    return candidates.enumerated()
      .sorted { ($1.element.votes, $0.offset) < ($0.element.votes, $1.offset) }
      .map(\.element)
  }

  static func json(_ candidates: [Candidate], proposals: Int) -> JSON {
    .array(
      candidates.enumerated().map { index, candidate in
        [
          "key": .string(key(index)), "name": .string(candidate.name),
          "votes": JSON(candidate.votes), "proposals": JSON(proposals),
        ]
      })
  }

  static func key(_ index: Int) -> String { "c\(index + 1)" }
}
