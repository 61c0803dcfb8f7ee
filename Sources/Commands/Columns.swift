import Foundation

/// Fits what people read into the columns of a terminal.
enum Columns {
  /// Of a terminal that does not tell.
  static let usual = 79
  /// However deep something is indented, so much of it is beside each other.
  private static let least = 24

  /// The columns of a terminal but for the last, in which some wrap; nil for what is none.
  static func count(of descriptor: Int32) -> Int? {
    guard Output.isTerminal(descriptor) else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return usual }
    return Int(size.ws_col) - 1
  }

  /// Writes the parts of a line; where it is too long for a terminal, on several.
  static func line(_ parts: [String], first: String = "", indent: String) {
    for line in lines(
      parts.map(Output.safe), first: first, indent: indent, width: count(of: STDOUT_FILENO))
    { Output.line(line) }
  }

  /// Puts parts beside each other, two spaces apart, on as many lines as they need.
  ///
  /// Only a part that is too long by itself is divided, at its spaces.
  ///
  /// - Parameters:
  ///   - parts: What is kept together where that can be.
  ///   - first: What the first line begins with.
  ///   - indent: What all others begin with.
  ///   - width: The most characters of a line; nil for one line.
  /// - Returns: The lines, without spaces at their ends.
  static func lines(
    _ parts: [String], first: String, indent: String, width: Int?
  ) -> [String] {
    guard var width else { return [first + parts.joined(separator: "  ")] }
    width = max(width, max(first.count, indent.count) + least)
    var lines: [String] = []
    var line = first
    var length = first.count
    var isStarted = false
    for part in parts {
      let isWhole = indent.count + part.count <= width
      let pieces = isWhole ? [part[...]] : part.split(separator: " ")
      for (number, piece) in pieces.enumerated() {
        let gap = isStarted ? number == 0 ? "  " : " " : ""
        if isStarted, length + gap.count + piece.count > width {
          lines.append(trimmed(line))
          line = indent + piece
          length = indent.count + piece.count
        } else {
          line += gap + piece
          length += gap.count + piece.count
        }
        isStarted = true
      }
    }
    return lines + [trimmed(line)]
  }

  /// Without what fills a column up at the end of a line.
  private static func trimmed(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
  }
}
