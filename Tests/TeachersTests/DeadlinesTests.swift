import Synchronization
import Testing

@testable import Teachers

@Suite("Deadlines")
struct DeadlinesTests {
  @Test("work that takes too long is stopped once, whatever the order of deadlines")
  func late() async throws {
    let deadlines = Deadlines()
    let stopped = Mutex<[Int]>([])
    let (stops, stop) = AsyncStream.makeStream(of: Int.self)
    for (index, milliseconds) in [1200, 400, 800, 400].enumerated() {
      _ = deadlines.watch(for: .milliseconds(milliseconds)) { stop.yield(index) }
    }
    var count = 0
    for await index in stops {
      stopped.withLock { $0.append(index) }
      count += 1
      if count == 4 { break }
    }
    #expect(stopped.withLock { $0.sorted() } == [0, 1, 2, 3])
    #expect(stopped.withLock { $0.last } == 0)
  }

  @Test("work that is done in time is not stopped")
  func inTime() async throws {
    let deadlines = Deadlines()
    let (stops, stop) = AsyncStream.makeStream(of: Int.self)
    for index in 0..<1000 {
      let number = deadlines.watch(for: .seconds(2)) { stop.yield(index) }
      if index != 500 { #expect(deadlines.done(number)) }
    }
    for await index in stops {
      #expect(index == 500)
      break
    }
    try await Task.sleep(for: .milliseconds(50))
    stop.finish()
    for await index in stops { Issue.record("\(index) was stopped") }
  }

  @Test("who is stopped learns so at the end")
  func tooLate() async throws {
    let deadlines = Deadlines()
    let (stops, stop) = AsyncStream.makeStream(of: Void.self)
    let number = deadlines.watch(for: .zero) { stop.yield() }
    for await _ in stops { break }
    #expect(!deadlines.done(number))
  }
}
