import Foundation
import TestSupport
import Testing

extension TestDataset {
  /// The lines of all recorded calls.
  func callLines(_ options: String...) async throws -> [String] {
    try await stemma.output(of: ["cache", "export"] + options).lines
  }

  /// Imports lines as recorded calls, and returns what is said of them.
  func importCalls(
    _ lines: some Sequence<String>, _ options: String...
  ) async throws -> StemmaProgram.Output {
    let file = directory.deletingLastPathComponent().appending(path: "calls-\(UUID()).jsonl")
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
    return try await stemma.run(["cache", "import", file.path(percentEncoded: false)] + options)
  }
}

/// Makes datasets without versions of their own, for calls alone.
func withEmptyDatasets(
  _ names: [String], _ test: ([TestDataset]) async throws -> Void
) async throws {
  try await withTemporaryDirectory { parent in
    for name in names { try await StemmaProgram(in: parent)("init", name, "--recipe", "blank") }
    try await test(
      names.map { TestDataset(at: parent.appending(path: $0, directoryHint: .isDirectory)) })
  }
}

/// The calls of one run of the embedded teacher, as lines.
enum SomeCalls {
  static func make() async throws -> [String] {
    try await withTemporaryDirectory { parent in
      let stemma = StemmaProgram(in: parent)
      try await stemma("init", "made", "--recipe", "grade-school-math")
      let recipe = parent.appending(path: "made/recipe.yaml")
      var text = try String(contentsOf: recipe, encoding: .utf8)
      text.replace(/(?m)^samples: .*$/, with: "samples: 5")
      text.replace(/(?m)^  depth: .*$/, with: "  depth: 1")
      try Data(text.utf8).write(to: recipe)
      try await stemma("run", "-C", "made")
      return try await stemma("cache", "export", "-C", "made").lines
    }
  }
}
