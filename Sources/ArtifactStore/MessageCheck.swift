import Foundation

/// Looks at a commit message that somebody is about to use.
///
/// Memos of another tree do no harm: readers pass over them. So a message that git took over in an amend, a
/// rebase or a cherry-pick is fine as it is; one that contradicts itself is not.
package struct MessageCheck {
  /// Those that stand once.
  private static let single: Set = [
    "Run-Id", "Dataset-Digest", "Dataset-Tree", "Totals", "Samples", "Gap-Samples", "Calls",
    "Cached", "Tokens", "Partial", "Rolled-Back-To",
  ]
  /// By any of these a message is taken for one of Stemma's.
  private static let signs: Set = ["Run-Id", "Dataset-Digest", "Dataset-Tree", "Stage"]

  /// What is wrong, in words.
  package private(set) var faults: [String] = []

  /// Checks a message as git has it in a file, with its comments.
  ///
  /// - Parameters:
  ///   - text: The file's content.
  ///   - hasRun: Whether the tree to be committed has a run's record.
  package init(_ text: String, hasRun: (String) -> Bool) {
    let trailers = Trailers(message: Self.withoutComments(text))
    guard trailers.entries.contains(where: { Self.signs.contains($0.name) }) else { return }
    for name in Self.single.sorted() {
      let values = Set(trailers.all(name))
      if values.count > 1 { faults.append("'\(name)' stands there \(values.count) times") }
    }
    for tree in trailers.all("Dataset-Tree") where !Self.isHex(tree, 40) {
      faults.append("'Dataset-Tree: \(tree.prefix(80))' is no name of a tree")
    }
    for digest in trailers.all("Dataset-Digest") where Digest(hex: digest) == nil {
      faults.append("'Dataset-Digest: \(digest.prefix(80))' is no digest")
    }
    var stages = Set<String>()
    for stage in trailers.all("Stage") {
      let parts = stage.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 4, parts.dropFirst().allSatisfy({ Digest(hex: $0) != nil }) else {
        faults.append("'Stage: \(stage.prefix(80))' is no stage with three digests")
        continue
      }
      if !stages.insert(String(parts[0])).inserted {
        faults.append("stage '\(parts[0])' stands there twice")
      }
    }
    let runs = Set(trailers.all("Run-Id"))
    if runs.count == 1, let run = runs.first, !hasRun(run) {
      faults.append("there is no record of run '\(run.prefix(80))' in runs/")
    }
  }

  private static func isHex(_ text: String, _ count: Int) -> Bool {
    text.utf8.count == count && Hex.bytes(text) != nil
  }

  /// The message that git makes of the file.
  private static func withoutComments(_ text: String) -> String {
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      // What follows is a difference that git shows, no message.
      if line.hasPrefix("# ---") && line.hasSuffix(" >8 ------------------------") { break }
      if !line.hasPrefix("#") { lines.append(line) }
    }
    return lines.joined(separator: "\n")
  }
}
