import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("a damaged dataset", .serialized)
struct DamageTests {
  private func withSmallDataset(
    _ test: (TestDataset, SimulaScript) async throws -> Void
  ) async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      try await dataset.expectSound()
      try await test(dataset, script)
    }
  }

  private func shard(_ kind: String, of dataset: TestDataset) async throws -> (
    path: String, object: String
  ) {
    let line = try #require(
      try await dataset.git("ls-tree", "-r", "HEAD", kind).lines.first)
    let parts = line.split(whereSeparator: \.isWhitespace)
    return (String(parts[3]), String(parts[2]))
  }

  private func packs(_ dataset: TestDataset) throws -> [URL] {
    let folder = dataset.directory.appending(path: ".git/objects/pack")
    return try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "pack" }
  }

  /// Where an object lies: the pack, and its bytes there.
  private func place(
    of object: String, in dataset: TestDataset
  ) async throws -> (pack: URL, bytes: Range<Int>) {
    var found: (URL, Range<Int>)?
    for pack in try packs(dataset) {
      let list = try await dataset.git("verify-pack", "-v", pack.path)
      guard let line = list.lines.first(where: { $0.hasPrefix(object) }) else { continue }
      let fields = line.split(separator: " ").map(String.init)
      let (size, offset) = (try #require(Int(fields[3])), try #require(Int(fields[4])))
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: pack.path)
      found = (pack, offset..<(offset + size))
    }
    return try #require(found)
  }

  @Test("a trace over a flipped byte tells the same, or of the damage")
  func tracedDamage() async throws {
    try await withSmallDataset { dataset, _ in
      let sample = try #require(try await dataset.objects("list", "samples").first?["id"]?.string)
      let arguments = ["trace", sample, "--json"]
      let whole = try await dataset.stemma.output(of: arguments).text
      let calls = try await dataset.git(
        "for-each-ref", "--format=%(refname)", "refs/stemma/calls"
      ).text
      var objects = [
        try #require(
          try await dataset.git("ls-tree", "-r", "--object-only", calls, "calls").lines.first)
      ]
      for kind in ["samples", "verdicts", "meta-prompts", "mixes", "proposals"] {
        objects.append(try await shard(kind, of: dataset).object)
      }
      var damageCount = 0
      for object in objects {
        let (pack, bytes) = try await place(of: object, in: dataset)
        let content = try Data(contentsOf: pack)
        for part in [9, 12, 14, 15] {
          var damaged = content
          damaged[bytes.lowerBound + bytes.count * part / 16] ^= UInt8(part)
          try damaged.write(to: pack)
          let trace = try await dataset.stemma.run(arguments)
          if trace.exitCode == 0 {
            #expect(trace.text == whole)
          } else {
            #expect(trace.exitCode == 5, "\(trace.errorText)")
            #expect(trace.errorText.contains("damaged"), "\(trace.errorText)")
            damageCount += 1
          }
        }
        try content.write(to: pack)
      }
      #expect(damageCount > 6)
      #expect(try await dataset.stemma.output(of: arguments).text == whole)
    }
  }

  @Test("a flipped byte in a shard is found and the shard named")
  func flippedByte() async throws {
    try await withSmallDataset { dataset, _ in
      let shard = try await shard("samples", of: dataset)
      let (pack, place) = try await place(of: shard.object, in: dataset)
      var bytes = try Data(contentsOf: pack)
      bytes[place.lowerBound + place.count / 2] ^= 0x10
      try bytes.write(to: pack)
      let verification = try await dataset.stemma.run(["verify"])
      #expect(verification.exitCode == 5)
      #expect(verification.text.contains("damaged  \(shard.path): "), "\(verification.text)")
      #expect(verification.errorText.contains("damaged place"))
      #expect(verification.errorText.contains("hint: "))
      let list = try await dataset.stemma.run(["list", "samples"])
      #expect(list.exitCode == 5, "\(list.errorText)")
      #expect(list.errorText.contains(shard.object), "\(list.errorText)")
      // What is not damaged can still be read.
      #expect(try await dataset.objects("list", "mixes").count == 3)
    }
  }

  @Test("a shard whose content was replaced is found, though git is content")
  func replacedShard() async throws {
    try await withSmallDataset { dataset, _ in
      let shard = try await shard("samples", of: dataset)
      let script = """
        git cat-file blob \(shard.object) | zstd -dc | sed 's/What is/What was/' > new
        zstd -q --check new && id=$(git hash-object -w new.zst) && rm new new.zst
        git update-index --cacheinfo "100644,$id,\(shard.path)" && git commit -q -m "another"
        """
      let variables = ["GIT_CONFIG_GLOBAL": "/dev/null"]
      let replacement = try await shell(script, in: dataset.directory, variables: variables)
      #expect(replacement.exitCode == 0, "\(replacement.errorText)")
      #expect(try await dataset.git.run(["fsck", "--full", "--strict"]).exitCode == 0)
      let verification = try await dataset.stemma.run(["verify", "--json"])
      #expect(verification.exitCode == 5)
      let objects = try verification.objects
      #expect(objects.last?["clean"]?.bool == false)
      #expect(
        objects.contains {
          $0["place"]?.string == shard.path
            && $0["message"]?.string == "its bytes do not hash to its name"
        })
    }
  }

  @Test("a missing pack is reported and not taken for an empty dataset")
  func missingPack() async throws {
    try await withSmallDataset { dataset, script in
      let asked = script.requestCount
      for pack in try packs(dataset) { try FileManager.default.removeItem(at: pack) }
      for arguments in [
        ["verify"], ["list", "samples"], ["log"], ["status"], ["run", "--samples", "5"],
      ] {
        let output = try await dataset.stemma.run(arguments)
        #expect(output.exitCode != 0, "\(arguments)")
        #expect(output.exitCode > 0, "\(arguments): signal")
        #expect(output.errorText.hasPrefix("stemma: "), "\(arguments): \(output.errorText)")
      }
      #expect(script.requestCount == asked)
    }
  }

  @Test("the index of records is made anew whatever happens to it")
  func index() async throws {
    try await withSmallDataset { dataset, _ in
      let list = try await dataset.stemma("list", "samples").text
      let id = try #require(list.split(separator: " ").first)
      let folder = dataset.directory.appending(path: ".git/stemma/index")
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        try Data(repeating: 0xA5, count: 5000).write(to: folder.appending(path: name))
      }
      #expect(try await dataset.stemma("list", "samples").text == list)
      try FileManager.default.removeItem(
        at: dataset.directory.appending(path: ".git/stemma"))
      #expect(try await dataset.stemma("trace", String(id)).exitCode == 0)
      #expect(try await dataset.run().isUpToDate)
      try await dataset.expectSound()
    }
  }
}
