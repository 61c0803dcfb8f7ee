import NIOCore
import Synchronization

/// What a fake server remembers, shared by its connections.
final class FakeChatLedger: Sendable {
  struct Snapshot: Sendable {
    var count = 0
    var requests: [FakeChatServer.RequestInfo] = []
    var inFlight = 0
    var maxInFlight = 0
    var connections = 0
  }
  private struct Waiter {
    let isDone: @Sendable (Snapshot) -> Bool
    let continuation: CheckedContinuation<Void, Never>
  }
  private struct State {
    var snapshot = Snapshot()
    var channels: [ObjectIdentifier: any Channel] = [:]
    var isStopped = false
    var waiters: [Waiter] = []

    mutating func takeReadyWaiters() -> [Waiter] {
      let snapshot = snapshot
      let ready = waiters.filter { $0.isDone(snapshot) }
      if !ready.isEmpty { waiters.removeAll { $0.isDone(snapshot) } }
      return ready
    }
  }
  private let state = Mutex(State())

  var snapshot: Snapshot { state.withLock(\.snapshot) }

  /// Has further connections closed at once.
  ///
  /// - Returns: Those that are open.
  func stop() -> [any Channel] {
    state.withLock { state in
      state.isStopped = true
      return Array(state.channels.values)
    }
  }

  func opened(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    let isLate = state.withLock { state in
      state.snapshot.connections += 1
      state.channels[id] = channel
      return state.isStopped
    }
    if isLate { channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.channels.removeValue(forKey: id) }
    }
  }

  /// Counts a request that came in whole and numbers it.
  func received(
    _ make: (_ index: Int, _ inFlight: Int) -> FakeChatServer.RequestInfo
  ) -> FakeChatServer.RequestInfo {
    let (info, ready) = state.withLock { state in
      state.snapshot.inFlight += 1
      let info = make(state.snapshot.count, state.snapshot.inFlight)
      state.snapshot.count += 1
      state.snapshot.maxInFlight = max(state.snapshot.maxInFlight, state.snapshot.inFlight)
      if state.snapshot.requests.count < 10_000 { state.snapshot.requests.append(info) }
      return (info, state.takeReadyWaiters())
    }
    for waiter in ready { waiter.continuation.resume() }
    return info
  }

  /// Notes that a request was answered, or that its connection ended.
  func finished() {
    let ready = state.withLock { state in
      state.snapshot.inFlight -= 1
      return state.takeReadyWaiters()
    }
    for waiter in ready { waiter.continuation.resume() }
  }

  func wait(forRequests count: Int) async { await wait { $0.count >= count } }
  func waitUntilIdle() async { await wait { $0.inFlight == 0 } }

  private func wait(until isDone: @escaping @Sendable (Snapshot) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        guard !isDone(state.snapshot) else { return true }
        state.waiters.append(Waiter(isDone: isDone, continuation: continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
  }
}
