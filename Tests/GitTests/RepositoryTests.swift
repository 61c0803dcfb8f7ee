import Foundation
import Git
import TestSupport
import Testing

@Suite("Repository")
struct RepositoryTests {
  /// The path without links and without a slash at its end.
  private func path(_ url: URL?) -> String? {
    url.map { URL(filePath: $0.resolvingSymlinksInPath().path, directoryHint: .notDirectory).path }
  }

  @Test("a new repository has the asked branch, and cannot be made twice")
  func create() async throws {
    try await withTemporaryDirectory { directory in
      let root = directory.appending(path: "deep/er")
      let repository = try Repository.create(at: root, branch: "trunk")
      #expect(try repository.head == .branch(name: "refs/heads/trunk", commit: nil))
      #expect(try repository.head.commit == nil)
      let git = GitProgram(in: root)
      #expect(try await git("symbolic-ref", "HEAD").text == "refs/heads/trunk")
      #expect(try await git("status", "--porcelain").text == "")
      #expect(try await git("config", "core.repositoryformatversion").text == "0")
      let error = #expect(throws: GitError.self) { try Repository.create(at: root) }
      #expect(error?.code == .exists)
      #expect(throws: GitError.self) {
        try Repository.create(at: directory.appending(path: "x"), branch: "a..b")
      }
    }
  }

  @Test("a repository is found from its folders, its git directory, and as a bare one")
  func open() async throws {
    try await withTemporaryDirectory { directory in
      let test = try TestRepository(in: directory)
      try test.write("x", to: "a/b/c")
      for place in ["", "a/b", ".git"] {
        let repository = try Repository.open(at: test.root.appending(path: place))
        #expect(path(repository.workingDirectory) == path(test.root))
        #expect(path(repository.gitDirectory) == path(test.root.appending(path: ".git")))
        #expect(path(repository.commonDirectory) == path(repository.gitDirectory))
      }
      let bare = directory.appending(path: "bare.git")
      try await test.git("init", "-q", "--bare", bare.path(percentEncoded: false))
      let repository = try Repository.open(at: bare)
      #expect(repository.workingDirectory == nil)
      let error = #expect(throws: GitError.self) {
        try repository.updateIndex([IndexChange(path: "a", entry: nil)])
      }
      #expect(error?.code == .invalid)
    }
  }

  @Test("no repository is told as such")
  func absent() throws {
    try withTemporaryDirectory { directory in
      for place in [directory, directory.appending(path: "none")] {
        let error = #expect(throws: GitError.self) { try Repository.open(at: place) }
        #expect(error?.code == .notARepository)
      }
      let cut = #expect(throws: GitError.self) {
        try Repository.open(at: URL(filePath: "/tmp/a\0b"))
      }
      #expect(cut != nil)
    }
  }

  @Test("a repository of another user names safe.directory", .enabled(if: geteuid() == 0))
  func otherOwner() throws {
    try withTemporaryDirectory { directory in
      let test = try TestRepository(in: directory)
      try test.commit(["a": "1"])
      for place in ["", ".git"] {
        let path = test.root.appending(path: place).path(percentEncoded: false)
        #expect(chown(path, 4711, 4711) == 0)
      }
      let error = #expect(throws: GitError.self) { try Repository.open(at: test.root) }
      #expect(error?.code == .permission)
      #expect(error?.hint?.contains("safe.directory") == true)
    }
  }

  @Test("git's environment names the repository of a hook, and where its new objects are")
  func environment() async throws {
    try await withRepository { test in
      let path = test.root.path(percentEncoded: false)
      let bytes = Array("new".utf8)
      try await test.git("init", "-q", "--bare", "quarantine")
      try await GitProgram(in: test.root.appending(path: "quarantine"))(
        "hash-object", "-w", "--stdin", input: bytes)
      await #expect(processExitsWith: .success) { [path = path as String] in
        setenv("GIT_DIR", path + ".git", 1)
        setenv("GIT_OBJECT_DIRECTORY", path + "quarantine/objects", 1)
        setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", path + ".git/objects", 1)
        let repository = try Repository.openFromEnvironment()
        let id = ObjectID(hashing: .blob, Array("new".utf8))
        let areFound = try repository.contains(id) && repository.reader().contains(id)
        guard repository.gitDirectory.path == path + ".git", areFound else { exit(1) }
      }
    }
  }

  @Test("the working tree may be elsewhere")
  func separateWorkingTree() async throws {
    try await withTemporaryDirectory { directory in
      let test = try TestRepository(in: directory)
      let elsewhere = directory.appending(path: "elsewhere")
      try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
      try await test.git("config", "core.worktree", elsewhere.path(percentEncoded: false))
      let repository = try Repository.open(at: test.root)
      #expect(path(repository.workingDirectory) == path(elsewhere))
      #expect(try repository.reader().contains(.emptyTree) == repository.contains(.emptyTree))
    }
  }

  @Test("a format of git that is not known is told")
  func unknownFormat() async throws {
    try await withRepository { test in
      try await test.git("config", "core.repositoryformatversion", "1")
      try await test.git("config", "extensions.objectformat", "sha256")
      let error = #expect(throws: GitError.self) { try Repository.open(at: test.root) }
      #expect(error?.code == .invalid)
    }
  }

  @Test("HEAD on a branch, on none, and elsewhere")
  func heads() async throws {
    try await withTemporaryDirectory { directory in
      let test = try TestRepository(in: directory)
      let id = try test.commit(["a": "1"])
      #expect(try test.repository.head == .branch(name: "refs/heads/main", commit: id))
      try await test.git("checkout", "-q", "--detach", "main")
      #expect(try test.repository.head == .detached(id))
      let linked = directory.appending(path: "linked")
      try await test.git("worktree", "add", "-q", linked.path(percentEncoded: false), "main")
      #expect(try test.repository.isCheckedOutElsewhere("refs/heads/main"))
      #expect(try !test.repository.isCheckedOutElsewhere("refs/heads/other"))

      let other = try Repository.open(at: linked)
      #expect(try other.head == .branch(name: "refs/heads/main", commit: id))
      #expect(try !other.isCheckedOutElsewhere("refs/heads/main"))
      #expect(path(other.commonDirectory) == path(test.repository.commonDirectory))
      #expect(path(other.gitDirectory) != path(other.commonDirectory))
      #expect(path(other.workingDirectory) == path(linked))
      try await test.git("checkout", "-q", "-b", "topic")
      #expect(try other.isCheckedOutElsewhere("refs/heads/topic"))
      #expect(try !test.repository.isCheckedOutElsewhere("refs/heads/topic"))

      let pack = other.makePackWriter()
      let blob = try pack.add(.blob, [1])
      try pack.finish()
      #expect(test.repository.contains(blob))
    }
  }

  @Test("configuration is read at all levels and set in the repository")
  func configuration() async throws {
    try await withRepository { test in
      let repository = test.repository
      #expect(try repository.configuration("stemma.none") == nil)
      try repository.setConfiguration("stemma.value", "a \"b\" #c")
      #expect(try repository.configuration("stemma.value") == "a \"b\" #c")
      #expect(try await test.git("config", "--local", "stemma.value").text == "a \"b\" #c")
      try await test.git("config", "stemma.value", "later")
      #expect(try repository.configuration("stemma.value") == "later")
      for name in ["noSection", "a\0b.c", ""] {
        #expect(throws: GitError.self) { try repository.setConfiguration(name, "x") }
      }
      try repository.setConfiguration("user.name", "Grace")
      try repository.setConfiguration("user.email", "grace@example.org")
      #expect(try repository.identity.name == "Grace")
      #expect(try repository.identity.email == "grace@example.org")
      try repository.applyDatasetConfiguration()
      for name in ["merge.renames", "merge.directoryRenames", "diff.renames"] {
        #expect(try await test.git("config", "--local", name).text == "false")
      }
    }
  }

  @Test("settings of one working tree come before those of all")
  func worktreeConfiguration() async throws {
    try await withRepository { test in
      try await test.git("config", "extensions.worktreeConfig", "true")
      try await test.git("config", "core.sparseCheckout", "true")
      try await test.git("config", "--worktree", "core.sparseCheckout", "false")
      #expect(try test.repository.usesSparseCheckout == false)
      try test.repository.hideFromWorkingTree(folders: ["samples"])
      #expect(try await test.git("config", "core.sparseCheckout").text == "true")
      let again = try Repository.open(at: test.root)
      #expect(try again.usesSparseCheckout == true)
      try await test.git("config", "core.repositoryformatversion", "1")
      #expect(try Repository.open(at: test.root).usesSparseCheckout == true)
    }
  }

  @Test("objects that another process stores are found")
  func refresh() async throws {
    try await withRepository { test in
      let reader = try test.repository.reader()
      let id = ObjectID(hashing: .blob, Array("later".utf8))
      #expect(!test.repository.contains(id))
      #expect(!reader.contains(id))
      try await test.git("hash-object", "-w", "--stdin", input: Array("later".utf8))
      #expect(test.repository.contains(id))
      #expect(try reader.read(id, as: .blob, maximumSizeInBytes: 10).count == 5)
      try test.repository.refresh()
      try reader.refresh()
    }
  }
}
