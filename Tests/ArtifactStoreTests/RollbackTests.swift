import Foundation
import Git
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("Rollback")
struct RollbackTests {
  private static let old = (0..<10).map { Record.made(.samples, $0) }
  private static let new = (5..<15).map { Record.made(.samples, $0) }

  /// Two versions that differ in records, a file, a new file and a taxonomy object.
  private func fill(_ dataset: TestDataset) throws -> Store {
    let store = try Store(at: dataset.root)
    try dataset.write(
      store, Self.old, run: "1", files: ["recipe.yaml": "a: 1\n", "old.txt": "old\n"],
      taxonomies: ["1"])
    try dataset.write(
      store, Self.new, run: "2",
      files: ["recipe.yaml": "a: 2\n", "old.txt": nil, "runs/new.json": "{}\n"], taxonomies: ["2"])
    return store
  }

  @Test("a rolled back version holds exactly what the old one held")
  func rollback() async throws {
    try await withDataset { dataset in
      let store = try fill(dataset)
      let old = try store.version("HEAD~1")
      let head = try store.version("HEAD")
      let version = try store.rollback(to: old, title: "Roll back")
      #expect(version.tree == old.tree)
      #expect(version.commit.parents == [head.commit.id])
      #expect(try version.liveIDs() == ids(Self.old))
      #expect(try version.datasetDigest() == old.datasetDigest())
      #expect(version.memos["Dataset-Digest"] == old.memos["Dataset-Digest"])
      #expect(version.memos["Rolled-Back-To"] == old.commit.id.hex)
      #expect(version.commit.message.hasPrefix("Roll back\n\n"))
      #expect(try dataset.text("recipe.yaml") == "a: 1\n")
      #expect(try dataset.text("old.txt") == "old\n")
      #expect(!dataset.exists("runs/new.json"))
      #expect(!dataset.exists("samples"))
      #expect(try await dataset.complaints().isEmpty)

      // And forth again.
      let forth = try store.rollback(to: head, title: "Roll forth")
      #expect(forth.tree == head.tree)
      #expect(try dataset.text("recipe.yaml") == "a: 2\n")
      #expect(!dataset.exists("old.txt"))
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("records that a rollback brought back can be removed and returned again")
  func afterwards() async throws {
    try await withDataset { dataset in
      let store = try fill(dataset)
      _ = try store.rollback(to: store.version("HEAD~1"), title: "Roll back")
      let version = try dataset.write(store, Self.new, run: "3")
      #expect(try version.liveIDs() == ids(Self.new))
      #expect(try version.datasetDigest() == store.version("HEAD~2").datasetDigest())
      let again = try dataset.write(store, Self.old, run: "4")
      #expect(try again.liveIDs() == ids(Self.old))
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  enum Change: String, CaseIterable { case edited, untrackedInTheWay, staged }

  @Test("changes that are in no version are not overwritten", arguments: Change.allCases)
  func refusal(change: Change) async throws {
    try await withDataset { dataset in
      let store = try fill(dataset)
      let head = try await dataset.git("rev-parse", "HEAD").text
      switch change {
      case .edited: try dataset.put("a: 3\n", at: "recipe.yaml")
      case .untrackedInTheWay: try dataset.put("mine\n", at: "old.txt")
      case .staged:
        try dataset.put("a: 3\n", at: "recipe.yaml")
        try await dataset.git("add", "recipe.yaml")
      }
      let before = try await dataset.git("status", "--porcelain").text
      let old = try store.version("HEAD~1")
      let error = #expect(throws: StoreError.self) { try store.rollback(to: old, title: "x") }
      #expect(error?.code == .refused)
      let path = change == .untrackedInTheWay ? "old.txt" : "recipe.yaml"
      #expect(error?.message.contains("'\(path)'") == true)
      #expect(error?.hint != nil)
      #expect(try await dataset.git("rev-parse", "HEAD").text == head)
      #expect(try await dataset.git("status", "--porcelain").text == before)
    }
  }

  @Test("changes of files that the rollback leaves alone stay")
  func unrelated() async throws {
    try await withDataset { dataset in
      let store = try fill(dataset)
      try dataset.put("{\"mine\":1}\n", at: "dataset.json")
      try dataset.put("mine\n", at: "notes.txt")
      _ = try store.rollback(to: store.version("HEAD~1"), title: "Roll back")
      #expect(try dataset.text("dataset.json") == "{\"mine\":1}\n")
      #expect(
        try await dataset.git("status", "--porcelain").lines == [" M dataset.json", "?? notes.txt"])
    }
  }

  @Test("the present version, a detached HEAD and another writer are refused")
  func states() async throws {
    try await withDataset { dataset in
      let store = try fill(dataset)
      let old = try store.version("HEAD~1")
      let head = try store.version("HEAD")
      #expect(
        #expect(throws: StoreError.self) { try store.rollback(to: head, title: "x") }?.code
          == .refused)
      let lock = try store.lock(purpose: "test")
      #expect(
        #expect(throws: StoreError.self) { try store.rollback(to: old, title: "x") }?.code
          == .locked)
      withExtendedLifetime(lock) {}
    }
    try await withDataset { dataset in
      let store = try fill(dataset)
      try await dataset.git("switch", "-q", "--detach")
      let old = try store.version("HEAD~1")
      #expect(
        #expect(throws: StoreError.self) { try store.rollback(to: old, title: "x") }?.code
          == .refused)
    }
  }
}
