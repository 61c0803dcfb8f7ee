import NIOCore
import NIOEmbedded
import Testing

@testable import Teachers

@Suite("Large bodies")
struct LargeBodiesTests {
  @Test(
    "four go on at once, the others in the order they came, and one that gives up is passed over")
  func turns() throws {
    let bodies = LargeBodies()
    let loop = EmbeddedEventLoop()
    let entered = (0..<7).map { _ in bodies.enter(on: loop) }
    func haveTurn() -> [Int] {
      entered.filter { $0.turn.isFulfilled }.map(\.number)
    }
    #expect(haveTurn() == [0, 1, 2, 3])
    bodies.leave(5)
    #expect(throws: (any Error).self) { try entered[5].turn.wait() }
    bodies.leave(2)
    #expect(haveTurn() == [0, 1, 2, 3, 4, 5])
    // Nobody gives a place back twice.
    bodies.leave(2)
    bodies.leave(5)
    #expect(!entered[6].turn.isFulfilled)
    bodies.leave(0)
    try entered[6].turn.wait()
    for number in [1, 3, 4, 6] { bodies.leave(number) }
    #expect(bodies.enter(on: loop).turn.isFulfilled)
  }
}

extension EventLoopFuture<Void> {
  /// Whether it has a value or an error; only on an embedded loop.
  fileprivate var isFulfilled: Bool {
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    defer { withExtendedLifetime(ended) {} }
    whenComplete { _ in end.finish() }
    if case .terminated = end.yield() { return true }
    return false
  }
}
