import Foundation
import Git
import TestSupport
import Testing

@testable import ArtifactStore

/// What a process leaves that is killed after the branch moved and before git's index followed.
@Suite("PendingCheckout")
struct PendingCheckoutTests {
  private static let records = (0..<10).map { Record.made(.samples, $0) }

  /// Makes a version, and then takes back all but the branch.
  private func killAfterReference(_ dataset: TestDataset, _ store: Store) throws -> Version {
    let manager = FileManager.default
    let base = try #require(try store.head())
    let index = dataset.root.appending(path: ".git/index")
    let before = try Data(contentsOf: index)
    let version = try dataset.write(
      store, Self.records, run: "killed",
      files: ["dataset.json": "{\"new\":1}\n", "new.txt": "new\n"]
    )
    try before.write(to: index)
    try dataset.put("{}\n", at: "dataset.json")
    try manager.removeItem(at: dataset.root.appending(path: "new.txt"))
    try PendingCheckout(store).begin(
      branch: TestDataset.branch, from: base.commit.id, to: version.commit.id,
      writing: ["dataset.json", "new.txt"])
    return version
  }

  @Test("the next writer ends what was begun")
  func recovery() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let version = try killAfterReference(dataset, store)
      #expect(try await !dataset.complaints().isEmpty)
      #expect(WorkingTree(store).isBehind)
      try WorkingTree(try Store(at: dataset.root)).prepare()
      #expect(try dataset.text("dataset.json") == "{\"new\":1}\n")
      #expect(try dataset.text("new.txt") == "new\n")
      #expect(!dataset.exists("samples"))
      #expect(try await dataset.complaints().isEmpty)
      #expect(!WorkingTree(store).isBehind)
      #expect(try store.head()?.commit.id == version.commit.id)
    }
  }

  @Test("what a person did meanwhile is theirs")
  func people() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      _ = try killAfterReference(dataset, store)
      try dataset.put("mine\n", at: "new.txt")
      try dataset.put("{\"staged\":1}\n", at: "dataset.json")
      try await dataset.git("add", "dataset.json")
      try WorkingTree(store).prepare()
      #expect(try dataset.text("new.txt") == "mine\n")
      #expect(try dataset.text("dataset.json") == "{\"staged\":1}\n")
      #expect(try await dataset.git("show", ":dataset.json").text == "{\"staged\":1}")
      #expect(
        try await dataset.git("status", "--porcelain").lines == ["M  dataset.json", " M new.txt"])
    }
  }

  @Test("a note of a move that did not come to pass is dropped", arguments: [true, false])
  func notMoved(isReadable: Bool) async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let head = try #require(try store.head()).commit.id
      let absent = try #require(ObjectID(hex: String(repeating: "12", count: 20)))
      try PendingCheckout(store).begin(
        branch: TestDataset.branch, from: head, to: absent, writing: ["dataset.json"])
      if !isReadable {
        try Data("{".utf8).write(to: dataset.folder.appending(path: "pending.json"))
      }
      try WorkingTree(store).prepare()
      #expect(!WorkingTree(store).isBehind)
      #expect(try dataset.text("dataset.json") == "{}\n")
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("a rollback ends what was begun before it looks for changes")
  func rollback() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let base = try #require(try store.head())
      _ = try killAfterReference(dataset, store)
      let version = try store.rollback(to: base, title: "Roll back")
      #expect(version.tree == base.tree)
      #expect(try dataset.text("dataset.json") == "{}\n")
      #expect(!dataset.exists("new.txt"))
      #expect(try await dataset.complaints().isEmpty)
    }
  }
}
