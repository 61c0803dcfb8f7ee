import Synchronization
import Testing

@testable import Teachers

@Suite("Gate")
struct GateTests {
  @Test("no more tasks pass at once than have a place", arguments: [1, 3, 8])
  func bound(places: Int) async {
    let gate = Gate(places)
    let count = PassCount()
    await withTaskGroup { group in
      for _ in 0..<300 {
        group.addTask {
          guard await gate.enter() else { return }
          count.entered()
          await Task.yield()
          count.left()
          gate.leave()
        }
      }
    }
    #expect((1...places).contains(count.most))
    #expect(count.passed == 300)
  }

  @Test("a task that is cancelled while it waits has no place, and the next one gets it")
  func cancellation() async {
    let gate = Gate(1)
    #expect(await gate.enter())
    let impatient = Task { await gate.enter() }
    impatient.cancel()
    #expect(await impatient.value == false)
    let patient = Task { await gate.enter() }
    gate.leave()
    #expect(await patient.value)
  }

  @Test("places are neither lost nor made when tasks are cancelled at any moment")
  func cancellationStorm() async {
    let gate = Gate(2)
    for round in 0..<50 {
      await withTaskGroup { group in
        for _ in 0..<20 {
          group.addTask {
            guard await gate.enter() else { return }
            await Task.yield()
            gate.leave()
          }
        }
        if round % 2 == 0 { await Task.yield() }
        group.cancelAll()
      }
    }
    #expect(await gate.enter())
    #expect(await gate.enter())
    let third = Task { await gate.enter() }
    third.cancel()
    #expect(await third.value == false)
  }
}

/// How many tasks are past a gate, and were.
private final class PassCount: Sendable {
  private let state = Mutex((now: 0, most: 0, passed: 0))

  var most: Int { state.withLock(\.most) }
  var passed: Int { state.withLock(\.passed) }

  func entered() {
    state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.passed + 1) }
  }
  func left() { state.withLock { $0.now -= 1 } }
}
