import CanonicalJSON
import Foundation
import Git
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("VersionWriter")
struct VersionWriterTests {
  private static let some = (0..<40).map { Record.made(.samples, $0) }
  private static let others = (10..<50).map { Record.made(.samples, $0) }

  private func difference(_ version: Version) -> String? { version.memos["Difference"] }

  private func paths(_ dataset: TestDataset, _ revision: String = "HEAD") async throws -> [String] {
    try await dataset.git("ls-tree", "-r", "--name-only", revision).lines
  }

  @Test("adding, removing and returning records writes only the difference")
  func knob() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let verdicts = (0..<5).map { Record.made(.verdicts, $0) }
      let one = try dataset.write(store, Self.some + verdicts, run: "1")
      #expect(difference(one) == "45 0 0")
      let onePaths = Set(try await paths(dataset))
      // One shard a kind, and the plain file.
      #expect(onePaths.count == 3)
      #expect(try await dataset.complaints().isEmpty)

      let two = try dataset.write(store, Self.others + verdicts, run: "2")
      #expect(difference(two) == "10 0 10")
      #expect(try two.liveIDs() == ids(Self.others + verdicts))
      let twoPaths = Set(try await paths(dataset))
      let added = twoPaths.subtracting(onePaths).compactMap { ArtifactPath($0)?.kind }
      #expect(Set(added) == [.samples, .tombstones] && added.count == 2)
      #expect(twoPaths.isSuperset(of: onePaths))
      #expect(try two.datasetDigest() != one.datasetDigest())

      let back = try dataset.write(store, Self.some + verdicts, run: "3")
      #expect(difference(back) == "0 10 10")
      #expect(try back.liveIDs() == one.liveIDs())
      #expect(try back.datasetDigest() == one.datasetDigest())
      #expect(back.memos["Dataset-Digest"] == one.memos["Dataset-Digest"])
      let backPaths = Set(try await paths(dataset)).subtracting(twoPaths)
      #expect(backPaths.compactMap { ArtifactPath($0)?.kind } == [.tombstones])
      #expect(try back.tombstones().keys.sorted() == Self.others.suffix(10).map(\.id).sorted())
      #expect(try await dataset.complaints().isEmpty)

