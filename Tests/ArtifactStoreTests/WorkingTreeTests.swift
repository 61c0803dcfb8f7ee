import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("WorkingTree")
struct WorkingTreeTests {
  private static let records = (0..<20).map { Record.made(.samples, $0) }
  private static let files = ["recipe.yaml": "a: 1\n", "taxonomies/wording.yaml": "- x\n"]

  @Test("generated files appear, artifacts do not, and git sees no difference")
  func hidden() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      try dataset.write(store, Self.records, run: "1", files: Self.files, taxonomies: ["{}"])
      #expect(try dataset.text("recipe.yaml") == "a: 1\n")
      #expect(try dataset.text("taxonomies/wording.yaml") == "- x\n")
      #expect(!dataset.exists("samples"))
      #expect(
        !dataset.exists(
          ArtifactPath(folder: ArtifactPath.taxonomies, object: Digest(of: "{}".utf8)).text))
      #expect(try await dataset.complaints().isEmpty)

      try dataset.write(store, [], run: "2", files: ["recipe.yaml": nil])
      #expect(!dataset.exists("recipe.yaml"))
      #expect(!dataset.exists("tombstones"))
      #expect(try await dataset.complaints().isEmpty)
      // Usual work on other files stays possible.
      try dataset.put("note\n", at: "notes.txt")
      try await dataset.git("add", "-A")
      try await dataset.git("commit", "-q", "-m", "Note")
      try await dataset.git("stash", "list")
      #expect(try store.version("HEAD").shards(.samples).count == 1)
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("a file that a person changed is committed, and not written")
  func people() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let base = try #require(try store.head())
      try dataset.put("by a person\n", at: "recipe.yaml")
      try dataset.put("staged\n", at: "other.txt")
      try await dataset.git("add", "other.txt")
      let writer = try VersionWriter(store, base: base, deriving: [.samples], run: "1")
      for record in Self.records { try writer.keep(record) }
      let bytes = Array(try dataset.text("recipe.yaml").utf8)
      // Edited again while the run was at work.
      try dataset.put("edited meanwhile\n", at: "recipe.yaml")
      _ = try writer.finish(
        files: [.init(path: "recipe.yaml", bytes: bytes)], taxonomyObjects: [],
        branch: TestDataset.branch
      ) { _ in "Add samples\n" }
      #expect(try await dataset.git("show", "HEAD:recipe.yaml").text == "by a person")
      #expect(try dataset.text("recipe.yaml") == "edited meanwhile\n")
      #expect(
        try await dataset.git("status", "--porcelain").lines == ["A  other.txt", " M recipe.yaml"])
    }
  }

  @Test("the first write in a plain clone hides the artifacts")
  func clone() async throws {
    try await withDataset { dataset in
      try dataset.write(
        try Store(at: dataset.root), Self.records, run: "1", files: Self.files, taxonomies: ["{}"])
      let copy = dataset.root.deletingLastPathComponent().appending(path: "clone")
      try await dataset.git("clone", "-q", ".", copy.path(percentEncoded: false))
      let clone = TestDataset(at: copy)
      #expect(clone.exists("samples"))

      let store = try Store(at: copy)
      try WorkingTree(store).prepare()
      #expect(!clone.exists("samples"))
      #expect(clone.exists("taxonomies/wording.yaml"))
      #expect(try await clone.complaints().isEmpty)
      try clone.write(store, [], run: "2", files: ["recipe.yaml": "a: 2\n"])
      #expect(!clone.exists("samples") && !clone.exists("tombstones"))
      #expect(try clone.text("recipe.yaml") == "a: 2\n")
      #expect(try await clone.complaints().isEmpty)
      try await clone.git("switch", "-q", "--detach", "HEAD~1")
      #expect(!clone.exists("samples"))
      #expect(try clone.text("recipe.yaml") == "a: 1\n")
      #expect(try await clone.complaints().isEmpty)
    }
  }

  @Test(
    "where sparse checkout is off on purpose, artifacts are files",
    arguments: ["false", "no", "0", "off", "False"])
  func full(value: String) async throws {
    try await withDataset(settings: ["core.sparseCheckout": value]) { dataset in
      let store = try Store(at: dataset.root)
      try WorkingTree(store).prepare()
      let version = try dataset.write(store, Self.records, run: "1", taxonomies: ["{}"])
      let shard = try #require(try version.shards(.samples).first)
      #expect(dataset.exists(shard.path.text))
      let object = ArtifactPath(folder: ArtifactPath.taxonomies, object: Digest(of: "{}".utf8)).text
      #expect(dataset.exists(object))
      let path = dataset.root.appending(path: shard.path.text).path(percentEncoded: false)
      let content = try runProgram("zstd", "-dc", path).output
      #expect(content.split(separator: 0x0A).map(Array.init) == Self.records.map(\.line))
      #expect(try await dataset.complaints().isEmpty)

      try dataset.write(store, [], run: "2")
      #expect(!dataset.exists(object))
      #expect(dataset.exists("tombstones"))
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("a bare repository takes versions too")
  func bare() async throws {
    try await withDataset { dataset in
      let copy = dataset.root.deletingLastPathComponent().appending(path: "bare.git")
      try await dataset.git("clone", "-q", "--bare", ".", copy.path(percentEncoded: false))
      let store = try Store(at: copy)
      try WorkingTree(store).prepare()
      let version = try TestDataset(at: copy).write(store, Self.records, run: "1")
      #expect(try version.liveIDs() == ids(Self.records))
      #expect(try await GitProgram(in: copy)("fsck", "--full", "--strict").text.isEmpty)
    }
  }

  @Test("what has no dataset says so")
  func noDataset() throws {
    try withTemporaryDirectory { directory in
      let error = #expect(throws: StoreError.self) { try Store(at: directory) }
      #expect(error?.code == .notFound)
      #expect(error?.hint?.contains("stemma init") == true)
    }
  }
}
