import Foundation
import Git
import TestSupport
import Testing

@Suite("Pack writer")
struct PackWriterTests {
  static let sizes = [0, 1, 15, 16, 65535, 65536, 131_070, 131_071, (1 << 20) + 1]

  @Test("blobs of every size come back, from git and from the library", arguments: sizes)
  func roundTrip(size: Int) async throws {
    try await withRepository { test in
      let bytes = patternBytes(size)
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.blob, bytes)
      let summary = try #require(try pack.finish())
      #expect(summary.objectCount == 1)

      let hashed = try await test.git("hash-object", "--stdin", input: bytes)
      #expect(hashed.text == id.hex)
      let shown = try await test.git("cat-file", "blob", id.hex)
      #expect(shown.bytes == bytes)
      let read = try test.repository.read(id, as: .blob, maximumSizeInBytes: size)
      #expect(read == bytes)
      let reader = try test.repository.reader()
      #expect(reader.contains(id))
      #expect(try reader.read(id, as: .blob, maximumSizeInBytes: size) == bytes)
    }
  }

  @Test("git finds nothing wrong with a pack, and can repack and collect it")
  func checkedByGit() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let ids = try Self.sizes.map { try pack.add(.blob, patternBytes($0)) }
      let changes = ids.enumerated().map { position, id in
        TreeChange(path: "samples/\(position % 3)/\(position)", entry: PathContent(id: id))
      }
      let tree = try test.repository.write(changes: changes, onto: nil, into: pack)
      let commit = try test.repository.write(
        commit: CommitDraft(
          tree: tree, parents: [], message: "first", author: TestRepository.signature),
        into: pack)
      let summary = try #require(try pack.finish())
      try test.repository.updateReference(
        "refs/heads/main", to: commit, expecting: nil, message: "first")

      let files = try test.packFiles()
      #expect(files == ["\(summary.name).idx", "\(summary.name).pack"])
      let path = test.root.appending(path: ".git/objects/pack/\(summary.name).pack")
      let attributes = try FileManager.default.attributesOfItem(
        atPath: path.path(percentEncoded: false))
      #expect(attributes[.posixPermissions] as? Int == 0o444)
      #expect(attributes[.size] as? Int == summary.sizeInBytes)
      try await test.git("verify-pack", "-v", ".git/objects/pack/\(summary.name).idx")
      let check = try await test.git("fsck", "--full", "--strict")
      #expect(check.text + check.errorText == "")
      #expect(try await test.git("count-objects").text.hasPrefix("0 objects"))

      try await test.git("repack", "-a", "-d")
      try await test.git("gc", "--prune=now")
      let size = try #require(Self.sizes.last)
      let last = try #require(ids.last)
      #expect(
        try test.repository.read(last, as: .blob, maximumSizeInBytes: size) == patternBytes(size))
      #expect(try test.repository.commit(commit).tree == tree)
    }
  }

  @Test("objects that are stored already are not written again")
  func skipsKnown() async throws {
    try await withRepository { test in
      let first = test.repository.makePackWriter()
      try first.add(.blob, [1])
      try first.add(.blob, [1])
      #expect(try first.finish()?.objectCount == 1)

      let second = test.repository.makePackWriter()
      try second.add(.blob, [1])
      #expect(try second.finish() == nil)
      #expect(try test.packFiles().count == 2)
    }
  }

  @Test("an abandoned or forgotten pack leaves nothing behind")
  func abandoned() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.blob, patternBytes(1 << 20))
      #expect(try test.packFiles().count == 1)
      pack.abandon()
      #expect(try test.packFiles() == [])
      #expect(!test.repository.contains(id))
      #expect(throws: GitError.self) { try pack.add(.blob, [2]) }
      #expect(throws: GitError.self) { try pack.finish() }

      do {
        let forgotten = test.repository.makePackWriter()
        try forgotten.add(.blob, [1])
      }
      #expect(try test.packFiles() == [])
    }
  }

  @Test("leftovers of dead writers are removed, files of living ones stay")
  func leftovers() async throws {
    try await withRepository { test in
      let living = test.repository.makePackWriter()
      let id = try living.add(.blob, patternBytes(1 << 20))
      let dead = ".git/objects/pack/tmp_pack_stemma_1_dead"
      try test.write("PACK", to: dead)
      let other = ".git/objects/pack/tmp_pack_of_git"
      try test.write("PACK", to: other)
      let recent = ".git/objects/pack/pack_git2_recent"
      try test.write("PACK", to: recent)
      let old = ".git/objects/pack/pack_git2_old"
      try test.write("PACK", to: old)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -200_000)],
        ofItemAtPath: test.root.appending(path: old).path(percentEncoded: false))

      try test.repository.removeLeftovers()
      #expect(!test.fileExists(dead))
      #expect(test.fileExists(other))
      #expect(test.fileExists(recent))
      #expect(!test.fileExists(old))
      try living.finish()
      #expect(test.repository.contains(id))
    }
  }

  @Test("many small objects, added from several tasks, all come back")
  func manyObjects() async throws {
    try await withRepository { test in
      let count = 120_000
      let pack = test.repository.makePackWriter()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for part in 0..<4 {
          group.addTask {
            for number in stride(from: part, to: count, by: 4) {
              try pack.add(.blob, Array("object \(number)".utf8))
            }
          }
        }
        try await group.waitForAll()
      }
      let summary = try #require(try pack.finish())
      #expect(summary.objectCount == count)
      try await test.git("verify-pack", ".git/objects/pack/\(summary.name).idx")
      for number in stride(from: 0, to: count, by: 997) {
        let bytes = Array("object \(number)".utf8)
        let id = ObjectID(hashing: .blob, bytes)
        #expect(try test.repository.read(id, as: .blob, maximumSizeInBytes: 100) == bytes)
      }
    }
  }
}
