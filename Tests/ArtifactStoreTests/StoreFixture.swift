import CanonicalJSON
import Foundation
import Git
import TestSupport

@testable import ArtifactStore

/// A new dataset with one version of plain files, and the real git program in it.
struct TestDataset {
  static let branch = "refs/heads/main"
  static let kinds: [RecordKind] = [.mixes, .samples, .rejections, .verdicts]

  let root: URL
  let git: GitProgram

  /// Names a dataset that is there.
  init(at root: URL) {
    self.root = root
    git = GitProgram(in: root)
  }

  /// Makes a dataset as `init` does, with these settings of git.
  init(in directory: URL, settings: [String: String] = [:]) throws {
    self.init(at: directory.appending(path: "data", directoryHint: .isDirectory))
    let repository = try Repository.create(at: root)
    for (name, value) in settings { try repository.setConfiguration(name, value) }
    if try repository.usesSparseCheckout == nil {
      try repository.hideFromWorkingTree(folders: WorkingTree.hiddenFolders)
    }
    try repository.applyDatasetConfiguration()
    try write(try Store(at: root), [], run: "start", files: ["dataset.json": "{}\n"])
  }

  var folder: URL { root.appending(path: ".git/stemma") }

  /// Makes a version that holds exactly these records, and these files besides those there are.
  @discardableResult
  func write(
    _ store: Store, _ records: [Record], run: String, files: [String: String?] = [:],
    taxonomies: [String] = [], branch: String = branch
  ) throws -> Version {
    let base = try store.repository.reference(branch).map { try store.version($0) }
    let writer = try VersionWriter(store, base: base, deriving: Self.kinds, run: run)
    for record in records { try writer.keep(record) }
    let version = try writer.finish(
      files: files.map {
        VersionWriter.File(
          path: $0.key, bytes: $0.value.map { Array($0.utf8) }, isGenerated: true)
      },
      taxonomyObjects: taxonomies.map { Array($0.utf8) }, branch: branch
    ) { summary in
      """
      Version of \(run)

      Run-Id: \(run)
      Dataset-Digest: \(summary.datasetDigest)
      Dataset-Tree: \(summary.tree)
      Difference: \(summary.difference.added) \(summary.difference.revived) \
      \(summary.difference.removed)

      """
    }
    guard let version else { throw StoreError(.refused, "a message was given") }
    return version
  }

  /// What git says is wrong with the repository or not committed.
  func complaints() async throws -> String {
    let fsck = try await git("fsck", "--full", "--strict", "--no-dangling")
    let status = try await git("status", "--porcelain")
    return fsck.text + fsck.errorText + status.text
  }

  func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false))
  }

  func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  func put(_ text: String, at path: String) throws {
    try Data(text.utf8).write(to: root.appending(path: path))
  }
}

/// Lends a new dataset, and removes it afterwards.
func withDataset(
  settings: [String: String] = [:], _ body: (TestDataset) async throws -> Void
) async throws {
  try await withTemporaryDirectory { directory in
    try await body(TestDataset(in: directory, settings: settings))
  }
}

extension Record {
  /// Some record of a kind by number.
  static func made(_ kind: RecordKind, _ number: Int) -> Record {
    Record(kind, ["slot": JSON(number), "text": .string("\(kind.rawValue) number \(number)")])
  }

  /// A call by number; another answer makes another call of the same key.
  static func call(_ number: Int, answer: String = "yes") -> (record: Record, key: Digest) {
    let key = Digest(of: "key \(number)".utf8)
    let record = Record(
      .calls,
      [
        "answer": ["finish": "stop", "text": .string(answer)], "key": .string(key.hex),
        "request": ["draw": .string("\(number)")], "usage": ["input": 1, "output": JSON(number)],
      ])
    return (record, key)
  }
}

extension Version {
  /// The ids of what lives, by kind.
  func liveIDs() throws -> [RecordKind: Set<RecordID>] {
    var ids: [RecordKind: Set<RecordID>] = [:]
    for kind in TestDataset.kinds {
      let live = Set(try live(kind).ids)
      if !live.isEmpty { ids[kind] = live }
    }
    return ids
  }
}

/// Groups the ids of records by kind.
func ids(_ records: some Sequence<Record>) -> [RecordKind: Set<RecordID>] {
  records.reduce(into: [:]) { $0[$1.kind, default: []].insert($1.id) }
}

/// Runs a program with some input, and returns how it ended and what it printed.
func runProgram(
  _ name: String, _ arguments: String..., input: [UInt8] = []
) throws -> (status: Int32, output: [UInt8]) {
  try withTemporaryDirectory { directory in
    let source = directory.appending(path: "input")
    let target = directory.appending(path: "output")
    try Data(input).write(to: source)
    try Data().write(to: target)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardInput = try FileHandle(forReadingFrom: source)
    process.standardOutput = try FileHandle(forWritingTo: target)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, Array(try Data(contentsOf: target)))
  }
}