      // Old versions stay what they were.
      #expect(try store.version("HEAD~1").liveIDs() == two.liveIDs())
      #expect(try store.version("HEAD~2").liveIDs() == one.liveIDs())
      #expect(try Store(at: dataset.root).version("HEAD").datasetDigest() == one.datasetDigest())
    }
  }

  @Test("the rest of a base is kept but for what was dropped and not derived again, and the dead")
  func rest() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      _ = try dataset.write(store, Self.some, run: "1")
      // The first ten are dead now.
      let base = try dataset.write(store, Array(Self.some.dropFirst(10)), run: "2")
      let lock = try store.lock(purpose: "test")
      defer { withExtendedLifetime(lock) {} }
      let writer = try VersionWriter(store, base: base, deriving: [.samples], run: "3")
      func drop(_ record: Record) throws -> Bool {
        try writer.drop(.samples, idWord: record.id.digest.leadingWord)
      }
      for record in Self.some[12..<16] { #expect(try drop(record)) }
      // Neither what was never there nor what is dead can be dropped.
      #expect(try !drop(Record.made(.samples, 999)))
      #expect(try !drop(Self.some[3]))
      for record in [Self.some[0], Self.some[15], Self.others[39]] { try writer.keep(record) }
      try writer.keepRest(of: .samples)
      let expected = ids([Self.some[0]] + Self.some[10..<12] + Self.some[15...] + [Self.others[39]])
      let digest = try writer.derivedDigests()[.samples]
      let version = try writer.finish(files: [], branch: "refs/heads/main") { _ in "rest\n" }
      #expect(try version?.liveIDs() == expected)
      #expect(try version?.digest(of: .samples) == digest)
      #expect(version.map { $0.commit.message } == "rest\n")
    }
  }

  @Test("the same records again are no change")
  func noChange() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let one = try dataset.write(store, Self.some, run: "1", taxonomies: ["{}"])
      let two = try dataset.write(store, Self.some.reversed(), run: "2", taxonomies: ["{}"])
      #expect(difference(two) == "0 0 0")
      #expect(two.tree == one.tree)
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("without a message nothing is written")
  func noMessage() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let head = try #require(try store.head())
      func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(
          atPath: dataset.root.appending(path: ".git/objects").path(percentEncoded: false)
        ).sorted()
      }
      let before = try files()
      let writer = try VersionWriter(store, base: head, deriving: [.samples], run: "1")
      for record in Self.some { try writer.keep(record) }
      #expect(
        try writer.derivedDigests()[.samples]
          == DatasetDigest.make(.samples, sorted: SortedIDs(and: Self.some.map(\.id))))
      let version = try writer.finish(files: [], taxonomyObjects: [], branch: TestDataset.branch) {
        #expect($0.difference == .init(added: 40))
        return nil
      }
      #expect(version == nil)
      #expect(try store.head()?.commit.id == head.commit.id)
      #expect(try files() == before)
    }
  }

  @Test("a message that fails leaves everything as it was")
  func failingMessage() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let head = try #require(try store.head())
      func fail() throws {
        let writer = try VersionWriter(store, base: head, deriving: [.samples], run: "1")
        for record in Self.some { try writer.keep(record) }
        _ = try writer.finish(files: [], taxonomyObjects: [], branch: TestDataset.branch) { _ in
          throw CancellationError()
        }
      }
      #expect(throws: CancellationError.self) { try fail() }
      #expect(try store.head()?.commit.id == head.commit.id)
      let packs = try FileManager.default.contentsOfDirectory(
        atPath: dataset.root.appending(path: ".git/objects/pack").path(percentEncoded: false))
      #expect(packs.allSatisfy { $0.hasSuffix(".pack") || $0.hasSuffix(".idx") })
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("kinds that are not derived stay as they are")
  func otherKinds() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let verdicts = (0..<5).map { Record.made(.verdicts, $0) }
      let base = try dataset.write(store, Self.some + verdicts, run: "1")
      let writer = try VersionWriter(store, base: base, deriving: [.samples], run: "2")
      let version = try writer.finish(
        files: [], taxonomyObjects: [], branch: TestDataset.branch
      ) { summary in
        #expect(summary.difference == .init(removed: 40))
        return "Remove samples\n\nDataset-Digest: \(summary.datasetDigest)\n"
      }
      let live = try #require(try version?.liveIDs())
      #expect(live == ids(verdicts))
      let digest = DatasetDigest.make([.verdicts: verdicts.map(\.id)])
      #expect(try version?.datasetDigest() == digest)
      #expect(version?.commit.message.contains(digest.hex) == true)
    }
  }

  @Test("many records fill several shards, in the order they came")
  func manyShards() async throws {
    try await withDataset { dataset in
      let records = (0..<600).map { number in
        Record(
          .samples,
          ["slot": .init(number), "text": .string(String(repeating: "x\(number) ", count: 900))])
      }
      let store = try Store(at: dataset.root)
      let version = try dataset.write(store, records, run: "1")
      let shards = try version.shards(.samples)
      #expect((3...5).contains(shards.count))
      for shard in shards {
        let content = try store.reader.artifact(shard.object)
        #expect(Digest(of: content) == shard.path.digest)
        #expect(content.count < Shard.targetSizeInBytes(of: .samples) + 8000)
        let slots = try Shard.records(.samples, content).map { try $0.value()["slot"]?.int ?? -1 }
        #expect(slots == Array(slots[0]..<(slots[0] + slots.count)))
      }
      #expect(try version.records(.samples).count == 600)
    }
  }

  @Test("what git holds is read by git and zstd alone")
  func plainTools() async throws {
    try await withDataset { dataset in
      try dataset.write(
        try Store(at: dataset.root), Self.some, run: "1", taxonomies: [#"{"factor":"x"}"#])
      var seen = 0
      for path in try await paths(dataset) {
        guard let artifact = ArtifactPath(path) else { continue }
        let blob = try await dataset.git("cat-file", "blob", "HEAD:\(path)")
        let content = try runProgram("zstd", "-dc", input: blob.bytes)
        #expect(content.status == 0)
        #expect(Digest(of: content.output) == artifact.digest)
        seen += 1
      }
      #expect(seen == 2)
    }
  }

  @Test("taxonomy objects are replaced by those of the new text")
  func taxonomies() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let files = ["taxonomies/a.yaml": "a\n"]
      try dataset.write(store, [], run: "1", files: files, taxonomies: ["{\"a\":1}", "{\"b\":1}"])
      try dataset.write(store, [], run: "2", taxonomies: ["{\"b\":1}", "{\"c\":1}"])
      let expected = ["{\"b\":1}", "{\"c\":1}"].map {
        ArtifactPath(folder: ArtifactPath.taxonomies, object: Digest(of: $0.utf8)).text
      }
      let held = try await paths(dataset).filter { $0.hasPrefix("taxonomies/") }
      #expect(Set(held) == Set(expected + ["taxonomies/a.yaml"]))
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("a branch that moved meanwhile is not moved, and nothing of it is lost")
  func conflict() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let base = try #require(try store.head())
      let writer = try VersionWriter(store, base: base, deriving: TestDataset.kinds, run: "late")
      for record in Self.some { try writer.keep(record) }
      try dataset.put("a person's\n", at: "notes.txt")
      try await dataset.git("add", "notes.txt")
      try await dataset.git("commit", "-q", "-m", "By hand")
      let head = try await dataset.git("rev-parse", "HEAD").text

      let error = #expect(throws: StoreError.self) {
        try writer.finish(files: [], taxonomyObjects: [], branch: TestDataset.branch) { _ in "x\n" }
      }
      #expect(error?.code == .locked)
      #expect(try await dataset.git("rev-parse", "HEAD").text == head)
      #expect(try await dataset.complaints().isEmpty)

      let version = try dataset.write(try Store(at: dataset.root), Self.some, run: "again")
      #expect(version.commit.parents.map(\.hex) == [head])
      #expect(try version.liveIDs() == ids(Self.some))
      #expect(try dataset.text("notes.txt") == "a person's\n")
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("a branch that HEAD does not name moves without touching files or index")
  func otherBranch() async throws {
    try await withDataset { dataset in
      try await dataset.git("switch", "-q", "-c", "aside")
      let store = try Store(at: dataset.root)
      let version = try dataset.write(store, Self.some, run: "1", files: ["new.txt": "new\n"])
      #expect(!dataset.exists("new.txt"))
      #expect(try await dataset.complaints().isEmpty)
      #expect(try await dataset.git("rev-parse", "main").text == version.commit.id.hex)
      try await dataset.git("switch", "-q", "main")
      #expect(try dataset.text("new.txt") == "new\n")
      #expect(!dataset.exists("samples"))
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("a plain merge of git unites what two branches added and removed")
  func merge() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      try dataset.write(store, Self.some, run: "1")
      try await dataset.git("branch", "other")
      try dataset.write(store, Array(Self.some.dropFirst(5)) + [.made(.samples, 100)], run: "2")
      try await dataset.git("switch", "-q", "other")
      try dataset.write(
        store, Array(Self.some.dropLast(5)) + [.made(.samples, 200)], run: "3",
        branch: "refs/heads/other")
      try await dataset.git("merge", "-q", "-m", "Unite", "main")
      let expected =
        Self.some.dropFirst(5).dropLast(5) + [.made(.samples, 100), .made(.samples, 200)]
      let version = try store.version("HEAD")
      #expect(try version.liveIDs() == ids(expected))
      #expect(try version.records(.samples).count == expected.count)
      #expect(version.memos.entries.isEmpty)
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("trailers of another tree are ignored")
  func foreignMemos() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      #expect(try dataset.write(store, Self.some, run: "1").memos["Run-Id"] == "1")
      try dataset.put("by hand\n", at: "notes.txt")
      try await dataset.git("add", "notes.txt")
      try await dataset.git("commit", "-q", "--amend", "--no-edit")
      #expect(try store.version("HEAD").memos.entries.isEmpty)
    }
  }
}
