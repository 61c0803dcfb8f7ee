import Foundation
import TestSupport
import Testing

@testable import Git

@Suite("Pack set")
struct PackSetTests {
  private static let limit = 1 << 22

  private func packs(_ test: TestRepository) -> PackSet {
    PackSet(test.root.appending(path: ".git/objects/pack").path(percentEncoded: false))
  }

  @Test("stored blobs of every size are lent as they are", arguments: PackWriterTests.sizes)
  func stored(size: Int) async throws {
    try await withRepository { test in
      let bytes = patternBytes(size)
      let pack = test.repository.makePackWriter()
      for number in 0..<300 { try pack.add(.blob, Array("\(number)".utf8)) }
      let id = try pack.add(.blob, bytes)
      try pack.finish()
      let blob = try #require(packs(test).blob(id, maximumSizeInBytes: Self.limit))
      #expect(blob.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } == bytes)
      #expect(packs(test).blob(id, maximumSizeInBytes: size - 1) == nil)
      let unchecked = try test.repository.uncheckedBlob(id, maximumSizeInBytes: Self.limit)
      #expect(unchecked.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } == bytes)
    }
  }

  @Test("packs that come later are seen, and what is lent outlives its pack")
  func later() async throws {
    try await withRepository { test in
      let packs = packs(test)
      var held: [(ObjectBytes, [UInt8])] = []
      for number in 1...3 {
        let bytes = patternBytes(number * 1000)
        let pack = test.repository.makePackWriter()
        let id = try pack.add(.blob, bytes)
        #expect(packs.blob(id, maximumSizeInBytes: Self.limit) == nil)
        let summary = try #require(try pack.finish())
        held.append((try #require(packs.blob(id, maximumSizeInBytes: Self.limit)), bytes))
        try FileManager.default.removeItem(
          at: test.root.appending(path: ".git/objects/pack/\(summary.name).pack"))
      }
      for (blob, bytes) in held {
        #expect(blob.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } == bytes)
      }
    }
  }

  @Test("packs that are joined while they are looked at are no loss, and keep no file open")
  func joined() async throws {
    try await withRepository { test in
      var bytes: [ObjectID: [UInt8]] = [:]
      for number in 1...3 {
        let pack = test.repository.makePackWriter()
        let content = patternBytes(number * 50_000)
        bytes[try pack.add(.blob, content)] = content
        try pack.finish()
      }
      let packs = packs(test)
      for id in bytes.keys {
        let found = packs.blob(id, maximumSizeInBytes: Self.limit)
        #expect(found != nil)
      }
      let folder = test.root.appending(path: ".git/objects/pack").path(percentEncoded: false)
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      }
      #expect(!open.contains { $0.hasPrefix(folder) && $0.hasSuffix(".pack") })
      let ids = bytes.keys.map { "\($0)\n" }.joined()
      let name = try await test.git(
        "pack-objects", "-q", "--window=0", folder + "/pack", input: Array(ids.utf8)
      ).text
      for file in try FileManager.default.contentsOfDirectory(atPath: folder)
      where !file.contains(name) {
        try FileManager.default.removeItem(atPath: "\(folder)/\(file)")
      }
      for (id, content) in bytes {
        let blob = try #require(packs.blob(id, maximumSizeInBytes: Self.limit))
        #expect(blob.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } == content)
      }
    }
  }

  @Test("what is compressed, a delta, loose or no blob is left to libgit2")
  func others() async throws {
    try await withRepository { test in
      let text = Array(String(repeating: "the same line\n", count: 4000).utf8)
      let loose = try #require(
        ObjectID(hex: try await test.git("hash-object", "-w", "--stdin", input: text).text))
      let similar = try #require(
        ObjectID(
          hex: try await test.git("hash-object", "-w", "--stdin", input: text + [65]).text))
      let tree = try #require(
        ObjectID(
          hex: try await test.git(
            "mktree", input: Array("100644 blob \(loose)\ta\n100644 blob \(similar)\tb\n".utf8)
          ).text))
      #expect(packs(test).blob(loose, maximumSizeInBytes: Self.limit) == nil)
      let commit = try await test.git("commit-tree", "-m", "first", tree.hex).text
      try await test.git("update-ref", "refs/heads/main", commit)
      try await test.git("repack", "-a", "-d", "-f")
      let packed = packs(test)
      for (id, bytes) in [(loose, text), (similar, text + [65])] {
        #expect(packed.blob(id, maximumSizeInBytes: Self.limit) == nil)
        let read = try test.repository.uncheckedBlob(id, maximumSizeInBytes: Self.limit)
        #expect(read.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } == bytes)
      }
      #expect(packed.blob(tree, maximumSizeInBytes: Self.limit) == nil)
      #expect(throws: GitError.self) {
        try test.repository.uncheckedBlob(tree, maximumSizeInBytes: Self.limit)
      }
    }
  }

  @Test("offsets of packs beyond 2 GiB are read, as git writes them")
  func largeOffsets() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      var bytes: [ObjectID: [UInt8]] = [:]
      for number in 1...20 {
        let content = patternBytes(number * 997)
        bytes[try pack.add(.blob, content)] = content
      }
      let summary = try #require(try pack.finish())
      let base = test.root.appending(path: ".git/objects/pack/\(summary.name)")
        .path(percentEncoded: false)
      let small = try Data(contentsOf: URL(filePath: base + ".idx"))
      try FileManager.default.removeItem(atPath: base + ".idx")
      // Every offset but the first in the table of large ones.
      try await test.git("index-pack", "--index-version=2,0x10", base + ".pack")
      #expect(try Data(contentsOf: URL(filePath: base + ".idx")).count > small.count)
      let packs = packs(test)
      for (id, content) in bytes {
        let blob = try #require(packs.blob(id, maximumSizeInBytes: Self.limit))
        #expect(blob.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } == content)
      }
    }
  }

  @Test("no damage of a pack or its index leads out of them")
  func damage() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.blob, patternBytes(70_000))
      let summary = try #require(try pack.finish())
      let base = test.root.appending(path: ".git/objects/pack/\(summary.name)")
      let names = ["idx", "pack"].map { base.appendingPathExtension($0) }
      let whole = try names.map { try Data(contentsOf: $0) }
      var random = FixedRandom(seed: 7)
      for round in 0..<400 {
        var files = whole
        let number = round % 2
        // The first bytes matter most: sizes, offsets, blocks.
        let place = Int.random(in: 0..<min(files[number].count, 1100), using: &random)
        if round % 5 == 0 {
          files[number] = files[number].prefix(place)
        } else {
          for offset in 0..<Int.random(in: 1...8, using: &random)
          where place + offset < files[number].count {
            files[number][place + offset] = UInt8.random(in: .min ... .max, using: &random)
          }
        }
        let folder = test.root.appending(path: "damaged-\(round)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        for (name, data) in zip(names, files) {
          try data.write(to: folder.appending(path: name.lastPathComponent))
        }
        let packs = PackSet(folder.path(percentEncoded: false))
        guard let blob = packs.blob(id, maximumSizeInBytes: Self.limit) else { continue }
        #expect(blob.count <= files[1].count)
        #expect(blob.withBytes { $0.withUnsafeBytes { $0.reduce(0) { $0 &+ Int($1) } } } >= 0)
      }
    }
  }
}
