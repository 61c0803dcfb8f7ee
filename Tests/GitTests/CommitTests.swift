import Foundation
import Git
import TestSupport
import Testing

@Suite("Commits and history")
struct CommitTests {
  @Test("a commit has the bytes that git writes")
  func sameAsGit() async throws {
    try await withRepository { test in
      let first = try test.commit(["a": "1"], message: "first")
      let tree = try test.repository.commit(first).tree
      let written = try await test.git(
        "commit-tree", tree.hex, "-p", first.hex, "-m", "two\nlines\n\nRun-Id: 7 é")
      let pack = test.repository.makePackWriter()
      let id = try test.repository.write(
        commit: CommitDraft(
          tree: tree, parents: [first], message: "two\nlines\n\nRun-Id: 7 é",
          author: TestRepository.signature),
        into: pack)
      #expect(id.hex == written.text)
      try pack.finish()
      let read = try test.repository.commit(id)
      #expect(read.tree == tree)
      #expect(read.parents == [first])
      #expect(read.message == "two\nlines\n\nRun-Id: 7 é\n")
      #expect(read.author == TestRepository.signature)
      #expect(read.committer == TestRepository.signature)
    }
  }

  @Test("offsets of the clock come back", arguments: [0, 60, -60, 330, -210, 845, -30, 30])
  func offsets(minutes: Int) async throws {
    try await withRepository { test in
      let signature = TestRepository.signature.at(time: 1_600_000_000, offsetMinutes: minutes)
      let pack = test.repository.makePackWriter()
      let id = try test.repository.write(
        commit: CommitDraft(
          tree: try pack.add(.tree, []), parents: [], message: "m", author: signature),
        into: pack)
      try pack.finish()
      #expect(try test.repository.commit(id).author == signature)
      let zone = try await test.git("show", "-s", "--format=%ai", id.hex).text.suffix(5)
      let sign = minutes < 0 ? -1 : 1
      let number = sign * (abs(minutes) / 60 * 100 + abs(minutes) % 60)
      #expect(Int(zone) == number)
      #expect(try await test.git("fsck", "--strict").exitCode == 0)
    }
  }

  @Test("names are cleaned as git cleans them, and none is refused")
  func names() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let tree = try pack.add(.tree, [])
      func draft(_ name: String, message: String = "m") -> CommitDraft {
        CommitDraft(
          tree: tree, parents: [], message: message,
          author: Signature(name: name, email: "a@b>c\n", time: 1))
      }
      let id = try test.repository.write(commit: draft(" \"J. <R>\nDoe, Jr.\" "), into: pack)
      for refused in [draft(""), draft("<>"), draft("Ada", message: "a\0b")] {
        let error = #expect(throws: GitError.self) {
          try test.repository.write(commit: refused, into: pack)
        }
        #expect(error?.code == .invalid)
      }
      try pack.finish()
      #expect(try test.repository.commit(id).author.name == "J. RDoe, Jr")
      #expect(try test.repository.commit(id).author.email == "a@bc")
      #expect(try await test.git("fsck", "--strict").exitCode == 0)
    }
  }

  @Test("signed commits and old encodings can be read")
  func foreignCommits() async throws {
    try await withRepository { test in
      let text = """
        tree \(ObjectID.emptyTree)
        author Ada <ada@example.org> 12 -0030
        committer Bob <b> 13 +0000
        encoding latin1
        gpgsig -----BEGIN
         tree 12
         -----END

        subject

        """
      let pack = test.repository.makePackWriter()
      let id = try pack.add(.commit, Array(text.utf8) + [0xe9])
      try pack.finish()
      let commit = try test.repository.commit(id)
      #expect(commit.tree == .emptyTree)
      #expect(
        commit.author
          == Signature(name: "Ada", email: "ada@example.org", time: 12, offsetMinutes: -30))
      #expect(commit.committer.time == 13)
      #expect(commit.message == "subject\n\u{fffd}")
    }
  }

  @Test("revisions are resolved as git resolves them")
  func revisions() async throws {
    try await withRepository { test in
      let first = try test.commit(["a": "1"])
      let second = try test.commit(["a": "2"])
      try await test.git("tag", "-a", "v1", "-m", "tagged", first.hex)
      let repository = test.repository
      for revision in ["main", "HEAD", "refs/heads/main", second.hex, String(second.hex.prefix(8))]
      {
        #expect(try repository.resolve(revision) == second)
      }
      for revision in ["main~1", "v1", "HEAD^", "v1^{commit}"] {
        #expect(try repository.resolve(revision) == first)
      }
      for (revision, code) in [
        ("none", GitError.Code.notFound), ("main~2", .notFound), ("", .invalid), ("a\0b", .invalid),
        ("main^{tree}", .invalid),
      ] {
        let error = #expect(throws: GitError.self) { try repository.resolve(revision) }
        #expect(error?.code == code, "\(revision)")
      }
    }
  }

  @Test("history lists every commit once, newest first, as far as asked")
  func history() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let tree = try pack.add(.tree, [])
      func commit(_ parents: [ObjectID], time: Int64) throws -> ObjectID {
        let draft = CommitDraft(
          tree: tree, parents: parents, message: "\(time)",
          author: TestRepository.signature.at(time: time))
        return try test.repository.write(commit: draft, into: pack)
      }
      let root = try commit([], time: 1)
      let left = try commit([root], time: 2)
      let right = try commit([root], time: 3)
      let merge = try commit([left, right], time: 4)
      let tip = try commit([merge], time: 4)
      try pack.finish()
      let repository = test.repository
      let all = try repository.history(from: [tip, left, tip])
      #expect(all.map(\.id) == [tip, merge, right, left, root])
      #expect(try repository.history(from: [tip], limit: 2).map(\.id) == [tip, merge])
      #expect(try repository.mergeBase(left, right) == root)
      #expect(try repository.mergeBase(tip, left) == left)
      let listed = try await test.git("rev-list", "--topo-order", tip.hex)
      #expect(Set(listed.lines) == Set(all.map(\.id.hex)))
    }
  }

  @Test("history ends at the boundary of a shallow clone")
  func shallow() async throws {
    try await withTemporaryDirectory { directory in
      let test = try TestRepository(in: directory)
      for number in 0..<5 { try test.commit(["a": "\(number)"]) }
      let tip = try #require(try test.repository.reference("refs/heads/main"))
      let clone = directory.appending(path: "clone")
      try await test.git(
        "clone", "-q", "--depth", "2", "file://\(test.root.path(percentEncoded: false))",
        clone.path(percentEncoded: false))
      let repository = try Repository.open(at: clone)
      let history = try repository.history(from: [tip])
      #expect(history.count == 2)
      #expect(try repository.shallowCommits == [history[1].id])
      #expect(try test.repository.shallowCommits == [])
    }
  }

  @Test("unrelated histories have no common ancestor")
  func unrelated() async throws {
    try await withRepository { test in
      let one = try test.commit(["a": "1"], on: "refs/heads/one", message: "one")
      let two = try test.commit(["a": "2"], on: "refs/heads/two", message: "two")
      #expect(try test.repository.mergeBase(one, two) == nil)
    }
  }
}
