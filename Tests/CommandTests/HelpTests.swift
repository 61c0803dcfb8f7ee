import Foundation
import TestSupport
import Testing

@Suite("stemma help")
struct HelpTests {
  static let commands = [
    "demo", "init", "plan", "run", "taxonomy", "status", "log", "show", "list", "cat", "trace",
    "impact", "recall", "diff", "calibrate", "branch", "tag", "checkout", "rollback", "undo",
    "merge", "clone", "push", "pull", "import", "export", "schema", "verify", "cache", "compact",
    "gc", "hook",
  ]

  @Test("the help of a command is as recorded", arguments: [""] + commands)
  func snapshot(command: String) async throws {
    try await withTemporaryDirectory { directory in
      let stemma = StemmaProgram(in: directory)
      let arguments = [command, "--help"].filter { !$0.isEmpty }
      let output = try await stemma.run(arguments)
      #expect(output.exitCode == 0)
      #expect(output.errorText == "")
      try expectSnapshot(output.text, named: "help\(command.isEmpty ? "" : "-\(command)").txt")
      #expect(try await stemma.run(["help", command].filter { !$0.isEmpty }).text == output.text)
    }
  }

  @Test(
    "what belongs to the whole program is heard after a command too",
    arguments: [["--version"], ["--generate-completion-script", "bash"]])
  func wholeProgram(options: [String]) async throws {
    try await withTemporaryDirectory { directory in
      let stemma = StemmaProgram(in: directory)
      let whole = try await stemma.run(options)
      #expect(whole.exitCode == 0)
      #expect(!whole.text.isEmpty)
      for command in [["trace"], ["trace", "abcd"], ["cache", "prune"]] {
        let output = try await stemma.run(command + options)
        #expect(output.exitCode == 0, "\(command)")
        #expect(output.text == whole.text, "\(command)")
      }
    }
  }

  @Test(
    "the help of a part of taxonomy is as recorded",
    arguments: ["show", "edit", "effect", "export", "import", "regrow"])
  func taxonomy(part: String) async throws {
    try await withTemporaryDirectory { directory in
      let output = try await StemmaProgram(in: directory)("taxonomy", part, "--help")
      #expect(output.text.contains("EXAMPLES"))
      #expect(output.text.contains("EXIT STATUS"))
      try expectSnapshot(output.text, named: "help-taxonomy-\(part).txt")
    }
  }

  @Test(
    "the help of a part of cache is as recorded",
    arguments: ["stat", "export", "import", "drop", "prune"])
  func cache(part: String) async throws {
    try await withTemporaryDirectory { directory in
      let output = try await StemmaProgram(in: directory)("cache", part, "--help")
      #expect(output.text.contains("EXAMPLES"))
      #expect(output.text.contains("EXIT STATUS"))
      try expectSnapshot(output.text, named: "help-cache-\(part).txt")
    }
  }

  @Test(
    "the help of a part of hook is as recorded", arguments: ["install", "uninstall", "list"])
  func hook(part: String) async throws {
    try await withTemporaryDirectory { directory in
      let output = try await StemmaProgram(in: directory)("hook", part, "--help")
      #expect(output.text.contains("EXAMPLES"))
      #expect(output.text.contains("EXIT STATUS"))
      try expectSnapshot(output.text, named: "help-hook-\(part).txt")
    }
  }

  @Test("the overview names every command, and every command has examples")
  func completeness() async throws {
    try await withTemporaryDirectory { directory in
      let stemma = StemmaProgram(in: directory)
      let overview = try await stemma("--help").text
      for command in Self.commands {
        #expect(overview.contains("\n  \(command) "), "\(command)")
        #expect(try await stemma(command, "--help").text.contains("EXAMPLES"), "\(command)")
      }
      let named = overview.matches(of: /\n  ([a-z]+) {2,}/).map { String($0.output.1) }
      #expect(Set(named).subtracting(Self.commands + ["help"]).isEmpty)
      #expect(try await stemma("--version").text == "stemma 1.0.0 (format 1)\n")
    }
  }

  /// Compares with a recorded text, or records it when a variable says so.
  private func expectSnapshot(_ text: String, named name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Snapshots/\(name)")
    if ProcessInfo.processInfo.environment["STEMMA_RECORD_SNAPSHOTS"] != nil {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let recorded = try String(contentsOf: file, encoding: .utf8)
    #expect(text == recorded, "record it with STEMMA_RECORD_SNAPSHOTS=1 if this is intended")
  }
}
