import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma import and export", .serialized)
struct ImportTests {
  /// Lines of many kinds, of which one comes twice and two are blank; the last has no line feed.
  private static let bytes: [UInt8] = {
    var lines: [[UInt8]] = (0..<3000).map { number in
      let text = String(repeating: "ab \(number) ", count: 90)
      return Array(#"{"id": \#(number),  "text": "\#(text)"}"#.utf8)
    }
    lines += [
      Array("no JSON at all".utf8), Array(#"{"a": 1}"#.utf8) + [0x0D], [0x00, 0xFF, 0x80, 0x01],
      [0x20], Array(repeating: 0x78, count: 3 << 20), lines[17], [], [],
    ]
    return Array(lines.joined(separator: [0x0A])) + [0x0A] + Array("the end".utf8)
  }()

  private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    bytes.split(separator: 0x0A).map(Array.init)
  }

  private func withImport(_ test: (TestDataset, URL) async throws -> Void) async throws {
    try await withTemporaryDirectory { parent in
      try await StemmaProgram(in: parent)("init", "set", "--recipe", "blank")
      let dataset = TestDataset(at: parent.appending(path: "set", directoryHint: .isDirectory))
      try await test(dataset, parent.appending(path: "lines.jsonl"))
    }
  }

  private func importing(_ dataset: TestDataset, _ file: URL) async throws -> JSON {
    try #require(
      try await dataset.objects("import", file.path(percentEncoded: false)).first)
  }

  private func exported(_ dataset: TestDataset, at revision: String = "HEAD") async throws
    -> Set<[UInt8]>
  {
    let file = dataset.directory.deletingLastPathComponent().appending(path: "out.jsonl")
    let path = file.path(percentEncoded: false)
    try await dataset.stemma("export", "imports", "--at", revision, "-o", path)
    let lines = Self.lines(Array(try Data(contentsOf: file)))
    #expect(Set(lines).count == lines.count)
    return Set(lines)
  }

  @Test("the same set of lines comes out, byte for byte")
  func roundTrip() async throws {
    try await withImport { dataset, file in
      try Data(Self.bytes).write(to: file)
      let report = try await importing(dataset, file)
      let expected = Set(Self.lines(Self.bytes))
      #expect(report["records"]?.int == expected.count)
      #expect(report["repeated"]?.int == 1)
      #expect(report["blank"]?.int == 2)
      #expect(report["bytes"]?.int == Self.bytes.count)
      #expect(try await exported(dataset) == expected)
      try await dataset.expectSound()
      let show = try #require(try await dataset.objects("show").first)
      #expect(show["records"]?["imports"]?.int == expected.count)
      #expect(show["dataset-digest"] == report["dataset-digest"])

      // A pipe and a file are the same.
      var other = dataset
      other.stemma.wrapper = [
        "sh", "-c", #"cat "$0" | exec "$@""#, file.path(percentEncoded: false),
      ]
      let again = try #require(try await other.objects("import", "-").first)
      #expect(again["version"] == .null)
      #expect(again["added"]?.int == 0)
    }
  }

  @Test("a changed file writes only what changed, and going back returns what was there")
  func changes() async throws {
    try await withImport { dataset, file in
      func version(_ change: Int) throws -> [UInt8] {
        let lines = (0..<4000).map { number in
          number % 100 == 3 && change > 0
            ? "changed \(number)" : #"{"n":\#(number),"x":"\#(String(number * 7919, radix: 2))"}"#
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
      }
      try Data(try version(0)).write(to: file)
      let first = try await importing(dataset, file)
      #expect(first["added"]?.int == 4000)
      try await dataset.git("tag", "v1")
      try Data(try version(1)).write(to: file)
      let second = try await importing(dataset, file)
      #expect(second["added"]?.int == 40)
      #expect(second["removed"]?.int == 40)
      try await dataset.git("tag", "v2")
      try Data(try version(0)).write(to: file)
      let third = try await importing(dataset, file)
      #expect(third["returned"]?.int == 40)
      #expect(third["added"]?.int == 0)
      #expect(third["removed"]?.int == 40)
      #expect(third["dataset-digest"] == first["dataset-digest"])
      #expect(try await exported(dataset) == exported(dataset, at: "v1"))
      // And once more: what was taken back must hold again.
      for change in [1, 0, 1, 0] {
        try Data(try version(change)).write(to: file)
        _ = try await importing(dataset, file)
        #expect(try await exported(dataset) == Set(Self.lines(version(change))))
      }
      #expect(try await exported(dataset, at: "v2") == Set(Self.lines(version(1))))
      let kind = try #require(
        try await dataset.objects("diff", "v1", "v2").first { $0["kind"] == "imports" })
      #expect(kind["added"]?.array?.count == 40)
      #expect(kind["removed"]?.array?.count == 40)
      #expect(kind["same"]?.int == 3960)
      #expect(try await dataset.stemma("diff", "v1", "HEAD").text.contains("hold the same"))
      try await dataset.stemma("rollback", "v2")
      #expect(try await exported(dataset) == exported(dataset, at: "v2"))
      try await dataset.expectSound()
      let clone = TestDataset(
        at: dataset.directory.deletingLastPathComponent().appending(
          path: "copy", directoryHint: .isDirectory))
      try await GitProgram(in: dataset.directory)("clone", "-q", ".", clone.directory.path)
      #expect(try await exported(clone, at: "origin/HEAD~1") == exported(dataset, at: "v1"))
      try await clone.expectSound()
    }
  }

