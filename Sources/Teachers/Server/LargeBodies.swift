import NIOCore
import Synchronization

/// Lets few large responses into memory at once: the others wait on their connections.
///
/// Answers are small; without this a server that sends what no model says could fill the memory, once for
/// each request under way.
final class LargeBodies: Sendable {
  /// From so many bytes on a body counts as large.
  static let sizeInBytes = 1 << 20
  private static let atOnce = 4

  private struct State {
    var places = LargeBodies.atOnce
    var next = 0
    var waiting: [(number: Int, promise: EventLoopPromise<Void>)] = []
    var holders = Set<Int>()
  }
  private struct Left: Error {}

  private let state = Mutex(State())

  /// Asks for a place.
  ///
  /// - Returns: What ``leave(_:)`` takes, and what is done when the place is there.
  func enter(on loop: any EventLoop) -> (number: Int, turn: EventLoopFuture<Void>) {
    let promise = loop.makePromise(of: Void.self)
    let (number, isFree) = state.withLock { state in
      defer { state.next += 1 }
      guard state.places > 0 else {
        state.waiting.append((state.next, promise))
        return (state.next, false)
      }
      state.places -= 1
      state.holders.insert(state.next)
      return (state.next, true)
    }
    if isFree { promise.succeed() }
    return (number, promise.futureResult)
  }

  /// Gives the place back, or wants it no more.
  func leave(_ number: Int) {
    let (next, gone) = state.withLock {
      state -> (EventLoopPromise<Void>?, EventLoopPromise<Void>?) in
      if let place = state.waiting.firstIndex(where: { $0.number == number }) {
        return (nil, state.waiting.remove(at: place).promise)
      }
      guard state.holders.remove(number) != nil else { return (nil, nil) }
      guard !state.waiting.isEmpty else {
        state.places += 1
        return (nil, nil)
      }
      let first = state.waiting.removeFirst()
      state.holders.insert(first.number)
      return (first.promise, nil)
    }
    next?.succeed()
    gone?.fail(Left())
  }
}
