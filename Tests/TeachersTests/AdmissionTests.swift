import Synchronization
import Testing

@testable import Teachers

@Suite("Admission")
struct AdmissionTests {
  private func admission(_ places: Int, servers: Int = 1) -> Admission {
    Admission(servers: servers, limits: Endpoint.Limits(concurrency: places))
  }

  private func enter(_ admission: Admission, again isAgain: Bool = false) async -> Admission.Place?
  {
    await admission.enter(inputTokens: 10, isAgain: isAgain)
  }

  @Test("no more requests pass at once than a server takes", arguments: [1, 3, 8])
  func bound(places: Int) async {
    let admission = admission(places)
    let count = PassCount()
    await withTaskGroup { group in
      for _ in 0..<300 {
        group.addTask {
          guard let place = await enter(admission) else { return }
          count.entered()
          await Task.yield()
          count.left()
          admission.leave(place, .other)
        }
      }
    }
    #expect((1...places).contains(count.most))
    #expect(count.passed == 300)
    #expect(admission.room.inFlight == 0)
  }

  @Test("a request that is cancelled while it waits has no place, and the next one gets it")
  func cancellation() async throws {
    let admission = admission(1)
    let first = try #require(await enter(admission))
    let impatient = Task { await enter(admission) }
    impatient.cancel()
    #expect(await impatient.value == nil)
    let patient = Task { await enter(admission) }
    admission.leave(first, .other)
    #expect(await patient.value != nil)
  }

  @Test("places are neither lost nor made when requests are cancelled at any moment")
  func cancellationStorm() async {
    let admission = admission(2)
    for round in 0..<50 {
      await withTaskGroup { group in
        for _ in 0..<20 {
          group.addTask {
            guard let place = await enter(admission) else { return }
            await Task.yield()
            admission.leave(place, .other)
          }
        }
        if round % 2 == 0 { await Task.yield() }
        group.cancelAll()
      }
    }
    #expect(admission.room.inFlight == 0)
    #expect(await enter(admission) != nil)
    #expect(await enter(admission) != nil)
    let third = Task { await enter(admission) }
    third.cancel()
    #expect(await third.value == nil)
  }

  @Test("requests go to the server with most room")
  func balance() async throws {
    let admission = admission(4, servers: 3)
    var places: [Admission.Place] = []
    for _ in 0..<6 { places.append(try #require(await enter(admission))) }
    #expect(Dictionary(grouping: places, by: \.endpoint).mapValues(\.count) == [0: 2, 1: 2, 2: 2])
    for place in places where place.endpoint == 1 { admission.leave(place, .other) }
    for _ in 0..<2 { #expect(await enter(admission)?.endpoint == 1) }
  }

  @Test("a server that wants a pause gets none until it is over, and another takes its share")
  func pause() async throws {
    let clock = TestClock()
    let admission = Admission(
      servers: 2, limits: Endpoint.Limits(concurrency: 4), clock: clock.retryClock)
    let first = try #require(await enter(admission))
    admission.leave(first, .overloaded, pause: .seconds(7))
    for _ in 0..<4 {
      let place = try #require(await enter(admission))
      #expect(place.endpoint != first.endpoint)
    }
    #expect(clock.waits.isEmpty)
    // The other is full: now the pause is waited for.
    #expect(await enter(admission)?.endpoint == first.endpoint)
    #expect(clock.waits == [.seconds(7)])
  }

  @Test("no more requests and tokens go out than a minute grants")
  func rates() async throws {
    let clock = TestClock()
    let limits = Endpoint.Limits(
      concurrency: 1000, requestsPerMinute: 60, tokensPerMinute: 6000)
    let admission = Admission(servers: 1, limits: limits, clock: clock.retryClock)
    let start = clock.retryClock.now()
    for _ in 0..<100 {
      let place = try #require(await admission.enter(inputTokens: 100, isAgain: false))
      admission.leave(place, .answered(tokens: 100))
    }
    // Ten of either are there at the start, then one a second.
    let taken = start.duration(to: clock.retryClock.now()) / .seconds(1)
    #expect((89.0...91).contains(taken))
  }

  @Test("a request that comes back goes before those that wait")
  func again() async throws {
    let admission = admission(1)
    let first = try #require(await enter(admission))
    let order = Names()
    @Sendable func wait(_ name: String, again isAgain: Bool) -> Task<Void, Never> {
      Task {
        let place = await admission.enter(inputTokens: 10, isAgain: isAgain)
        guard let place else { return }
        order.add(name)
        admission.leave(place, .other)
      }
    }
    let later = wait("new", again: false)
    while admission.waitingCount < 1 { await Task.yield() }
    let sooner = wait("again", again: true)
    while admission.waitingCount < 2 { await Task.yield() }
    admission.leave(first, .other)
    await later.value
    await sooner.value
    #expect(order.all == ["again", "new"])
  }
}

/// Names in the order in which they came.
private final class Names: Sendable {
  private let names = Mutex<[String]>([])

  var all: [String] { names.withLock { $0 } }
  func add(_ name: String) { names.withLock { $0.append(name) } }
}

/// How many tasks are past an admission, and were.
private final class PassCount: Sendable {
  private let state = Mutex((now: 0, most: 0, passed: 0))

  var most: Int { state.withLock(\.most) }
  var passed: Int { state.withLock(\.passed) }

  func entered() {
    state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.passed + 1) }
  }
  func left() { state.withLock { $0.now -= 1 } }
}
