import Foundation
import TestSupport
import Testing

/// What people see on a terminal of some columns.
@Suite("lines on a terminal")
struct TerminalTests {
  /// Runs a command on a pseudo-terminal, and gives its lines.
  private func lines(
    _ dataset: TestDataset, columns: Int, _ command: String
  ) async throws -> [String] {
    let output = try await hookedShell(
      "script -qec 'stty cols \(columns); \(command)' /dev/null < /dev/null",
      in: dataset.directory)
    #expect(output.exitCode == 0, "\(output.text)\(output.errorText)")
    return output.text.split(whereSeparator: \.isNewline).map(String.init)
  }

  /// The words of lines, without what joins them to a tree.
  private func words(_ lines: [String]) -> [Substring] {
    lines.flatMap { $0.split { "│├└─ ".contains($0) } }
  }

  @Test("log and taxonomy show fit, lose nothing, and are one line each where nobody looks")
  func fitting() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let title = (1...30).map { "word\($0)" }.joined(separator: " ")
      try await dataset.git("commit", "-q", "--allow-empty", "-m", title)
      for command in ["log", "taxonomy show"] {
        let arguments = command.split(separator: " ").map(String.init)
        let plain = try await dataset.stemma.output(of: arguments).lines
        #expect(plain.contains { $0.count > 60 }, "\(command)")
        for columns in [50, 80, 400] {
          let shown = try await lines(dataset, columns: columns, "stemma \(command)")
          let longest = shown.map(\.count).max() ?? 0
          #expect(longest < columns, "\(command)")
          let isWhole = words(shown) == words(plain)
          #expect(isWhole, "\(command): \(shown.prefix(5))")
          if columns == 400 { #expect(shown.count == plain.count, "\(command)") }
          if columns == 50 { #expect(shown.count > plain.count, "\(command)") }
        }
        let json = try await lines(dataset, columns: 50, "stemma \(command) --json")
        let isSame = try await dataset.stemma.output(of: arguments + ["--json"]).lines == json
        #expect(isSame, "\(command)")
      }
    }
  }
}
