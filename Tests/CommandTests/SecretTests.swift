import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("an API key")
struct SecretTests {
  private static let key = "sk-very-secret-QXJ0aGVtaXM-0123456789"

  @Test("a server that repeats it in errors and answers does not make it stay anywhere")
  func secret() async throws {
    let key = Self.key
    let script = SimulaScript { task, request, count in
      switch (task, count) {
      case (_, 2): .failure(500, "what is \(key) about? Bearer \(key)")
      case (_, 3): .text("key \(key) is unknown", status: 503, contentType: "text/plain")
      case (.judge, _):
        .answer(#"{"explanation": "You sent \#(key), did you not?", "verdict": "accept"}"#)
      case (.plan, _): .answer("no JSON, but \(key)")
      default: nil
      }
    }
    try await withServerDataset(
      script, variables: ["SUMS_KEY": key],
      {
        $0.shrink()
        $0.depth = 2
        $0.keyVariable = "SUMS_KEY"
      }
    ) { dataset, _, server in
      let output = try await dataset.stemma("run")
      #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer \(key)" })
      let calls = try await dataset.stemma("list", "calls", "--json")
      var printed = output.text + output.errorText + calls.text
      for verdict in try await dataset.objects("list", "verdicts") {
        let id = try #require(verdict["id"]?.string)
        printed += try await dataset.stemma("trace", id, "--json").text
      }
      #expect(!printed.contains(key))
      #expect(printed.contains("You sent"))
      try await expectAbsent(key, in: dataset)
    }
  }

  @Test("one that is refused is not in the error either")
  func refused() async throws {
    let key = Self.key
    let script = SimulaScript { _, _, _ in .failure(401, "the key '\(key)' is not ours") }
    try await withServerDataset(
      script, variables: ["SUMS_KEY": key],
      {
        $0.shrink()
        $0.keyVariable = "SUMS_KEY"
      }
    ) { dataset, _, _ in
      let output = try await dataset.stemma.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("refuses the API key"))
      #expect(!output.errorText.contains(key))
      try await expectAbsent(key, in: dataset)
    }
  }

  /// Looks in every file, in every git object, and in what is compressed within these.
  private func expectAbsent(_ key: String, in dataset: TestDataset) async throws {
    let script = """
      mkdir ../all
      git cat-file --batch-all-objects --batch-check > ../list
      while read -r id type size; do
        git cat-file "$type" "$id" > "../all/$id"
        zstd -qdc < "../all/$id" > "../all/$id.raw" 2>/dev/null || rm -f "../all/$id.raw"
      done < ../list
      ls ../all | wc -l; ls ../all/*.raw | wc -l
      grep -r -a -l -F '\(key)' . ../all
      """
    let output = try await shell(script, in: dataset.directory)
    let counts = output.lines.prefix(2).compactMap { Int($0) }
    #expect(counts.count == 2 && counts[0] > 10, "\(output.text)\(output.errorText)")
    #expect(output.lines.dropFirst(2).joined(separator: "\n") == "")
  }
}
