import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// A dataset of imported lines: versions without any model.
struct LineDataset: Sendable {
  let dataset: TestDataset
  var stemma: StemmaProgram { dataset.stemma }
  var git: GitProgram { dataset.git }
  private var folder: URL { dataset.directory.deletingLastPathComponent() }

  /// Makes the lines the imported records of the next version.
  func importLines(_ lines: some Sequence<String>, _ options: String...) async throws {
    let file = folder.appending(path: "in-\(UUID().uuidString)")
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
    let output = try await stemma.run(["import", file.path(percentEncoded: false)] + options)
    #expect(output.exitCode == 0, "\(output.errorText)")
  }

  /// The imported lines of a version.
  func lines(at revision: String = "HEAD") async throws -> Set<String> {
    let file = folder.appending(path: "out-\(UUID().uuidString)")
    try await stemma(
      "export", "imports", "--at", revision, "-o", file.path(percentEncoded: false))
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(
      String.init)
    #expect(Set(lines).count == lines.count)
    return Set(lines)
  }

  func shardCount(at revision: String = "HEAD") async throws -> Int {
    try await git("ls-tree", "-r", "--name-only", revision, "imports").lines.count
  }

  /// A line that tells a number.
  static func line(_ number: Int) -> String { #"{"n":\#(number),"text":"line \#(number)"}"# }

  static func lines(_ numbers: some Sequence<Int>) -> [String] { numbers.map(line) }
}

/// Lends a new dataset of lines.
func withLineDataset(_ test: (LineDataset) async throws -> Void) async throws {
  try await withTemporaryDirectory { parent in
    try await StemmaProgram(in: parent)("init", "set", "--recipe", "blank")
    try await test(
      LineDataset(
        dataset: TestDataset(at: parent.appending(path: "set", directoryHint: .isDirectory))))
  }
}
