import Foundation
import Testing

@testable import Git

@Suite("Damage and limits")
struct DamageTests {
  /// Writes one pack of a blob, changes it, and opens the repository anew.
  private func withDamagedPack(
    _ damage: (inout Data) -> Void, _ check: (Repository, ObjectID) throws -> Void
  ) async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.blob, patternBytes(100_000))
      let summary = try #require(try pack.finish())
      let file = test.root.appending(path: ".git/objects/pack/\(summary.name).pack")
      var data = try Data(contentsOf: file)
      damage(&data)
      try FileManager.default.removeItem(at: file)
      try data.write(to: file)
      try check(try Repository.open(at: test.root), id)
    }
  }

  @Test(
    "a flipped byte anywhere in an object is an error", arguments: [12, 14, 20, 70_000, 100_030])
  func flippedByte(offset: Int) async throws {
    try await withDamagedPack { data in
      data[offset] ^= 0x40
    } _: { repository, id in
      #expect(throws: GitError.self) {
        try repository.read(id, as: .blob, maximumSizeInBytes: 1 << 20)
      }
    }
  }

  @Test("a pack cut anywhere is an error", arguments: [0, 8, 12, 14, 50_000, 100_040])
  func truncated(size: Int) async throws {
    try await withDamagedPack { data in
      data = data.prefix(size)
    } _: { repository, id in
      #expect(throws: GitError.self) {
        try repository.read(id, as: .blob, maximumSizeInBytes: 1 << 20)
      }
    }
  }

  /// Where the index of one object has its highest count, and its offset.
  private static let countPlace = 8 + 255 * 4
  private static let offsetPlace = 8 + 256 * 4 + 20 + 4

  @Test(
    "an index that leads out of its pack is an error, not a crash",
    arguments: [
      (offsetPlace, [0x00, 0x30, 0x43, 0x8c]), (offsetPlace, [0x7f, 0xff, 0xff, 0xff]),
      (offsetPlace, [0x80, 0x00, 0x00, 0x00]), (countPlace, [0xff, 0xff, 0xff, 0xff]),
    ] as [(Int, [UInt8])])
  func hostileIndex(place: Int, bytes: [UInt8]) async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      try pack.add(.blob, [1, 2, 3])
      let summary = try #require(try pack.finish())
      let file = test.root.appending(path: ".git/objects/pack/\(summary.name).idx")
      var data = try Data(contentsOf: file)
      data.replaceSubrange(place..<(place + 4), with: bytes)
      try FileManager.default.removeItem(at: file)
      try data.write(to: file)
      let error = #expect(throws: GitError.self) { try Repository.open(at: test.root) }
      #expect(error?.code == .corrupt)
      #expect(error?.hint?.contains("git index-pack") == true)
    }
  }

  @Test("an object above the maximum, of another kind, or absent is refused")
  func refusedReads() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.blob, patternBytes(1000))
      try pack.finish()
      let tooLarge = #expect(throws: GitError.self) {
        try test.repository.read(id, as: .blob, maximumSizeInBytes: 999)
      }
      #expect(tooLarge?.code == .tooLarge)
      let otherKind = #expect(throws: GitError.self) {
        try test.repository.read(id, as: .tree, maximumSizeInBytes: 1000)
      }
      #expect(otherKind?.code == .invalid)
      let absent = #expect(throws: GitError.self) {
        try test.repository.read(
          ObjectID(hashing: .blob, [7]), as: .blob, maximumSizeInBytes: 1000)
      }
      #expect(absent?.code == .missingObject)
    }
  }

  @Test("an announced size of many gigabytes is refused before memory is taken")
  func hostileSize() async throws {
    try await withDamagedPack { data in
      // The type and size of the entry: 2^60 bytes, over bytes of the content.
      data.replaceSubrange(
        12..<22, with: [0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1])
    } _: { repository, id in
      #expect(throws: GitError.self) {
        try repository.read(id, as: .blob, maximumSizeInBytes: 1 << 20)
      }
    }
  }

  @Test(
    "a malformed tree is an error",
    arguments: ["100644 a", "100644 a\0short", "999 a\0", "x\0", "10064412 a\0", " a\0"])
  func malformedTree(text: String) async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.tree, Array(text.utf8))
      try pack.finish()
      let error = #expect(throws: GitError.self) { try test.repository.entries(ofTree: id) }
      #expect(error?.code == .corrupt)
      for name in ["a", "x", "b"] {
        let error = #expect(throws: GitError.self) {
          try test.repository.find(path: name, inTree: id)
        }
        #expect(error?.code == .corrupt)
      }
    }
  }

  @Test(
    "a tree with names that leave it is an error", arguments: ["..", ".", ".git", "a/b", ".GIT"])
  func hostileNames(name: String) async throws {
    try await withRepository { test in
      let blob = ObjectID(hashing: .blob, [])
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.tree, Array("100644 \(name)\0".utf8) + blob.bytes)
      try pack.finish()
      let error = #expect(throws: GitError.self) { try test.repository.entries(ofTree: id) }
      #expect(error?.code == .corrupt)
      #expect(throws: GitError.self) { try test.repository.changes(from: nil, to: id) }
      #expect(throws: GitError.self) { try test.repository.files(inTree: id) }
    }
  }

  @Test("trees nested without end or measure are refused")
  func deepTree() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      var id = try pack.add(.tree, [])
      for _ in 0..<1000 { id = try pack.add(.tree, Array("40000 a\0".utf8) + id.bytes) }
      try pack.finish()
      let error = #expect(throws: GitError.self) { try test.repository.files(inTree: id) }
      #expect(error?.code == .tooLarge)
      let other = #expect(throws: GitError.self) { try test.repository.changes(from: nil, to: id) }
      #expect(other?.code == .tooLarge)
    }
  }

  @Test(
    "a malformed commit is an error",
    arguments: ["", "tree x\n\n", "parent 1\n", "tree \(ObjectID.emptyTree)\n\nno author"])
  func malformedCommit(text: String) async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.commit, Array(text.utf8))
      try pack.finish()
      let error = #expect(throws: GitError.self) { try test.repository.commit(id) }
      #expect(error?.code == .corrupt)
    }
  }

  @Test("a full disk is told as such")
  func fullDisk() throws {
    let descriptor = open("/dev/full", O_RDWR)
    try #require(descriptor >= 0)
    // The name is not the device, which the end of the file's life would remove.
    var file = OutputFile(descriptor, path: "/nonexistent/full")
    var failure: GitError?
    do throws(GitError) {
      try file.append(patternBytes(1 << 20))
    } catch {
      failure = error
    }
    #expect(failure?.code == .noSpace)
  }

  @Test(
    "the system's errors are sorted",
    arguments: [
      (EACCES, GitError.Code.permission), (EROFS, .permission), (ENOSPC, .noSpace),
      (EFBIG, .noSpace), (EDQUOT, .noSpace), (ENOENT, .notFound), (EIO, .io),
    ])
  func systemErrors(number: Int32, code: GitError.Code) {
    #expect(GitError("cannot write 'x'", systemError: number).code == code)
  }
}
