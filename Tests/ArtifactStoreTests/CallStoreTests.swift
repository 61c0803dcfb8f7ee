import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("CallStore")
struct CallStoreTests {
  private func references(_ dataset: TestDataset) async throws -> [String] {
    try await dataset.git("for-each-ref", "--format=%(refname)", "refs/stemma/calls").lines
  }

  /// The lines of all sealed shards, as git and zstd print them.
  private func sealedLines(_ dataset: TestDataset) async throws -> [[UInt8]] {
    var lines: [[UInt8]] = []
    for reference in try await references(dataset) {
      for path in try await dataset.git("ls-tree", "-r", "--name-only", reference).lines {
        #expect(ArtifactPath(path)?.kind == .calls)
        let blob = try await dataset.git("cat-file", "blob", "\(reference):\(path)")
        let content = try runProgram("zstd", "-dc", input: blob.bytes).output
        lines += content.split(separator: 0x0A).map(Array.init)
      }
    }
    return lines
  }

  private func journalFiles(_ dataset: TestDataset) throws -> [Int] {
    try CallJournal.files(in: dataset.folder.appending(path: "journal")).map(\.number)
  }

  @Test("a call is found before and after it is sealed, and by the next run")
  func life() async throws {
    try await withDataset { dataset in
      let store = try Store(at: dataset.root)
      let calls = try CallStore(store)
      #expect(try calls.find(Record.call(1).key).isEmpty)
      for number in 0..<50 {
        let call = Record.call(number)
        try await calls.append(call.record, key: call.key)
        #expect(try calls.find(call.key).map(\.record) == [call.record])
      }
      #expect(try await references(dataset).isEmpty)
      try await calls.seal()
      #expect(
        Set(try await sealedLines(dataset)) == Set((0..<50).map { Record.call($0).record.line }))
      for number in 0..<50 {
        #expect(
          try calls.find(Record.call(number).key).map(\.record) == [Record.call(number).record])
      }
      calls.close()
      #expect(try journalFiles(dataset).isEmpty)

