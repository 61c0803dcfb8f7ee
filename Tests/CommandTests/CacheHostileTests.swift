import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma cache import of what is no call")
struct CacheHostileTests {
  /// Lines made from a good one, with a part of what is said of them.
  private static func spoiled(_ line: String) throws -> [(line: String, message: String)] {
    let json = try #require(try JSON(parsing: line).object)
    func with(_ path: [String], _ value: JSON?) -> String {
      var object = json
      if path.count == 1 {
        object[path[0]] = value
      } else {
        var inner = object[path[0]]?.object ?? JSONObject()
        inner[path[1]] = value
        object[path[0]] = .object(inner)
      }
      return JSON.object(object).text
    }
    let deep = String(repeating: "[", count: 100_000)
    return [
      ("{", "not JSON"), ("null", "no JSON object"), (deep, "not JSON: nested deeper"),
      (line + line, "not JSON"), (String(line.dropLast()), "not JSON"),
      (line.replacing("\"usage\"", with: "\"answer\""), "not JSON"),
      (with(["key"], .string(String(repeating: "0", count: 64))), "not that of its request"),
      (with(["key"], 3), "not that of its request"),
      (with(["request", "draw"], "another"), "not that of its request"),
      (with(["request", "temperature"], 0.123), "not that of its request"),
      (with(["request", "builder"], 2), "not that of its request"),
      (with(["request", "try"], -1), "'try' is no count"),
      (with(["request", "messages"], []), "no messages"),
      (with(["request", "messages"], [["role": "wizard", "text": ""]]), "no known role"),
      (with(["request", "api-key"], "secret"), "member 'api-key'"),
      (with(["answer", "finish"], "perhaps"), "no known way"),
      (with(["answer", "text"], nil), "no member 'text'"),
      (with(["usage", "input"], -5), "'input' is no count"),
      (with(["usage", "input"], 0.5), "'input' is no count"),
      (with(["more"], true), "member 'more'"), (with(["request"], nil), "no member 'request'"),
    ]
  }

  @Test("each is refused with its file and line, and what came before it is kept")
  func refusals() async throws {
    let lines = try await SomeCalls.make()
    try await withEmptyDatasets(["a"]) { datasets in
      let dataset = datasets[0]
      let spoiled = try Self.spoiled(lines[0])
      var kept = 0
      for (number, bad) in spoiled.enumerated() {
        let output = try await dataset.importCalls([lines[number + 1], "", bad.line, lines[0]])
        #expect(output.exitCode == 1, "\(bad.line.prefix(200))")
        #expect(output.errorText.contains(bad.message), "\(output.errorText)")
        #expect(output.errorText.contains("jsonl', line 3: "), "\(output.errorText)")
        #expect(output.errorText.contains("1 calls before it were added"))
        kept += 1
      }
      #expect(try await dataset.callLines().count == kept)
      let all = spoiled.map(\.line) + lines
      let output = try await dataset.importCalls(all, "--skip-bad", "--json")
      let report = try #require(try output.objects.first)
      #expect(report["bad"]?.int == spoiled.count)
      #expect(report["added"]?.int == lines.count - kept)
      #expect(Set(try await dataset.callLines()) == Set(lines))
      try await dataset.expectSound()
    }
  }

  @Test("a line that is too long takes no memory, and other spelling changes no id")
  func sizes() async throws {
    let lines = try await SomeCalls.make()
    try await withEmptyDatasets(["a"]) { datasets in
      let dataset = datasets[0]
      let parent = dataset.directory.deletingLastPathComponent()
      try Data((lines[0] + "\r\n").utf8).write(to: parent.appending(path: "first"))
      // Another order of members and other white space.
      let text = try #require(try JSON(parsing: lines[1]).object)
      let turned = JSON.object(JSONObject(text.members.reversed().map { ($0.name, $0.value) })).text
      try Data(("  " + turned + "\n").utf8).write(to: parent.appending(path: "last"))
      let script = """
        cd a && (cat ../first; head -c 300000000 /dev/zero | tr '\\0' 'x'; echo; cat ../last) |
        (ulimit -v 1500000; exec "$0" cache import - --skip-bad)
        """
      let output = try await shell(script, in: parent)
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(output.text.contains("2 calls added"))
      #expect(output.errorText.contains("standard input, line 2: it is longer than 16777216 bytes"))
      #expect(Set(try await dataset.callLines()) == Set(lines[0...1]))
      // Compressed files that are cut or damaged are refused, whatever was read of them.
      try await dataset.stemma("cache", "export", "../calls.zst")
      let bytes = Array(try Data(contentsOf: parent.appending(path: "calls.zst")))
      for damaged in [Array(bytes.dropLast(9)), bytes + [1, 2, 3, 4], bytes.map { $0 ^ 0x10 }] {
        try Data(damaged).write(to: parent.appending(path: "damaged.zst"))
        let output = try await dataset.stemma.run(["cache", "import", "../damaged.zst"])
        #expect(output.exitCode != 0 && output.errorText.contains("'damaged.zst'"))
      }
      try await dataset.expectSound()
    }
  }
}
