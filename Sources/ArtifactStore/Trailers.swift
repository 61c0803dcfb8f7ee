/// The trailers of a commit message: memos of a run.
package struct Trailers: Sendable, Hashable {
  /// In the order of the message; a name may stand several times.
  package var entries: [(name: String, value: String)]

  package init(_ entries: [(String, String)] = []) {
    self.entries = entries.map { (name: $0.0, value: $0.1) }
  }

  /// Reads the last paragraph of a message when all of its lines are trailers.
  package init(message: String) {
    entries = []
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
    let body = lines.reversed().drop { $0.isEmpty }
    let last = body.prefix { !$0.isEmpty }.reversed()
    // The first paragraph is the title.
    guard last.count < body.count else { return }
    for line in last {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[1].hasPrefix(" "),
        parts[0].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" })
      else {
        entries = []
        return
      }
      entries.append((String(parts[0]), String(parts[1].dropFirst())))
    }
  }

  package subscript(name: String) -> String? { entries.first { $0.name == name }?.value }
  package func all(_ name: String) -> [String] {
    entries.filter { $0.name == name }.map(\.value)
  }

  package var text: String {
    // A carriage return with a line feed is one Character, which is no "\n".
    entries.map { "\($0.name): \(String($0.value.map { $0.isNewline ? " " : $0 }))\n" }.joined()
  }

  package static func == (left: Trailers, right: Trailers) -> Bool { left.text == right.text }
  package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
