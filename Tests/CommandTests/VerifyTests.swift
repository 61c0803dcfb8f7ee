import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma verify", .serialized)
struct VerifyTests {
  private static let flips = 200

  /// The files in which every byte matters, by their paths.
  private func files(_ dataset: TestDataset) throws -> [URL] {
    let folders = [".git/objects/pack", ".git/stemma/index"]
    // A segment that the manifest does not name is not in use.
    let used = try dataset.read(".git/stemma/index/manifest")
    return try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(
        at: dataset.directory.appending(path: folder), includingPropertiesForKeys: nil)
    }.filter { ["pack", "idx"].contains($0.pathExtension) || used.contains($0.lastPathComponent) }
      .sorted { $0.path < $1.path }
  }

  private func flip(_ file: URL, _ random: inout FixedRandom) throws -> Data {
    let whole = try Data(contentsOf: file)
    var bytes = whole
    let place = Int.random(in: bytes.indices, using: &random)
    bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    try bytes.write(to: file)
    return whole
  }

  @Test("every flipped bit in packs and indexes is found, and nothing wrong is returned as right")
  func flippedBits() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      try await dataset.run("--samples", "5")
      let samples = try await dataset.stemma("list", "samples", "--json").text
      var random = FixedRandom(seed: 200)
      for number in 0..<Self.flips {
        let file = try #require(try files(dataset).randomElement(using: &random))
        let whole = try flip(file, &random)
        let full = try await dataset.stemma.run(["verify", "--full"])
        let place = "flip \(number) in \(file.lastPathComponent)"
        #expect(full.exitCode == 5 || full.exitCode == 1, "\(place): \(full.text)\(full.errorText)")
        // Whether it can be read or not: what is printed is right, or nothing.
        let list = try await dataset.stemma.run(["list", "samples", "--json"])
        #expect(list.exitCode >= 0, "\(place): signal")
        #expect(
          list.exitCode == 0
            ? list.text == samples : samples.hasPrefix(list.text), "\(place): \(list.errorText)")
        try whole.write(to: file)
      }
      try await dataset.expectSound()
    }
  }

  @Test("cut, missing and swapped files are found")
  func lostFiles() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      for file in try files(dataset) where file.pathExtension != "segment" {
        let whole = try Data(contentsOf: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        for size in [0, 10, whole.count / 2, whole.count - 1] {
          try whole.prefix(size).write(to: file)
          let output = try await dataset.stemma.run(["verify", "--full"])
          #expect([1, 3, 5].contains(output.exitCode), "\(file.lastPathComponent) cut to \(size)")
        }
        try FileManager.default.removeItem(at: file)
        let output = try await dataset.stemma.run(["verify", "--full"])
        #expect([1, 3, 5].contains(output.exitCode), "\(file.lastPathComponent) missing")
        try whole.write(to: file)
      }
      let packs = try files(dataset).filter { $0.pathExtension == "pack" }
      try #require(packs.count > 1)
      let (one, other) = (try Data(contentsOf: packs[0]), try Data(contentsOf: packs[1]))
      try other.write(to: packs[0])
      try one.write(to: packs[1])
      #expect([1, 3, 5].contains(try await dataset.stemma.run(["verify", "--full"]).exitCode))
      try one.write(to: packs[0])
      try other.write(to: packs[1])
      try await dataset.expectSound()
    }
  }

  @Test("quick looks at what is there, sample at a part, and only full at older versions")
  func depths() async throws {
    try await withLineDataset { set in
      for step in 1...3 {
        try await set.importLines(LineDataset.lines((step * 100)..<(step * 200)))
      }
      func count(_ options: String...) async throws -> (artifacts: Int, versions: Int) {
        let object = try #require(
          try await set.stemma.output(of: ["verify", "--json"] + options).objects.last)
        return (object["artifacts"]?.int ?? -1, object["versions"]?.int ?? -1)
      }
      let (present, full) = (try await count(), try await count("--full"))
      #expect(present.versions == 1 && full.versions == 4)
      #expect(try await count("--quick").artifacts == present.artifacts)
      #expect(try await count("--sample", "0").artifacts == 0)
      #expect(try await count("--sample", "100").artifacts == full.artifacts)
      #expect(try await set.stemma.run(["verify", "--quick", "--full"]).exitCode == 64)
      #expect(try await set.stemma.run(["verify", "--quarantine"]).exitCode == 64)
      #expect(try await set.stemma.run(["verify", "--sample", "101"]).exitCode == 64)
      try FileManager.default.removeItem(
        at: set.dataset.directory.appending(path: ".git/objects/pack"))
      #expect(try await set.stemma.run(["verify", "--quick"]).exitCode != 0)
    }
  }

  @Test("damage is told with the samples it touches, set aside, and mended from a remote")
  func quarantine() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let parent = dataset.directory.deletingLastPathComponent()
      try await GitProgram(in: parent)("clone", "-q", "--bare", "--no-local", "sums", "remote.git")
      try await dataset.git("remote", "add", "origin", "../remote.git")
      try await dataset.git("fetch", "-q")
      let samples = try await dataset.samples().count
      let line = try #require(
        try await dataset.git("ls-tree", "-r", "HEAD", "meta-prompts").lines.first)
      let object = String(line.split(whereSeparator: \.isWhitespace)[2])
      for pack in try files(dataset) where pack.pathExtension == "pack" {
        let list = try await dataset.git("verify-pack", "-v", pack.path)
        guard let found = list.lines.first(where: { $0.hasPrefix(object) }) else { continue }
        let fields = found.split(separator: " ").compactMap { Int($0) }
        var bytes = try Data(contentsOf: pack)
        bytes[fields[2] + fields[1] / 2] ^= 0x20
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: pack.path)
        try bytes.write(to: pack)
      }
      let output = try await dataset.stemma.run(["verify", "--full", "--json"])
      #expect(output.exitCode == 5)
      let report = try #require(try output.objects.last)
      #expect(report["touched-samples"]?.array?.count == samples)
      #expect(report["whole-at"]?.array?.map(\.string) == ["origin"])
      #expect(output.errorText.contains("'origin' has the same versions"), "\(output.errorText)")
      let nobody = try await dataset.stemma.run(["verify", "--full", "--repair", "nobody"])
      #expect(nobody.exitCode == 64)
      #expect(nobody.errorText.contains("there is no remote 'nobody'"))
      let moved = try await dataset.stemma.run(["verify", "--full", "--quarantine"])
      #expect(moved.exitCode == 5)
      #expect(moved.text.contains("quarantine"))
      #expect(try await dataset.stemma.run(["list", "samples"]).exitCode == 0)
      #expect(try await dataset.stemma.run(["list", "meta-prompts"]).exitCode != 0)
      let repair = try await dataset.stemma.run(["verify", "--full", "--repair", "origin"])
      #expect(repair.exitCode == 0, "\(repair.errorText)")
      try await dataset.expectSound()
      #expect(try await dataset.samples().count == samples)
    }
  }

  @Test("setting a pack aside loses nothing that could be read", arguments: 1...4)
  func salvage(seed: UInt64) async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      try await dataset.git("gc", "-q")
      var random = FixedRandom(seed: seed)
      let pack = try #require(
        try files(dataset).filter { $0.pathExtension == "pack" }.max {
          try Data(contentsOf: $0).count < Data(contentsOf: $1).count
        })
      var bytes = try Data(contentsOf: pack)
      let size = min(2000, bytes.count / 4)
      let start = Int.random(in: 100..<(bytes.count - size), using: &random)
      bytes.replaceSubrange(start..<(start + size), with: [UInt8](repeating: 0, count: size))
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: pack.path)
      try bytes.write(to: pack)
      let before = try await readable(dataset)
      #expect(try await dataset.stemma.run(["verify", "--full", "--quarantine"]).exitCode == 5)
      #expect(try await readable(dataset).isSuperset(of: before), "\(start)")
      #expect(!FileManager.default.fileExists(atPath: pack.path))
    }
  }

  /// The objects that git can read by themselves.
  private func readable(_ dataset: TestDataset) async throws -> Set<String> {
    let output = try await shell(
      """
      cat .git/objects/pack/*.idx >/dev/null 2>&1
      for index in .git/objects/pack/*.idx .git/stemma/quarantine/*.idx; do
        test -f "$index" && git show-index <"$index" | cut -d' ' -f2
      done | sort -u | while read id; do
        git cat-file -t $id >/dev/null 2>&1 && git cat-file "$(git cat-file -t $id)" $id \
          >/dev/null 2>&1 && echo $id
      done
      """, in: dataset.directory)
    return Set(output.text.split(separator: "\n").map(String.init))
  }
}
