import Foundation
import TestSupport
import Testing

@testable import Git

/// Locks that other programs hold, and those that a killed process left.
@Suite("Locks", .serialized)
struct LockTests {
  private let branch = "refs/heads/main"

  private func path(_ name: String, in test: TestRepository) -> String {
    test.root.appending(path: ".git/\(name)").path(percentEncoded: false)
  }

  /// What a process leaves that dies while it changes git's index.
  private func abandonIndexLock(_ test: TestRepository) throws {
    let claims = path("stemma/claims", in: test)
    try FileManager.default.createDirectory(atPath: claims, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: claims + "/index"))
    try Data("half".utf8).write(to: URL(filePath: claims + "/index.new"))
    try Data("half".utf8).write(to: URL(filePath: claims + "/index.new.lock"))
    try #require(link(claims + "/index", path("index.lock", in: test)) == 0)
  }

  @Test("the lock of git's index that a killed writer left is taken over")
  func abandonedIndex() async throws {
    try await withRepository { test in
      try test.commit(["a": "1"])
      try test.write("1", to: "a")
      try abandonIndexLock(test)
      let entry = PathContent(id: ObjectID(hashing: .blob, Array("1".utf8)))
      try test.repository.updateIndex([IndexChange(path: "a", entry: entry)])
      #expect(!test.fileExists(".git/index.lock"))
      #expect(try await test.git("status", "--porcelain").text == "")
      let left = try FileManager.default.contentsOfDirectory(
        atPath: path("stemma/claims", in: test))
      #expect(left.sorted() == ["index", "reference"])
    }
  }

  @Test("the lock of git's index that a living writer or another program holds is respected")
  func heldIndex() async throws {
    try await withRepository { test in
      try test.commit(["a": "1"])
      let change = IndexChange(
        path: "a", entry: PathContent(id: ObjectID(hashing: .blob, Array("1".utf8))))
      let lock = try #require(
        try FileLock.take(on: path("index", in: test), in: test.repository.gitDirectory))
      #expect(throws: GitError.self) { try test.repository.updateIndex([change]) }
      #expect(test.fileExists(".git/index.lock"))
      withExtendedLifetime(lock) {}
    }
    try await withRepository { test in
      try test.commit(["a": "1"])
      try Data().write(to: URL(filePath: path("index.lock", in: test)))
      let change = IndexChange(
        path: "a", entry: PathContent(id: ObjectID(hashing: .blob, Array("1".utf8))))
      let error = try #require(throws: GitError.self) {
        try test.repository.updateIndex([change])
      }
      #expect(error.code == .locked)
      #expect(test.fileExists(".git/index.lock"))
    }
  }

  @Test("while the index is changed git cannot change it")
  func exclusion() async throws {
    try await withRepository { test in
      try test.commit(["a": "1"])
      try test.write("1", to: "a")
      try test.write("2", to: "b")
      try await test.git("add", "b")
      let lock = try FileLock.take(on: path("index", in: test), in: test.repository.gitDirectory)
      let add = try await test.git.run(["add", "a"])
      #expect(add.exitCode != 0 && add.errorText.contains("index.lock"))
      withExtendedLifetime(lock) {}
    }
  }

  @Test(
    "the lock of a reference that a killed writer left is taken over",
    arguments: ["", "id"])
  func abandonedReference(content: String) async throws {
    try await withRepository { test in
      let first = try test.commit(["a": "1"])
      let second = try test.commit(["a": "2"])
      let claims = path("stemma/claims", in: test)
      try Data("\(second.hex)\n\(branch)".utf8).write(to: URL(filePath: claims + "/reference"))
      let text = content.isEmpty ? "" : second.hex + "\n"
      try Data(text.utf8).write(to: URL(filePath: path("\(branch).lock", in: test)))
      try test.repository.updateReference(
        branch, to: first, expecting: second, message: "back")
      #expect(try test.repository.reference(branch) == first)
      #expect(!test.fileExists(".git/\(branch).lock"))
    }
  }

  @Test(
    "the lock of a reference that is another program's is respected",
    arguments: [true, false])
  func heldReference(isClaimed: Bool) async throws {
    try await withRepository { test in
      let first = try test.commit(["a": "1"])
      let second = try test.commit(["a": "2"])
      if isClaimed {
        let claim = path("stemma/claims/reference", in: test)
        try Data("\(second.hex)\n\(branch)".utf8).write(to: URL(filePath: claim))
      }
      let text = isClaimed ? first.hex + "\n" : ""
      try Data(text.utf8).write(to: URL(filePath: path("\(branch).lock", in: test)))
      let error = try #require(throws: GitError.self) {
        try test.repository.updateReference(
          branch, to: first, expecting: second, message: "back")
      }
      #expect(error.code == .locked)
      #expect(test.fileExists(".git/\(branch).lock"))
    }
  }
}
