import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("RecordIndex")
struct RecordIndexTests {
  private static let old = (0..<30).map { Record.made(.samples, $0) }
  private static let new = (20..<60).map { Record.made(.samples, $0) }

  /// Makes two versions; the store is closed afterwards.
  private func fill(_ dataset: TestDataset) throws {
    let store = try Store(at: dataset.root)
    try dataset.write(store, Self.old, run: "1")
    try dataset.write(store, Self.new, run: "2")
  }

  private func check(_ dataset: TestDataset) throws {
    let store = try Store(at: dataset.root)
    #expect(try store.version("HEAD").liveIDs() == ids(Self.new))
    #expect(try store.version("HEAD~1").liveIDs() == ids(Self.old))
    for record in Self.old + Self.new {
      let match = try #require(try store.index.find(idPrefix: record.id.digest.bytes).first)
      #expect(match.kind == .samples)
      #expect(try store.reader.line(at: match.location) == record.line)
    }
  }

  enum Loss: String, CaseIterable {
    case nothing, folder, manifest, segments, garbage, flippedBytes, cutOff, empty, otherVersion
  }

  private func damage(_ index: URL, _ loss: Loss) throws {
    let manifest = index.appending(path: "manifest")
    var random = SeededRandom(seed: 3)
    func change(_ body: (inout [UInt8]) -> Void) throws {
      for segment in try segments(index) {
        var bytes = Array(try Data(contentsOf: segment))
        body(&bytes)
        try Data(bytes).write(to: segment)
      }
    }
    switch loss {
    case .nothing: return
    case .folder: try FileManager.default.removeItem(at: index)
    case .manifest: try FileManager.default.removeItem(at: manifest)
    case .segments:
      for segment in try segments(index) { try FileManager.default.removeItem(at: segment) }
    case .garbage: try change { $0 = random.bytes($0.count) }
    case .flippedBytes:
      try change { for place in stride(from: 9, to: $0.count, by: 4096) { $0[place] ^= 0x40 } }
    case .cutOff: try change { $0.removeLast($0.count / 2) }
    case .empty: try change { $0 = [] }
    case .otherVersion:
      let text = try String(contentsOf: manifest, encoding: .utf8)
      try Data(text.replacing("index 2", with: "index 1").utf8).write(to: manifest)
    }
  }

  private func segments(_ index: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: index, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "segment" }
  }

  @Test("a lost or damaged index is made anew", arguments: Loss.allCases)
  func loss(loss: Loss) async throws {
    try await withDataset { dataset in
      try fill(dataset)
      try damage(dataset.folder.appending(path: "index"), loss)
      try check(dataset)
      // And it lasts.
      try check(dataset)
    }
  }

  @Test("an index that is whole is kept, however it grew, and stays in few files")
  func kept() async throws {
    try await withDataset { dataset in
      let index = dataset.folder.appending(path: "index")
      for round in 0..<40 {
        let store = try Store(at: dataset.root)
        let count = [3, 400, 1, 90][round % 4]
        let records = (0..<count).map { Record.made(.samples, round * 1000 + $0) }
        try dataset.write(store, records, run: "\(round)")
        let files = try segments(index).map(\.lastPathComponent).sorted()
        #expect(files.count <= 12, "round \(round)")
        // Looking at it from elsewhere changes nothing.
        let other = try Store(at: dataset.root)
        #expect(try other.version("HEAD").liveIDs() == ids(records))
        try other.index.catchUp(tree: other.version("HEAD").tree)
        let afterwards = try segments(index).map(\.lastPathComponent).sorted()
        #expect(Set(files).isSubset(of: afterwards) || afterwards.count <= files.count + 1)
      }
    }
  }

  @Test("an index that is deleted under an open store does not disturb it")
  func deletedWhileOpen() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      try dataset.write(store, Self.old, run: "1")
      try FileManager.default.removeItem(at: dataset.folder.appending(path: "index"))
      try dataset.write(store, Self.new, run: "2")
      #expect(try store.version("HEAD").liveIDs() == ids(Self.new))
      try check(dataset)
    }
  }

  @Test("the index catches up with a clone")
  func clone() async throws {
    try await withDataset { dataset in
      try fill(dataset)
      let copy = dataset.root.deletingLastPathComponent().appending(path: "clone")
      try await dataset.git("clone", "-q", ".", copy.path(percentEncoded: false))
      try check(TestDataset(at: copy))
    }
  }

  @Test("the index catches up with a reset and what is written after it")
  func reset() async throws {
    try await withDataset { dataset in
      try fill(dataset)
      try await dataset.git("reset", "-q", "--hard", "HEAD~1")
      let store = try Store(at: dataset.root)
      #expect(try store.version("HEAD").liveIDs() == ids(Self.old))
      #expect(try await dataset.complaints().isEmpty)
      try dataset.write(store, Self.new, run: "3")
      try check(dataset)
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test(
    "the index holds when git moves the objects",
    arguments: [["gc", "-q"], ["gc", "-q", "--aggressive", "--prune=now"], ["repack", "-adq"]])
  func repack(arguments: [String]) async throws {
    try await withDataset { dataset in
      try fill(dataset)
      let open = try Store(at: dataset.root)
      #expect(try open.version("HEAD").liveIDs() == ids(Self.new))
      #expect(try await dataset.git.run(arguments).exitCode == 0)
      // A store that was open sees the new packs too.
      #expect(try open.version("HEAD~1").records(.samples).count == Self.old.count)
      try check(dataset)
      try FileManager.default.removeItem(at: dataset.folder.appending(path: "index"))
      try check(dataset)
    }
  }

  @Test("records are found by the beginning of their ids")
  func prefixes() async throws {
    try await withDataset { dataset in
      let records = (0..<300).map { Record.made($0 % 2 == 0 ? .samples : .mixes, $0) }
      let store = try Store(at: dataset.root)
      try dataset.write(store, records, run: "1")
      for length in [0, 1, 2, 3, 31, 32] {
        for record in records.prefix(20) {
          let prefix = Array(record.id.digest.bytes.prefix(length))
          let expected = records.filter { $0.id.digest.bytes.starts(with: prefix) }.map(\.id)
            .sorted()
          #expect(try store.index.find(idPrefix: prefix).map(\.id) == expected)
          let some = try store.index.find(idPrefix: prefix, limit: 2).map(\.id)
          #expect(some == Array(expected.prefix(2)))
        }
      }
      #expect(try store.index.find(idPrefix: [UInt8](repeating: 0, count: 32)).isEmpty)
      #expect(try store.index.find(idPrefix: [UInt8](repeating: 0xFF, count: 40)).isEmpty)
    }
  }

  @Test("a shard that is no zstd frame is reported as corrupt")
  func corruptShard() async throws {
    try await withDataset { dataset in
      try fill(dataset)
      let digest = Digest(of: "x".utf8)
      let path = ArtifactPath(kind: .samples, digest: digest).text
      let blob = try await dataset.git(
        "hash-object", "-w", "--stdin", input: Array("no frame".utf8))
      try await dataset.git("update-index", "--add", "--cacheinfo", "100644,\(blob.text),\(path)")
      try await dataset.git("commit", "-q", "-m", "Damage")
      let store = try Store(at: dataset.root)
      let error = #expect(throws: StoreError.self) { try store.version("HEAD").liveIDs() }
      #expect(error?.code == .corrupt)
      #expect(error?.hint?.contains("verify") == true)
      #expect(try store.version("HEAD~1").liveIDs() == ids(Self.new))
    }
  }
}
