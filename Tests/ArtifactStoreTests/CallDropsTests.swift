import CanonicalJSON
import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("CallDrops")
struct CallDropsTests {
  /// Seals calls in a dataset.
  private func seal(_ numbers: some Sequence<Int>, in dataset: TestDataset) async throws {
    let store = try Store(at: dataset.root)
    try store.index.catchUpCalls()
    let calls = try CallStore(store)
    for number in numbers {
      let call = Record.call(number)
      try await calls.append(call.record, key: call.key)
    }
    try await calls.seal()
    calls.close()
  }

  private func drop(_ number: Int, in dataset: TestDataset) throws {
    try CallDropping(CallLines(Store(at: dataset.root))).drop([Record.call(number).record.id])
  }

  private func answers(_ number: Int, in dataset: TestDataset) throws -> Int {
    let store = try Store(at: dataset.root)
    try store.index.catchUpCalls()
    let calls = try CallStore(store)
    defer { calls.close() }
    return try calls.find(Record.call(number).key).count
  }

  private func fetch(_ from: TestDataset, _ to: TestDataset) async throws {
    let name = from.root.deletingLastPathComponent().lastPathComponent
    try await to.git(
      "fetch", "-q", from.root.path(percentEncoded: false),
      "+refs/stemma/calls/*:refs/stemma/remotes/\(name)/calls/*")
  }

