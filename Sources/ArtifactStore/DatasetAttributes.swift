/// What git is told of a dataset's files.
package enum DatasetAttributes {
  package static let path = ".gitattributes"
  /// Texts of which each line stands for itself: a merge keeps those of both sides.
  static let linesOfBoth: Set = ["recalls.yaml"]

  private static let artifacts = "*.zst -text -delta\n"
  private static var union: String {
    linesOfBoth.sorted().map { "\($0) merge=union\n" }.joined()
  }

  package static var text: String { artifacts + union }

  /// A text with what it lacks of how lines merge, or nil when it lacks nothing.
  package static func completing(_ text: [UInt8]?) -> String? {
    let present = String(decoding: text ?? [], as: UTF8.self)
    let names = Set(
      present.split(whereSeparator: \.isNewline)
        .compactMap { $0.split(separator: " ").first.map(String.init) })
    guard !linesOfBoth.isSubset(of: names) else { return nil }
    return present + (present.isEmpty || present.hasSuffix("\n") ? "" : "\n") + union
  }
}