  @Test("with a key, changed records can be given alone, and are paired")
  func keyed() async throws {
    try await withImport { dataset, file in
      func lines(_ numbers: some Sequence<Int>, _ text: String) -> [String] {
        numbers.map {
          #"{"meta": {"id": 1, "x": [{}, "\"]"]}, "id" : "k\#($0)", "v": "\#(text) \#($0)"}"#
        }
      }
      func write(_ lines: [String]) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
      }
      let path = file.path(percentEncoded: false)
      try write(lines(0..<2000, "old"))
      let keyless = try await dataset.stemma.run(["import", path, "--changed"])
      #expect(keyless.exitCode == 1)
      #expect(keyless.errorText.contains("--key FIELD"))
      try await dataset.stemma("import", path, "--key", "id")
      try await dataset.git("tag", "v1")
      try write(lines([7, 100, 1500], "new") + lines(2000..<2005, "added"))
      let report = try #require(
        try await dataset.objects("import", path, "--changed").first)
      #expect(report["added"]?.int == 8)
      #expect(report["removed"]?.int == 3)
      var expected = Dictionary(
        uniqueKeysWithValues: zip(0..<2000, lines(0..<2000, "old")))
      for number in [7, 100, 1500] { expected[number] = lines([number], "new")[0] }
      for number in 2000..<2005 { expected[number] = lines([number], "added")[0] }
      #expect(try await exported(dataset) == Set(expected.values.map { Array($0.utf8) }))
      let text = try await dataset.stemma("diff", "v1").text
      #expect(text.contains("5 added, 0 removed, 3 changed, 1997 the same"))
      let back = try await dataset.stemma("diff", "HEAD", "v1").text
      #expect(back.contains("0 added, 5 removed, 3 changed, 1997 the same"))
      // The whole file says the same, and so does a copy whose index was made anew.
      try write(expected.sorted { $0.key < $1.key }.map(\.value))
      #expect(try await dataset.objects("import", path).first?["version"] == .null)
      try FileManager.default.removeItem(at: dataset.directory.appending(path: ".git/stemma/index"))
      try write(lines([7], "newer"))
      let again = try #require(try await dataset.objects("import", path, "--changed").first)
      #expect(again["added"]?.int == 1)
      #expect(again["removed"]?.int == 1)
      try await dataset.expectSound()
      for (text, message) in [
        (lines([7], "a") + lines([7], "b"), "line 2: an earlier line has the same 'id'"),
        ([#"{"no": 1}"#], "line 1: this is no JSON object with a member 'id'"),
        (["[]"], "a member 'id': []"), ([#"{"id": 1, "text": "cut of"#], "line 1: this is no JSON"),
        ([#"{"id": null}"#], "line 1: this is no JSON"), ([#"{"id": 1} {"#], "line 1: this is no"),
      ] {
        try write(text)
        let refused = try await dataset.stemma.run(["import", path, "--changed"])
        #expect(refused.exitCode == 1)
        #expect(refused.errorText.contains(message), "\(refused.errorText)")
      }
      // Without the key lines may be anything again.
      try write(["one", "two"])
      try await dataset.stemma("import", path, "--no-key")
      #expect(try !dataset.read("dataset.json").contains("import-key"))
      #expect(try await dataset.stemma.run(["import", path, "--changed"]).exitCode == 1)
      try await dataset.expectSound()
    }
  }

  @Test("generated data stands beside it, and neither disturbs the other")
  func besideGenerated() async throws {
    try await withServerDataset { dataset, _, _ in
      try await dataset.run()
      let samples = try await dataset.samples()
      let file = dataset.directory.deletingLastPathComponent().appending(path: "lines.jsonl")
      try Data(Self.bytes).write(to: file)
      _ = try await importing(dataset, file)
      #expect(try await dataset.samples() == samples)
      let run = try await dataset.run()
      #expect(run.isUpToDate)
      try await dataset.run("--samples", "6")
      #expect(try await dataset.samples().count == 6)
      #expect(try await exported(dataset) == Set(Self.lines(Self.bytes)))
      let values = try await dataset.stemma("export").lines
      // The order of members is that of the schema, in which reasoning leads to the answer.
      #expect(
        values.allSatisfy { line in
          (try? JSON(parsing: line))?.object?.names == ["question", "reasoning", "answer"]
        })
      let ours = try await dataset.samples().compactMap { $0["value"]?["value"] }
      #expect(try Set(values.map { try JSON(parsing: $0) }) == Set(ours))
      try await dataset.expectSound()
    }
  }

  @Test("what cannot be read or kept is an error, and the dataset is as it was")
  func refusals() async throws {
    try await withImport { dataset, file in
      let head = try await dataset.head()
      let long = file.path(percentEncoded: false)
      try Data([UInt8](repeating: 0x78, count: 17 << 20)).write(to: file)
      for (path, message) in [
        ("nowhere.jsonl", "cannot read 'nowhere.jsonl': No such file"), (".", "'.' is a folder"),
        (long, "the line at byte 0 is longer than 16777216 bytes"),
      ] {
        let output = try await dataset.stemma.run(["import", path])
        #expect(output.exitCode == 1, "\(path)")
        #expect(output.errorText.contains(message), "\(output.errorText)")
        #expect(output.errorText.contains("hint: "))
      }
      #expect(try await dataset.head() == head)
      try await dataset.expectSound()
      let export = try await dataset.stemma.run(["export", "imports", "-o", "no/such/file"])
      #expect(export.exitCode == 1)
      #expect(export.errorText.contains("cannot write 'no/such/file'"))
      let kind = try await dataset.stemma.run(["export", "nonsense"])
      #expect(kind.exitCode == 64)
    }
  }

  @Test("an export goes through a link into its file, and straight into a pipe or a device")
  func exportTargets() async throws {
    try await withImport { dataset, file in
      try Data("one\ntwo\n".utf8).write(to: file)
      _ = try await importing(dataset, file)
      let folder = dataset.directory.deletingLastPathComponent()
      let program = StemmaProgram.path
      let output = try await shell(
        """
        export=\"\(program) export imports -C \(dataset.directory.path(percentEncoded: false)) -o\"
        ln -s real link && echo old >real && $export link && test -L link && test -f real || exit 1
        mkfifo pipe && (cat pipe >piped & $export pipe; wait) && test -p pipe || exit 2
        $export /dev/stdout >printed && test ! -e /dev/stdout.part || exit 3
        mkdir folder; $export folder 2>message && exit 4
        echo first >more && $export /dev/stdout >>more && $export /dev/fd/3 3>>more || exit 5
        test "$(wc -l <more)" = 5 && head -1 more | grep -q first || exit 6
        ln -s later dangling && $export dangling && test -L dangling && cmp later real || exit 7
        chmod 600 real && $export real && test "$(stat -c %a real)" = 600 || exit 8
        $export - >printed || exit 9
        sort real; sort piped; sort printed; ls *.part 2>/dev/null; cat message
        """, in: folder)
      #expect(output.exitCode == 0)
      let lines = output.text.split(separator: "\n")
      #expect(lines.prefix(6) == ["one", "two", "one", "two", "one", "two"], "\(lines)")
      #expect(lines.dropFirst(6).first?.contains("cannot write 'folder'") == true, "\(lines)")
    }
  }

  @Test("what is surely a mistake is refused: no lines at all, or a compressed file")
  func mistakes() async throws {
    try await withImport { dataset, file in
      try Data("one\ntwo\n".utf8).write(to: file)
      _ = try await importing(dataset, file)
      let empty = try await dataset.stemma.run(["import", "/dev/null"])
      #expect(empty.exitCode == 1)
      #expect(empty.errorText.contains("'null' has no lines"), "\(empty.errorText)")
      #expect(empty.errorText.contains("'--allow-empty' does that"))
      #expect(try await exported(dataset).count == 2)
      for (program, bytes) in [
        ("zstd", [0x28, 0xB5, 0x2F, 0xFD, 0x04] as [UInt8]), ("gzip", [0x1F, 0x8B, 0x08, 0x00]),
      ] {
        try Data(bytes).write(to: file)
        let output = try await dataset.stemma.run(["import", file.path(percentEncoded: false)])
        #expect(output.exitCode == 1)
        #expect(output.errorText.contains("is compressed by \(program)"), "\(output.errorText)")
      }
      try await dataset.stemma("import", "/dev/null", "--allow-empty")
      #expect(try await exported(dataset).isEmpty)
      try await dataset.expectSound()
    }
  }
}