  @Test("drops and later answers of several machines come to the same everywhere, in any order")
  func machines() async throws {
    try await withDataset { a in
      try await withDataset { b in
        var random = SeededRandom(seed: 11)
        for _ in 0..<12 {
          let (here, other) = Bool.random(using: &random) ? (a, b) : (b, a)
          let number = Int.random(in: 0..<3, using: &random)
          let isThere = try CallLines(Store(at: here.root)).contains(Record.call(number).record.id)
          if Bool.random(using: &random), isThere {
            try drop(number, in: here)
            #expect(try answers(number, in: here) == 0)
          } else {
            try await seal([number], in: here)
            #expect(try answers(number, in: here) == 1)
          }
          if Bool.random(using: &random) { try await fetch(here, other) }
        }
        try await fetch(a, b)
        try await fetch(b, a)
        for number in 0..<3 {
          #expect(try answers(number, in: a) == answers(number, in: b), "\(number)")
        }
        #expect(
          try CallDrops(Store(at: a.root)).digest == CallDrops(Store(at: b.root)).digest)
        #expect(try await a.complaints().isEmpty)
      }
    }
  }

  @Test("what makes a call answer again is in the journal before it is used")
  func journal() async throws {
    try await withDataset { dataset in
      try await seal([1], in: dataset)
      try drop(1, in: dataset)
      let killed = try CallStore(Store(at: dataset.root))
      try await killed.append(Record.call(1).record, key: Record.call(1).key)
      // Nothing is sealed or closed.
      let next = try CallStore(Store(at: dataset.root))
      #expect(try next.find(Record.call(1).key).map(\.record) == [Record.call(1).record])
      try await next.seal()
      next.close()
      killed.close()
      #expect(try CallDrops(Store(at: dataset.root)).isEmpty)
      #expect(try answers(1, in: dataset) == 1)
    }
  }

  @Test("a key or an id is found by any beginning that only it has")
  func prefixes() async throws {
    // Two keys with the same first six digits: among some thousands there are such.
    var seen: [Substring: Int] = [:]
    var pair: (Int, Int)?
    for number in 0..<60_000 {
      let digits = Record.call(number).key.hex.prefix(6)
      if let other = seen.updateValue(number, forKey: digits) {
        pair = (other, number)
        break
      }
    }
    let (first, second) = try #require(pair)
    try await withDataset { dataset in
      try await seal([first, second], in: dataset)
      let dropping = CallDropping(try CallLines(Store(at: dataset.root)))
      let call = Record.call(first)
      let error = #expect(throws: StoreError.self) {
        try dropping.find(String(call.key.hex.prefix(6)))
      }
      #expect(error?.code == .ambiguous)
      for text in [call.key.hex, call.record.id.hex] {
        for length in 16...64 {
          #expect(try dropping.find(String(text.prefix(length))).calls == [call.record.id])
        }
        #expect(try dropping.find(text.uppercased()).calls == [call.record.id])
      }
    }
  }

  @Test("of two answers to one request the id names one, and the key both")
  func twoAnswers() async throws {
    try await withDataset { dataset in
      let both = [Record.call(1, answer: "a"), Record.call(1, answer: "b")]
      let key = both[0].key
      let calls = try CallStore(Store(at: dataset.root))
      for call in both { try await calls.append(call.record, key: call.key) }
      try await calls.seal()
      calls.close()
      func dropping() throws -> CallDropping {
        CallDropping(try CallLines(Store(at: dataset.root)))
      }
      let one = try dropping().find(both[0].record.id.hex)
      #expect(one == CallDropping.Target(calls: [both[0].record.id], droppedCount: 0))
      #expect(try dropping().find(key.hex).calls == both.map(\.record.id).sorted())
      try dropping().drop(one.calls)
      #expect(try answers(1, in: dataset) == 1)
      let rest = try dropping().find(key.hex)
      #expect(rest == CallDropping.Target(calls: [both[1].record.id], droppedCount: 1))
      try dropping().drop(rest.calls)
      #expect(try answers(1, in: dataset) == 0)
      #expect(try dropping().find(key.hex).calls.isEmpty)
      // Both are still there to be read.
      #expect(try Store(at: dataset.root).calls().count == 2)
    }
  }

  @Test("a damaged list of drops, perhaps a stranger's, keeps nobody from working")
  func damage() async throws {
    try await withDataset { dataset in
      try await seal([1], in: dataset)
      let blob = try await dataset.git("hash-object", "-w", "--stdin", input: Array("no".utf8)).text
      let name = String(repeating: "ab", count: 32)
      try await dataset.git(
        "update-index", "--add", "--cacheinfo", "100644,\(blob),tombstones/ab/\(name).jsonl.zst")
      let tree = try await dataset.git("write-tree").text
      let commit = try await dataset.git("commit-tree", tree, "-m", "x").text
      try await dataset.git("reset", "-q", "--hard")
      try await dataset.git("update-ref", "refs/stemma/remotes/origin/calls/x", commit)
      #expect(try answers(1, in: dataset) == 1)
      #expect(try CallDrops(Store(at: dataset.root)).isEmpty)
    }
  }

  @Test("the call that a line names is that of its top level, whatever stands inside")
  func members() throws {
    let id = String(repeating: "ab", count: 32)
    let other = String(repeating: "cd", count: 32)
    let inner: JSON = ["call": .string(other), "text": .string("\"call\":\"\(other)\"")]
    for value: JSON in [
      ["call": .string(id)], ["attempt": 3, "call": .string(id), "value": inner],
      ["answer": inner, "call": .string(id)], ["answer": [inner, inner], "call": .string(id)],
      ["answer": "\\\"call\":", "call": .string(id), "z": inner],
      ["answer": .string("\"call\":\"\(other)\""), "call": .string(id)],
      ["answer": true, "call": .string(id)], ["answer": -1.5e30, "call": .string(id)],
    ] {
      #expect(CallMember.id(in: value.canonicalBytes[...])?.hex == id, "\(value.canonicalText)")
    }
    for text in [
      "", "{", "{}", "{\"call\":\"\(id)", "{\"call\":\"\(id.dropLast())\"}", "[\"call\"]",
      inner.canonicalText.replacing("call", with: "cale"), "{\"a\\", "{\"a\":\"",
      "{\"answer\":{\"call\":\"\(other)\"}}",
    ] {
      #expect(CallMember.id(in: Array(text.utf8)[...]) == nil, "\(text)")
    }
  }
}
