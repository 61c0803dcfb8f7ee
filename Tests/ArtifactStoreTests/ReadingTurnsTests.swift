import Dispatch
import Git
import Synchronization
import Testing

@testable import ArtifactStore

@Suite("Reading turns")
struct ReadingTurnsTests {
  @Test("who needs a shard that another reads finds what that one read")
  func once() {
    let turns = ReadingTurns()
    let known = Mutex<Set<ObjectID>>([])
    let readCount = Atomic(0)
    let objects = (0..<4).map { ObjectID(hashing: .blob, [UInt8($0)]) }
    DispatchQueue.concurrentPerform(iterations: 400) { number in
      let object = objects[number % objects.count]
      try? turns.wait(for: object) { () throws(StoreError) in
        guard !known.withLock({ $0.contains(object) }) else { return }
        readCount.add(1, ordering: .relaxed)
        _ = known.withLock { $0.insert(object) }
      }
    }
    #expect(readCount.load(ordering: .relaxed) == objects.count)
  }

  @Test("a reading that fails ends its turn")
  func failure() throws {
    let turns = ReadingTurns()
    let object = ObjectID(hashing: .blob, [1])
    #expect(throws: StoreError.self) {
      try turns.wait(for: object) { () throws(StoreError) in
        throw StoreError(.corrupt, "damaged")
      }
    }
    #expect(try turns.wait(for: object) { () throws(StoreError) in 7 } == 7)
  }
}
