import Foundation
import Git
import TestSupport

/// A new repository, with the real git program in it.
struct TestRepository {
  let repository: Repository
  let git: GitProgram
  let root: URL

  init(in directory: URL) throws {
    root = directory.appending(path: "data", directoryHint: .isDirectory)
    repository = try Repository.create(at: root)
    git = GitProgram(in: root)
  }

  static let signature = Signature(
    name: "Ada Example", email: "ada@example.org", time: 1_700_000_000, offsetMinutes: 60)

  /// Commits files with the given texts on top of a branch, as a writer would.
  @discardableResult
  func commit(
    _ files: [String: String?], on branch: String = "refs/heads/main", message: String = "change"
  ) throws -> ObjectID {
    let parent = try repository.reference(branch)
    let pack = repository.makePackWriter()
    var changes: [TreeChange] = []
    for (path, text) in files {
      let id = try text.map { try pack.add(.blob, Array($0.utf8)) }
      changes.append(TreeChange(path: path, entry: id.map { PathContent(id: $0) }))
    }
    let base = try parent.map { try repository.commit($0).tree }
    let tree = try repository.write(changes: changes, onto: base, into: pack)
    let draft = CommitDraft(
      tree: tree, parents: parent.map { [$0] } ?? [], message: message, author: Self.signature)
    let commit = try repository.write(commit: draft, into: pack)
    try pack.finish()
    try repository.updateReference(branch, to: commit, expecting: parent, message: message)
    return commit
  }

  /// The files in the directory of packs, by name.
  func packFiles() throws -> [String] {
    let directory = root.appending(path: ".git/objects/pack")
    return try FileManager.default.contentsOfDirectory(
      atPath: directory.path(percentEncoded: false)
    ).sorted()
  }

  /// Writes a file into the working tree.
  func write(_ text: String, to path: String) throws {
    let file = root.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func fileExists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false))
  }
}

/// Lends a new repository, and removes it afterwards.
func withRepository(_ body: (TestRepository) async throws -> Void) async throws {
  try await withTemporaryDirectory { directory in
    try await body(TestRepository(in: directory))
  }
}

/// Bytes that do not repeat early.
func patternBytes(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}

/// Random numbers that are the same in each run.
struct FixedRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
