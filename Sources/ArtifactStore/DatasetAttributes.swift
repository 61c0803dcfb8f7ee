/// What git is told of a dataset's files.
package enum DatasetAttributes {
  package static let path = ".gitattributes"
  /// Texts of which each line stands for itself: a merge keeps those of both sides.
  private static let linesOfBoth: Set = ["recalls.yaml"]

  private static var union: [String] { linesOfBoth.sorted().map { "\($0) merge=union" } }
  private static var lines: [String] {
    [
      "*.zst -text -delta diff=stemma", "taxonomies/*.yaml merge=stemma-sources",
      "factors.yaml merge=stemma-sources", "strategies.yaml merge=stemma-sources",
    ] + union
  }

  package static var text: String { lines.map { $0 + "\n" }.joined() }

  /// Whether a merge of a file keeps the lines of both sides.
  package static func keepsLinesOfBoth(_ path: String) -> Bool { linesOfBoth.contains(path) }

  /// The lines that a text lacks.
  package static func missing(in text: String) -> [String] {
    let present = Set(text.split(whereSeparator: \.isNewline).map(String.init))
    return lines.filter { !present.contains($0) }
  }

  /// A text with what it lacks of how lines merge, or nil when it lacks nothing.
  package static func completing(_ text: [UInt8]?) -> String? {
    let present = String(decoding: text ?? [], as: UTF8.self)
    let names = Set(
      present.split(whereSeparator: \.isNewline)
        .compactMap { $0.split(separator: " ").first.map(String.init) })
    guard !linesOfBoth.isSubset(of: names) else { return nil }
    let start = present + (present.isEmpty || present.hasSuffix("\n") ? "" : "\n")
    return start + union.map { $0 + "\n" }.joined()
  }
}
