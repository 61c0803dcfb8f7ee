import Git
import TestSupport
import Testing

@Suite("Trees")
struct TreeTests {
  /// What git makes of a set of paths, each holding its own text.
  private func gitTree(_ paths: [String: String], _ test: TestRepository) async throws -> String {
    let lines = paths.map { "100644 \(ObjectID(hashing: .blob, Array($1.utf8)))\t\($0)\n" }
    try await test.git("read-tree", "--empty")
    try await test.git(
      "update-index", "--add", "--index-info", input: Array(lines.joined().utf8))
    return try await test.git("write-tree", "--missing-ok").text
  }

  private func change(_ path: String, _ text: String?) -> TreeChange {
    let id = text.map { ObjectID(hashing: .blob, Array($0.utf8)) }
    return TreeChange(path: path, entry: id.map { PathContent(id: $0) })
  }

  @Test("random changes give the tree that git makes of the same paths", arguments: 1...4)
  func randomTrees(seed: UInt64) async throws {
    try await withRepository { test in
      var random = FixedRandom(seed: seed)
      var paths: [String: String] = [:]
      var tree: ObjectID?
      let names = ["a", "a.b", "a-b", "ab", "é", "z z"]
      for round in 0..<6 {
        var changes: [String: String?] = [:]
        for _ in 0..<40 {
          let depth = Int.random(in: 0...2, using: &random)
          let folders = (0..<depth).compactMap { _ in names.randomElement(using: &random) }
          let path = (folders.map { $0 + "_" } + [names.randomElement(using: &random) ?? "a"])
            .joined(separator: "/")
          changes[path] = Bool.random(using: &random) ? .some(nil) : "\(round) \(path)"
        }
        for (path, text) in changes { paths[path] = text }
        let pack = test.repository.makePackWriter()
        tree = try test.repository.write(
          changes: changes.map { change($0, $1) }, onto: tree, into: pack)
        try pack.finish()
        #expect(try await gitTree(paths, test) == tree?.hex)
        let root = try #require(tree)
        let files = try test.repository.files(inTree: root)
        let sorted = paths.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(files.map(\.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } == sorted)
      }
    }
  }

  @Test("removing the last file of a folder removes the folder, of a tree leaves the empty tree")
  func removesFolders() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let full = try test.repository.write(
        changes: [change("a/b/c", "1"), change("d", "2")], onto: nil, into: pack)
      let less = try test.repository.write(
        changes: [change("a/b/c", nil), change("no/such", nil), change("d/x", nil)], onto: full,
        into: pack)
      let none = try test.repository.write(changes: [change("d", nil)], onto: less, into: pack)
      let folder = try test.repository.write(changes: [change("a", nil)], onto: full, into: pack)
      try pack.finish()
      #expect(try test.repository.entries(ofTree: less).map(\.name) == ["d"])
      #expect(none == .emptyTree)
      #expect(folder == less)
      #expect(try test.repository.entries(ofTree: none) == [])
      let listed = try await test.git("ls-tree", "-r", "--name-only", full.hex)
      #expect(listed.lines == ["a/b/c", "d"])
    }
  }

  @Test("a file and a folder can change places, if the one is removed")
  func filesAndFolders() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let file = try test.repository.write(changes: [change("a", "1")], onto: nil, into: pack)
      let folder = try test.repository.write(
        changes: [change("a/b", "2"), change("a", nil)], onto: file, into: pack)
      let again = try test.repository.write(
        changes: [change("a", "1"), change("a/b", nil)], onto: folder, into: pack)
      #expect(again == file)
      #expect(throws: GitError.self) {
        try test.repository.write(changes: [change("a/b", "2")], onto: file, into: pack)
      }
      #expect(throws: GitError.self) {
        try test.repository.write(changes: [change("a", "2")], onto: folder, into: pack)
      }
      #expect(throws: GitError.self) {
        try test.repository.write(
          changes: [change("x", "2"), change("x", "3")], onto: nil, into: pack)
      }
      try pack.finish()
      let grafted = test.repository.makePackWriter()
      let graft = try test.repository.write(
        changes: [TreeChange(path: "in/side", entry: PathContent(id: folder, mode: .folder))],
        onto: nil, into: grafted)
      try grafted.finish()
      #expect(try test.repository.files(inTree: graft).map(\.path) == ["in/side/a/b"])
      #expect(try test.repository.files(inTree: graft, under: "in/side/a").count == 1)
      #expect(try test.repository.files(inTree: graft, under: "in/none").isEmpty)
      #expect(try test.repository.find(path: "in/side", inTree: graft)?.id == folder)
      #expect(try test.repository.find(path: "in/none/x", inTree: graft) == nil)
      #expect(try test.repository.find(path: "in/side/a/b/c", inTree: graft) == nil)
    }
  }

  @Test("modes are kept")
  func modes() async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let blob = try pack.add(.blob, Array("target".utf8))
      let modes: [(String, FileMode)] = [("f", .file), ("l", .link), ("x", .executable)]
      let tree = try test.repository.write(
        changes: modes.map {
          TreeChange(path: $0, entry: PathContent(id: blob, mode: $1))
        }, onto: nil, into: pack)
      try pack.finish()
      #expect(try test.repository.entries(ofTree: tree).map(\.mode) == modes.map(\.1))
      let listed = try await test.git("ls-tree", tree.hex).lines.compactMap {
        $0.split(separator: " ").first
      }
      #expect(listed == ["100644", "120000", "100755"])
    }
  }

  @Test(
    "a path that leaves the repository or is not portable is refused",
    arguments: [
      "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", ".git", ".git/config",
      "a/.GIT/x", ".gIt", ".git ", ".git.", ".git::$INDEX", "git~1", "GIT~1/x", ".g\u{200c}it",
      "a\\b", "..\\a", "a\0b", String(repeating: "a/", count: 3000) + "a",
    ])
  func refusedPaths(path: String) async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let error = #expect(throws: GitError.self) {
        try test.repository.write(changes: [change(path, "1")], onto: nil, into: pack)
      }
      #expect(error?.code == .invalid)
      let other = #expect(throws: GitError.self) {
        try test.repository.updateIndex([IndexChange(path: path, entry: nil)])
      }
      #expect(other?.code == .invalid)
    }
  }

  @Test("a name that is not UTF-8 is told, and kept where it is not touched")
  func otherEncodings() async throws {
    try await withRepository { test in
      let blob = ObjectID(hashing: .blob, Array("1".utf8))
      let pack = test.repository.makePackWriter()
      let bytes = Array("100664 ".utf8) + [0xe9, 0] + blob.bytes
      let base = try pack.add(.tree, bytes)
      let tree = try test.repository.write(changes: [change("a", "1")], onto: base, into: pack)
      let back = try test.repository.write(changes: [change("a", nil)], onto: tree, into: pack)
      try pack.finish()
      #expect(back == base)
      let error = #expect(throws: GitError.self) { try test.repository.entries(ofTree: tree) }
      #expect(error?.code == .invalid)
      #expect(try test.repository.find(path: "a", inTree: tree)?.id == blob)
      #expect(try test.repository.changes(from: base, to: tree).map(\.path) == ["a"])
    }
  }

  @Test("unusual names are taken", arguments: [".gitattributes", "a b", "é", "...", "git", "-x"])
  func acceptedPaths(path: String) async throws {
    try await withRepository { test in
      let pack = test.repository.makePackWriter()
      let tree = try test.repository.write(changes: [change(path, "1")], onto: nil, into: pack)
      try pack.finish()
      #expect(try await gitTree([path: "1"], test) == tree.hex)
    }
  }
}
