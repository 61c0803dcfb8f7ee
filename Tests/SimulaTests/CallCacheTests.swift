import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Synchronization
import Teachers
import Testing

@Suite("Cached calls")
struct CallCacheTests {
  static func request(_ draw: String, attempt: Int = 0) -> CallRequest {
    CallRequest(
      task: "solve", provider: "openai", model: "m", messages: [Message(.user, "What is 1 + 1?")],
      draw: draw, attempt: attempt)
  }

  @Test("Equal requests in flight share one call")
  func inFlight() async throws {
    try await Bench.with { bench in
      let (gate, open) = AsyncStream.makeStream(of: Void.self)
      let teacher = ScriptedTeacher { _ throws(TeacherError) in
        for await _ in gate { break }
        return .stop("2")
      }
      let ids = try await withThrowingTaskGroup(of: RecordID.self) { group in
        for _ in 0..<32 {
          group.addTask {
            try await bench.cache.answer(Self.request("a"), from: teacher).id
          }
        }
        for _ in 0..<200 { await Task.yield() }
        open.finish()
        var ids: [RecordID] = []
        while let id = try await group.next() { ids.append(id) }
        return ids
      }
      #expect(ids.count == 32)
      #expect(Set(ids).count == 1)
      #expect(teacher.requests.count == 1)
      #expect(bench.cache.counts.asked == 1)
    }
  }

  @Test("Requests that differ in their draw are calls of their own")
  func draws() async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher.texts("2")
      for draw in ["a", "b", "a", "b", "c"] {
        _ = try await bench.cache.answer(Self.request(draw), from: teacher)
      }
      _ = try await bench.cache.answer(Self.request("a", attempt: 1), from: teacher)
      #expect(teacher.requests.map(\.draw) == ["a", "b", "c", "a"])
      #expect(bench.cache.counts.cached == 2)
    }
  }

  @Test("A recorded answer makes no call, also after it is sealed and in another session")
  func recorded() async throws {
    try await Bench.with { bench in
      let teacher = ScriptedTeacher.texts("2", "3")
      let first = try await bench.cache.answer(Self.request("a"), from: teacher)
      #expect(!first.isCached)
      let second = try await bench.cache.answer(Self.request("a"), from: teacher)
      #expect(second.isCached)
      #expect(second.answer == .stop("2"))
      try await bench.calls.seal()
      let later = CallCache(bench.calls) { () throws(StoreError) in [] }
      #expect(try await later.answer(Self.request("a"), from: teacher).id == first.id)
      #expect(later.counts.asked == 0)
      #expect(teacher.requests.count == 1)
    }
  }

  @Test("A failure reaches all who wait, and is no answer")
  func failure() async throws {
    try await Bench.with { bench in
      let isBroken = Mutex(true)
      let teacher = ScriptedTeacher { _ throws(TeacherError) in
        for _ in 0..<20 { await Task.yield() }
        if isBroken.withLock({ $0 }) { throw TeacherError(.serverFault, "500") }
        return .stop("2")
      }
      let failures = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 {
          group.addTask {
            (try? await bench.cache.answer(Self.request("a"), from: teacher)) == nil
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(failures == 8)
      isBroken.withLock { $0 = false }
      let call = try await bench.cache.answer(Self.request("a"), from: teacher)
      #expect(call.answer.text == "2")
    }
  }

  @Test("Of two recorded answers the one that a live record names counts, else the smaller id")
  func twoAnswers() async throws {
    try await Bench.with { bench in
      let request = Self.request("a")
      let key = CallKey(of: request)
      let records = ["2", "two"].map { text in
        RecordedCall.record(request, reply: Reply(answer: .stop(text), usage: Usage()))
      }.sorted { $0.id < $1.id }
      // Each is sealed on its own, as if it came from another machine.
      for record in records {
        try await bench.calls.append(record, key: key.digest)
        try await bench.calls.seal()
      }
      #expect(try bench.calls.find(key.digest).map(\.id) == records.map(\.id))
      let teacher = ScriptedTeacher.texts("never asked")
      let sets: [Set<RecordID>] = [
        [], [records[0].id], [records[1].id], Set(records.map(\.id)),
      ]
      for named in sets {
        let asked = Mutex(0)
        let cache = CallCache(bench.calls) { () throws(StoreError) in
          asked.withLock { $0 += 1 }
          return named
        }
        let expected = named == [records[1].id] ? records[1] : records[0]
        for _ in 0..<3 {
          #expect(try await cache.answer(request, from: teacher).id == expected.id)
        }
        #expect(asked.withLock { $0 } == 1)
      }
      #expect(teacher.requests.isEmpty)
    }
  }

  @Test("An answer that cannot be made durable is not returned")
  func notDurable() async throws {
    try await Bench.with { bench in
      bench.calls.close()
      let teacher = ScriptedTeacher.texts("2")
      await #expect(throws: StoreError.self) {
        _ = try await bench.cache.answer(Self.request("a"), from: teacher)
      }
      let recorded = try bench.cache.find(Self.request("a"))
      #expect(recorded == nil)
      #expect(bench.cache.counts.asked == 0)
    }
  }
}
