import Foundation
import Git
import TestSupport
import Testing

@Suite("References")
struct ReferenceTests {
  @Test("a reference moves only from where the caller saw it")
  func compareAndSwap() async throws {
    try await withRepository { test in
      let repository = test.repository
      let name = "refs/stemma/calls/one"
      let first = try test.commit(["a": "1"])
      let second = try test.commit(["a": "2"])
      #expect(try repository.reference(name) == nil)
      try repository.updateReference(name, to: first, expecting: nil, message: "make")
      #expect(try repository.reference(name) == first)

      func expectConflict(to new: ObjectID?, expecting expected: ObjectID?) {
        let error = #expect(throws: GitError.self) {
          try repository.updateReference(name, to: new, expecting: expected, message: "no")
        }
        #expect(error?.code == .conflict)
      }
      expectConflict(to: second, expecting: nil)
      expectConflict(to: first, expecting: nil)
      expectConflict(to: second, expecting: second)
      expectConflict(to: nil, expecting: second)
      expectConflict(to: nil, expecting: nil)
      #expect(try repository.reference(name) == first)

      try repository.updateReference(name, to: second, expecting: first, message: "move")
      #expect(try await test.git("rev-parse", name).text == second.hex)
      try await test.git("pack-refs", "--all")
      expectConflict(to: first, expecting: nil)
      expectConflict(to: first, expecting: first)
      try repository.updateReference(name, to: first, expecting: second, message: "back")
      #expect(try repository.reference(name) == first)
      try repository.updateReference(name, to: nil, expecting: first, message: "delete")
      #expect(try repository.reference(name) == nil)
      expectConflict(to: second, expecting: first)
      expectConflict(to: nil, expecting: first)
      try repository.updateReference(name, to: nil, expecting: nil, message: "nothing")
      #expect(try await test.git.run(["rev-parse", "-q", "--verify", name]).exitCode != 0)
    }
  }

  @Test("of several writers that saw the same, one wins", arguments: [false, true])
  func race(isNew: Bool) async throws {
    try await withRepository { test in
      let name = "refs/heads/race"
      let start = try test.commit(["a": "0"])
      let root = test.root
      for round in 0..<20 {
        let old = try test.repository.reference(name)
        if let old, isNew {
          try test.repository.updateReference(name, to: nil, expecting: old, message: "again")
        } else if old == nil, !isNew {
          try test.repository.updateReference(name, to: start, expecting: nil, message: "start")
        }
        let seen = try test.repository.reference(name)
        let pack = test.repository.makePackWriter()
        let news = try (0..<4).map { writer in
          try test.repository.write(
            commit: CommitDraft(
              tree: .emptyTree, parents: [], message: "\(round) \(writer)",
              author: TestRepository.signature), into: pack)
        }
        try pack.finish()
        let winners = try await withThrowingTaskGroup(of: ObjectID?.self) { group in
          for new in news {
            group.addTask {
              let repository = try Repository.open(at: root)
              do throws(GitError) {
                try repository.updateReference(name, to: new, expecting: seen, message: "race")
                return new
              } catch {
                guard error.code == .conflict else { throw error }
                return nil
              }
            }
          }
          return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(winners.count == 1)
        #expect(try test.repository.reference(name) == winners.first)
      }
    }
  }

  @Test("a lock that stays held is told, one that goes away is waited for")
  func locks() async throws {
    try await withRepository { test in
      let first = try test.commit(["a": "1"])
      let lock = ".git/refs/heads/x.lock"
      try test.write("", to: lock)
      let error = #expect(throws: GitError.self) {
        try test.repository.updateReference(
          "refs/heads/x", to: first, expecting: nil, message: "no")
      }
      #expect(error?.code == .locked)
      #expect(error?.hint != nil)
      #expect(try test.repository.reference("refs/heads/x") == nil)
      let repository = test.repository
      let update = Task.detached {
        try repository.updateReference("refs/heads/x", to: first, expecting: nil, message: "yes")
      }
      try FileManager.default.removeItem(at: test.root.appending(path: lock))
      try await update.value
      #expect(try repository.reference("refs/heads/x") == first)
    }
  }

  @Test(
    "names that git does not take are refused",
    arguments: [
      "", "x", "refs/heads/a..b", "refs/heads/a b", "refs/heads/a\0b", "refs/heads/.a", "../x",
    ])
  func refusedNames(name: String) async throws {
    try await withRepository { test in
      let id = try test.commit(["a": "1"])
      let error = #expect(throws: GitError.self) {
        try test.repository.updateReference(name, to: id, expecting: nil, message: "no")
      }
      #expect(error?.code == .invalid)
      #expect(try test.repository.references(under: "").map(\.name) == ["refs/heads/main"])
    }
  }

  @Test("a reference inside another one is an error and changes nothing")
  func nestedNames() async throws {
    try await withRepository { test in
      let id = try test.commit(["a": "1"])
      #expect(throws: GitError.self) {
        try test.repository.updateReference(
          "refs/heads/main/x", to: id, expecting: nil, message: "no")
      }
      try await test.git("pack-refs", "--all")
      #expect(throws: GitError.self) {
        try test.repository.updateReference(
          "refs/heads/main/x", to: id, expecting: nil, message: "no")
      }
      #expect(try await test.git("for-each-ref", "--format=%(refname)").text == "refs/heads/main")
    }
  }

  @Test("references are listed by prefix, loose and packed")
  func list() async throws {
    try await withRepository { test in
      let id = try test.commit(["a": "1"])
      let names = ["refs/stemma/calls/a", "refs/stemma/calls/b/c", "refs/stemma/remotes/o/calls/a"]
      for name in names {
        try test.repository.updateReference(name, to: id, expecting: nil, message: "make")
      }
      try await test.git("pack-refs", "--all")
      let loose = "refs/stemma/calls/z"
      try test.repository.updateReference(loose, to: id, expecting: nil, message: "make")
      let calls = try test.repository.references(under: "refs/stemma/calls/")
      #expect(calls.map(\.name) == [names[0], names[1], loose])
      #expect(calls.allSatisfy { $0.id == id })
      #expect(try test.repository.references(under: "refs/stemma/").count == 4)
      #expect(try test.repository.references(under: "refs/none/").isEmpty)
      #expect(throws: GitError.self) { try test.repository.references(under: "refs/*") }
    }
  }

  @Test("moves of a branch are in its reflog and in that of HEAD, newest first")
  func reflog() async throws {
    try await withRepository { test in
      try test.repository.setConfiguration("user.name", "Grace")
      let first = try test.commit(["a": "1"], message: "one")
      let second = try test.commit(["a": "2"], message: "two")
      for name in ["refs/heads/main", "HEAD"] {
        let log = try test.repository.reflog(name)
        #expect(log.map(\.message) == ["two", "one"])
        #expect(log.map(\.new) == [second, first])
        #expect(log.map(\.old) == [first, nil])
        #expect(log.first?.signature.name == "Grace")
      }
      #expect(try test.repository.reflog("HEAD", limit: 1).count == 1)
      #expect(try test.repository.reflog("refs/heads/none").isEmpty)
      #expect(try test.repository.resolve("main@{1}") == first)
      let shown = try await test.git("reflog", "show", "--format=%gs", "main")
      #expect(shown.lines == ["two", "one"])
    }
  }
}