      let next = try CallStore(Store(at: dataset.root))
      #expect(try next.find(Record.call(7).key).map(\.record) == [Record.call(7).record])
      next.close()
      #expect(try await dataset.complaints().isEmpty)
    }
  }

  @Test("sealing again adds nothing")
  func sealTwice() async throws {
    try await withDataset { dataset in
      let calls = try CallStore(Store(at: dataset.root))
      try await calls.append(Record.call(1).record, key: Record.call(1).key)
      try await calls.seal()
      let reference = try #require(try await references(dataset).first)
      let commit = try await dataset.git("rev-parse", reference).text
      try await calls.seal()
      #expect(try await dataset.git("rev-parse", reference).text == commit)
      // The same call once more is known already.
      try await calls.append(Record.call(1).record, key: Record.call(1).key)
      try await calls.seal()
      #expect(try await dataset.git("rev-parse", reference).text == commit)
      try await calls.append(Record.call(2).record, key: Record.call(2).key)
      try await calls.seal()
      #expect(try await dataset.git("rev-list", "--count", reference).text == "2")
      #expect(try await sealedLines(dataset).count == 2)
      calls.close()
    }
  }

  @Test("calls that a killed run left in the journal are found and sealed by the next one")
  func crash() async throws {
    try await withDataset { dataset in
      let killed = try CallStore(Store(at: dataset.root))
      for number in 0..<20 {
        try await killed.append(Record.call(number).record, key: Record.call(number).key)
      }
      // Nothing is closed or sealed, and the last frame is torn.
      let file = dataset.folder.appending(path: "journal/1.journal")
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: try handle.seekToEnd() - 1)
      try handle.close()

      let next = try CallStore(Store(at: dataset.root))
      for number in 0..<19 {
        #expect(
          try next.find(Record.call(number).key).map(\.record) == [Record.call(number).record])
      }
      #expect(try next.find(Record.call(19).key).isEmpty)
      try await next.seal()
      #expect(try await sealedLines(dataset).count == 19)
      #expect(try next.find(Record.call(3).key).map(\.record) == [Record.call(3).record])
      next.close()
      #expect(try journalFiles(dataset).isEmpty)
      killed.close()
    }
  }

  @Test("a journal whose calls are sealed already is harmless")
  func killedAfterSealing() async throws {
    try await withDataset { dataset in
      let calls = try CallStore(Store(at: dataset.root))
      for number in 0..<5 {
        try await calls.append(Record.call(number).record, key: Record.call(number).key)
      }
      let file = dataset.folder.appending(path: "journal/1.journal")
      let copy = try Data(contentsOf: file)
      try await calls.seal()
      calls.close()
      try copy.write(to: file)

      let next = try CallStore(Store(at: dataset.root))
      #expect(try next.find(Record.call(3).key).map(\.record) == [Record.call(3).record])
      try await next.seal()
      next.close()
      #expect(try await sealedLines(dataset).count == 5)
      #expect(try journalFiles(dataset).isEmpty)
    }
  }

  @Test("two answers to one request are both kept, the smallest id first")
  func twoAnswers() async throws {
    try await withDataset { dataset in
      let both = [Record.call(1, answer: "a"), Record.call(1, answer: "b")]
      let calls = try CallStore(Store(at: dataset.root))
      for call in both { try await calls.append(call.record, key: call.key) }
      try await calls.seal()
      let expected = both.map(\.record).sorted { $0.id < $1.id }
      #expect(try calls.find(both[0].key).map(\.record) == expected)
      calls.close()
      let next = try CallStore(Store(at: dataset.root))
      #expect(try next.find(both[0].key).map(\.record) == expected)
      next.close()
    }
  }

  @Test("calls of many tasks are sealed once each, while others seal")
  func concurrency() async throws {
    try await withDataset { dataset in
      let calls = try CallStore(Store(at: dataset.root))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<120 {
          group.addTask {
            try await calls.append(Record.call(number).record, key: Record.call(number).key)
            if number % 40 == 0 { try await calls.seal() }
          }
        }
        try await group.waitForAll()
      }
      try await calls.seal()
      let lines = try await sealedLines(dataset)
      #expect(lines.count == 120)
      #expect(Set(lines).count == 120)
      calls.close()
    }
  }

  @Test("sealed calls are found again when the index was deleted, and in a clone that fetched them")
  func lostIndex() async throws {
    try await withDataset { dataset in
      let calls = try CallStore(Store(at: dataset.root))
      for number in 0..<5 {
        try await calls.append(Record.call(number).record, key: Record.call(number).key)
      }
      try await calls.seal()
      calls.close()
      func check(_ place: TestDataset) throws {
        let store = try Store(at: place.root)
        try store.index.catchUpCalls()
        let again = try CallStore(store)
        #expect(try again.find(Record.call(4).key).map(\.record) == [Record.call(4).record])
        #expect(try store.calls().count == 5)
        again.close()
      }
      try await dataset.git("gc", "-q")
      let copy = dataset.root.deletingLastPathComponent().appending(path: "clone")
      try await dataset.git("clone", "-q", ".", copy.path(percentEncoded: false))
      let clone = TestDataset(at: copy)
      try await clone.git(
        "fetch", "-q", "origin", "+refs/stemma/calls/*:refs/stemma/remotes/origin/calls/*")
      try check(clone)
    }
  }

  @Test("a call that was pruned is not found, and its answer is sealed again when it comes back")
  func pruned() async throws {
    try await withDataset { dataset in
      let calls = try CallStore(Store(at: dataset.root))
      try await calls.append(Record.call(1).record, key: Record.call(1).key)
      try await calls.seal()
      calls.close()
      for reference in try await references(dataset) {
        try await dataset.git("update-ref", "-d", reference)
      }
      try await dataset.git("reflog", "expire", "--expire=now", "--all")
      try await dataset.git("gc", "-q", "--prune=now")

      let next = try CallStore(Store(at: dataset.root))
      #expect(try next.find(Record.call(1).key).isEmpty)
      try await next.append(Record.call(1).record, key: Record.call(1).key)
      try await next.seal()
      #expect(try await sealedLines(dataset) == [Record.call(1).record.line])
      #expect(try next.find(Record.call(1).key).map(\.record) == [Record.call(1).record])
      next.close()
    }
  }

  @Test("a copied dataset writes under a name of its own")
  func writerIdentity() async throws {
    try await withDataset { dataset in
      let calls = try CallStore(Store(at: dataset.root))
      try await calls.append(Record.call(1).record, key: Record.call(1).key)
      try await calls.seal()
      calls.close()
      let own = try await references(dataset)
      let copy = dataset.root.deletingLastPathComponent().appending(path: "copy")
      try FileManager.default.copyItem(at: dataset.root, to: copy)
      let other = try CallStore(Store(at: copy))
      #expect(try other.find(Record.call(1).key).map(\.record) == [Record.call(1).record])
      try await other.append(Record.call(2).record, key: Record.call(2).key)
      try await other.seal()
      other.close()
      let both = try await references(TestDataset(at: copy))
      #expect(both.count == 2)
      #expect(Set(both).isSuperset(of: own))
      let again = try CallStore(Store(at: dataset.root))
      again.close()
      #expect(try await references(dataset) == own)
    }
  }
}
